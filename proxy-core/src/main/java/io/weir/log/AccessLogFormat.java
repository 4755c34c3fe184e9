package io.weir.log;

import java.time.ZoneId;

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
        return LogTemplate.parse(AccessLog.COMBINED, AccessLog.Escape.DEFAULT, zone);
    }
}
