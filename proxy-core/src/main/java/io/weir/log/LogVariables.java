package io.weir.log;

import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.http.Template;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * nginx's variables of an exchange that has ended: those of {@link Template}, and those that only a log can know. Null
 * stands for none, which nginx tells from empty.
 */
final class LogVariables {
    /** Of those of a template, the ones that nginx has no value for where ours is empty. */
    private static final Set<String> NEVER_EMPTY = Set.of("args", "query_string", "proxy_host", "proxy_port");

    /** The same, the ones that are known of what could not be read as a request. */
    private static final Set<String> OF_CONNECTION =
            Set.of("realip_remote_addr", "remote_addr", "remote_port", "request_id");

    private final Map<String, Function<ExchangeSummary, @Nullable String>> known = new TreeMap<>();

    LogVariables(ZoneId zone) {
        TimeText local = new TimeText("dd/MMM/yyyy:HH:mm:ss Z", zone);
        TimeText iso = new TimeText("yyyy-MM-dd'T'HH:mm:ssxxx", zone);
        known.put("time_local", e -> local.of(e.endMillis()));
        known.put("time_iso8601", e -> iso.of(e.endMillis()));
        known.put("msec", e -> seconds(e.endMillis()));
        known.put("request", LogVariables::requestLine);
        known.put("uri", LogVariables::path);
        known.put("document_uri", LogVariables::path);
        known.put("request_time", e -> seconds(e.nanos() / 1_000_000));
        known.put("request_length", e -> Long.toString(e.requestLength()));
        known.put("status", e -> Integer.toString(e.outcome().status()));
        known.put("body_bytes_sent", e -> Long.toString(e.outcome().bodyBytes()));
        known.put("bytes_sent", e -> Long.toString(e.bytesSent()));
        known.put("upstream_addr", LogVariables::upstreams);
        known.put("upstream_status", LogVariables::statuses);
        known.put("upstream_connect_time", e -> times(e, AttemptSummary::connectNanos, false));
        known.put("upstream_header_time", e -> times(e, AttemptSummary::headNanos, false));
        known.put("upstream_response_time", e -> times(e, AttemptSummary::totalNanos, true));
        known.put("upstream_cache_status", e -> null); // nothing is stored, so nothing is found
    }

    /**
     * The variable of that name.
     *
     * @throws IllegalArgumentException if there is none; it names those that are near
     */
    Function<ExchangeSummary, @Nullable String> named(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        Function<ExchangeSummary, @Nullable String> own = known.get(lower);
        if (own != null) {
            return own;
        }
        if (lower.startsWith("sent_http_") && name.length() > 10) {
            String field = name.substring(10).replace('_', '-');
            return e -> fieldOf(e.sent(), field);
        }
        if (lower.startsWith("upstream_http_") && name.length() > 14) {
            String field = name.substring(14).replace('_', '-');
            return e -> fieldOf(lastAnswer(e), field);
        }
        if (lower.startsWith("upstream_cookie_") && name.length() > 16) {
            String cookie = name.substring(16);
            return e -> cookieOf(lastAnswer(e), cookie);
        }
        Template template;
        try {
            template = Template.parse("${" + name + "}");
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(unknown(name), e);
        }
        boolean neverEmpty = NEVER_EMPTY.contains(lower);
        boolean ofRequest = !OF_CONNECTION.contains(lower);
        return e -> {
            if (ofRequest && e.isUnreadable()) {
                return null;
            }
            String value = template.valueOrNull(e.variables());
            return neverEmpty && value != null && value.isEmpty() ? null : value;
        };
    }

    private String unknown(String name) {
        Set<String> all = new TreeSet<>(known.keySet());
        all.addAll(Template.variableNames());
        List<String> near = NearNames.of(name, all);
        String hint = near.isEmpty() ? "" : "; did you mean $" + String.join(", $", near) + "?";
        return "access log format: unknown variable $" + name + hint + " (known: $" + String.join(" $", all)
                + " $http_NAME $sent_http_NAME $upstream_http_NAME $upstream_cookie_NAME $arg_NAME $cookie_NAME)";
    }

    /** Null for what could not be read as a request. */
    private static @Nullable String requestLine(ExchangeSummary exchange) {
        RequestHead request = exchange.request();
        return exchange.isUnreadable() ? null : request.method() + " " + request.rawTarget() + " " + request.protocol();
    }

    /** A line may show what a header must not: it is escaped. */
    private static @Nullable String path(ExchangeSummary exchange) {
        return exchange.isUnreadable() ? null : exchange.request().path();
    }

    /** nginx names the pool where no upstream of it could be tried. */
    private static @Nullable String upstreams(ExchangeSummary exchange) {
        return foundNone(exchange) ? exchange.pool() : each(exchange, attempt -> addressOf(attempt.upstream()));
    }

    /** nginx gives a failed try the status that a client would get for it. */
    private static @Nullable String statuses(ExchangeSummary exchange) {
        return foundNone(exchange)
                ? Integer.toString(exchange.outcome().status())
                : each(exchange, attempt -> {
                    ProxyError error = attempt.error();
                    if (attempt.status() > 0) {
                        return Integer.toString(attempt.status());
                    }
                    return error != null && error.side() == ProxyError.Side.UPSTREAM
                            ? Integer.toString(error.status())
                            : "-";
                });
    }

    private static @Nullable String times(
            ExchangeSummary exchange, ToLongFunction<AttemptSummary> nanos, boolean alwaysTold) {
        if (foundNone(exchange)) {
            return alwaysTold ? "0.000" : null;
        }
        return each(exchange, attempt -> {
            long value = nanos.applyAsLong(attempt);
            return value < 0 ? "-" : seconds(value / 1_000_000);
        });
    }

    private static boolean foundNone(ExchangeSummary exchange) {
        return exchange.attempts().isEmpty() && exchange.outcome().error() == ProxyError.UPSTREAM_UNAVAILABLE;
    }

    private static @Nullable String each(ExchangeSummary exchange, Function<AttemptSummary, String> value) {
        List<AttemptSummary> attempts = exchange.attempts();
        return attempts.isEmpty()
                ? null
                : String.join(", ", attempts.stream().map(value).toList());
    }

    /** {@code 10.0.0.1:80}, or {@code unix:/run/app.sock}; the URLs of upstreams have no path. */
    static String addressOf(String url) {
        int authority = url.indexOf("://") + 3;
        String address = url.substring(authority);
        if (address.startsWith("unix:") || address.indexOf(':', address.lastIndexOf(']') + 1) >= 0) {
            return address;
        }
        return address + (url.startsWith("https:") ? ":443" : ":80");
    }

    private static @Nullable ResponseHead lastAnswer(ExchangeSummary exchange) {
        List<AttemptSummary> attempts = exchange.attempts();
        return attempts.isEmpty() ? null : attempts.get(attempts.size() - 1).head();
    }

    private static @Nullable String fieldOf(@Nullable ResponseHead head, String field) {
        return head == null ? null : head.headers().joined(field);
    }

    private static @Nullable String cookieOf(@Nullable ResponseHead head, String cookie) {
        if (head == null) {
            return null;
        }
        Headers headers = head.headers();
        for (String line : headers.all("Set-Cookie")) {
            int equals = line.indexOf('=');
            int end = line.indexOf(';');
            if (equals > 0 && line.substring(0, equals).trim().equalsIgnoreCase(cookie)) {
                return line.substring(equals + 1, end < 0 ? line.length() : end).trim();
            }
        }
        return null;
    }

    private static String seconds(long millis) {
        String fraction = Long.toString(1000 + millis % 1000);
        return millis / 1000 + "." + fraction.substring(1);
    }
}
