package io.weir.log;

import io.weir.http.Text;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** How an exchange becomes one line of an access log. */
@FunctionalInterface
public interface AccessLogFormat {
    /** The line, without its end. What came off the wire is escaped. */
    String format(ExchangeSummary exchange);

    /**
     * The format of that name in nginx and Apache: {@code $remote_addr - $remote_user [$time_local] "$request" $status
     * $body_bytes_sent "$http_referer" "$http_user_agent"}.
     *
     * @param zone the zone of {@code $time_local}
     */
    static AccessLogFormat combined(ZoneId zone) {
        DateTimeFormatter time = DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss Z", Locale.ENGLISH)
                .withZone(zone);
        return exchange -> {
            var request = exchange.request();
            StringBuilder line = new StringBuilder(200);
            line.append(exchange.clientAddress()).append(" - ").append(orDash(exchange.remoteUser()));
            line.append(" [");
            time.formatTo(Instant.ofEpochMilli(exchange.startMillis() + exchange.nanos() / 1_000_000), line);
            line.append("] \"").append(Text.escape(request.method())).append(' ');
            line.append(Text.escape(request.rawTarget()))
                    .append(' ')
                    .append(request.protocol())
                    .append("\" ");
            line.append(exchange.outcome().status())
                    .append(' ')
                    .append(exchange.outcome().bodyBytes());
            line.append(" \"").append(orDash(request.header("Referer")));
            line.append("\" \"").append(orDash(request.header("User-Agent"))).append('"');
            return line.toString();
        };
    }

    private static String orDash(@Nullable String value) {
        return value == null || value.isEmpty() ? "-" : Text.escape(value);
    }
}
