package io.weir.log;

import java.nio.file.Path;
import java.time.ZoneId;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Which exchanges are logged, how and where; to the logger {@code io.weir.access} if not said. Times are in the zone of
 * the system. Each step returns a new log; this one stays as it is.
 */
public final class AccessLog {
    static final String COMMON = "$remote_addr - $remote_user [$time_local] \"$request\" $status $body_bytes_sent";
    static final String COMBINED = COMMON + " \"$http_referer\" \"$http_user_agent\"";

    /** How values are written into a format (nginx {@code escape=}). */
    public enum Escape {
        /** Quotes, backslashes, control characters and what is not ASCII as {@code \xHH}; {@code -} where there is none. */
        DEFAULT,
        /** As within the quotes of a JSON string; nothing where there is none. */
        JSON
    }

    private static final AccessLog OFF = new AccessLog(exchange -> "", "off", null, null, exchange -> false);

    private final AccessLogFormat format;
    private final String name;
    private final @Nullable Path file;
    private final @Nullable Consumer<String> consumer;
    private final @Nullable Predicate<ExchangeSummary> condition;

    private AccessLog(
            AccessLogFormat format,
            String name,
            @Nullable Path file,
            @Nullable Consumer<String> consumer,
            @Nullable Predicate<ExchangeSummary> condition) {
        this.format = format;
        this.name = name;
        this.file = file;
        this.consumer = consumer;
        this.condition = condition;
    }

    /** {@link #combined} without {@code Referer} and {@code User-Agent}. */
    public static AccessLog common() {
        return of(LogTemplate.parse(COMMON, Escape.DEFAULT, ZoneId.systemDefault()), "common");
    }

    /** nginx's and Apache's format of that name, the default; see {@link AccessLogFormat#combined}. */
    public static AccessLog combined() {
        return of(AccessLogFormat.combined(ZoneId.systemDefault()), "combined");
    }

    /**
     * nginx's {@code log_format}. Known are the variables of {@link io.weir.http.Template} and
     *
     * <ul>
     *   <li>{@code $time_local $time_iso8601 $msec}: the end of the exchange;
     *   <li>{@code $request_time}, in seconds from when the head had come; {@code $request_length}, in bytes, the head's as
     *       it is written without needless space;
     *   <li>{@code $request}: of a target in absolute-form only what follows the authority;
     *   <li>{@code $status}; {@code $sent_http_NAME}, without a value for what only frames the message:
     *       {@code Transfer-Encoding}, {@code Connection}, and {@code Content-Length} of a reply of Weir's own;
     *   <li>{@code $bytes_sent}, with head and chunking (over HTTP/2: as the text of its fields would be);
     *       {@code $body_bytes_sent}, without chunking, which nginx counts;
     *   <li>{@code $upstream_addr $upstream_status $upstream_connect_time $upstream_header_time $upstream_response_time}: a
     *       value for each upstream that was tried, separated by {@code ", "}. The address is the one of the configuration,
     *       a name perhaps. There is no {@code " : "}, for no exchange passes on to a second pool;
     *   <li>{@code $upstream_http_NAME $upstream_cookie_NAME}: of the last answer, as the upstream sent it.
     * </ul>
     *
     * @throws IllegalArgumentException for an unknown variable: the message says which are near
     */
    public static AccessLog format(String text) {
        return format(text, Escape.DEFAULT);
    }

    /** The same with a say in how values are escaped. */
    public static AccessLog format(String text, Escape escape) {
        return of(LogTemplate.parse(text, escape, ZoneId.systemDefault()), text);
    }

    /**
     * One JSON object a line. What has no value is null. Its keys, in order:
     *
     * <ul>
     *   <li>{@code time}: the end of the exchange in UTC, ISO 8601, to the millisecond;
     *   <li>{@code request_id}, {@code remote_addr}, {@code remote_user}, {@code scheme}: the variables of that name;
     *   <li>{@code host}: {@code $http_host}, with its port, and not {@code $host}; {@code method}:
     *       {@code $request_method}; {@code uri}: {@code $request_uri}, with its query, and not {@code $uri};
     *       {@code protocol}: {@code $server_protocol};
     *   <li>{@code referer}: {@code $http_referer}; {@code user_agent}: {@code $http_user_agent};
     *   <li>{@code site}: its name, {@code ""} for the default one; {@code route}: as it describes itself, {@code ""} for
     *       none;
     *   <li>{@code status}, {@code request_length}, {@code bytes_sent}, {@code body_bytes_sent}, {@code request_time}: the
     *       variables of that name, as numbers;
     *   <li>{@code error}: what went wrong, a word of RFC 9209 where that has one;
     *   <li>{@code upstreams}: an object for each that was tried, with {@code addr}, {@code status}, {@code connect_time},
     *       {@code header_time}, {@code response_time} (its part of {@code $upstream_addr} and so on, times in seconds) and
     *       {@code error}.
     * </ul>
     */
    public static AccessLog json() {
        return of(new JsonLine(), "json");
    }

    /** A format of your own. */
    public static AccessLog of(AccessLogFormat format) {
        return of(format, "format of its own");
    }

    private static AccessLog of(AccessLogFormat format, String name) {
        return new AccessLog(format, name, null, null, null);
    }

    /** No log. */
    public static AccessLog off() {
        return OFF;
    }

    /**
     * Lines are appended to that file, in UTF-8, by a thread of its own; sites that name the same file share it. When 8192
     * lines, or 16 Mi characters of them, wait for a disk that is too slow, further ones are dropped, and a warning says
     * how many.
     */
    public AccessLog toFile(Path file) {
        return this == OFF ? this : new AccessLog(format, name, file, null, condition);
    }

    /** Lines go there, on the threads that serve the sockets: it must not block. */
    public AccessLog to(Consumer<String> consumer) {
        return this == OFF ? this : new AccessLog(format, name, null, consumer, condition);
    }

    /** Only exchanges for which this holds, and the conditions before it (nginx {@code access_log … if=}). */
    public AccessLog when(Predicate<ExchangeSummary> condition) {
        if (this == OFF) {
            return this;
        }
        Predicate<ExchangeSummary> before = this.condition;
        return new AccessLog(format, name, file, consumer, before == null ? condition : before.and(condition));
    }

    /** Whether nothing is logged. */
    public boolean isOff() {
        return this == OFF;
    }

    /** Where lines are appended; null if they go elsewhere. */
    public @Nullable Path file() {
        return file;
    }

    /** Who is given the lines; null if they go elsewhere. */
    public @Nullable Consumer<String> consumer() {
        return consumer;
    }

    /** Whether that exchange is logged. */
    public boolean takes(ExchangeSummary exchange) {
        return condition == null || condition.test(exchange);
    }

    /** The line of that exchange, without its end. */
    public String line(ExchangeSummary exchange) {
        return format.format(exchange);
    }

    /** Format and place. */
    @Override
    public String toString() {
        if (this == OFF) {
            return name;
        }
        String place = file != null ? file.toString() : consumer != null ? "a consumer" : "logger io.weir.access";
        return name + " to " + place + (condition == null ? "" : ", where a condition holds");
    }
}
