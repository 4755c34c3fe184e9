package io.weir.upstream;

import io.weir.http.Headers;
import io.weir.http.Text;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.StringJoiner;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Probes: requests of the proxy's own that find out whether an upstream is well (nginx {@code health_check}). Immutable;
 * each {@code with…} gives a changed copy. The defaults are nginx's: every 5 s, one failure holds it ill, one success well.
 *
 * <p>Upstreams are taken for well until probes say otherwise. One that probes hold ill takes no new exchanges, not even
 * where it is the pool's only one; {@link UpstreamPool.Builder#failOpenBelow} says what happens when few are well. Those
 * that are {@linkplain Upstream#isDown down} are not probed. Each probe has a connection of its own, and counts neither
 * against {@link Upstream#maxConnections} nor in {@link PassiveHealth}.
 */
public final class ActiveHealth {
    private static final Duration LEAST = Duration.ofMillis(1);
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final int MOST_BODY = 1024 * 1024;

    private final String path;
    private final String method;
    private final Headers headers;
    private final Duration interval;
    private final @Nullable Duration jitter;
    private final Duration timeout;
    private final List<StatusRange> statuses;
    private final @Nullable String body;
    private final int bodyBytes;
    private final int rise;
    private final int fall;
    /** 0: the upstream's. */
    private final int port;

    private ActiveHealth(Draft draft) {
        path = draft.path;
        method = draft.method;
        headers = draft.headers;
        interval = draft.interval;
        jitter = draft.jitter;
        timeout = draft.timeout;
        statuses = draft.statuses;
        body = draft.body;
        bodyBytes = draft.bodyBytes;
        rise = draft.rise;
        fall = draft.fall;
        port = draft.port;
    }

    /** Probes that GET that path, which goes out as it is: the path of the upstream's URL is not put before it. */
    public static ActiveHealth get(String path) {
        return new ActiveHealth(new Draft()).with(draft -> draft.path = path);
    }

    // ---- changed copies ----

    /** Another method; one without a body, such as HEAD or OPTIONS. */
    public ActiveHealth withMethod(String method) {
        return with(draft -> draft.method = method);
    }

    /** A field to send; {@code Host} is the upstream's unless it is set here. */
    public ActiveHealth withHeader(String name, String value) {
        return with(draft -> draft.headers = draft.headers.with(name, value));
    }

    /** The time from one probe to the next. Default 5 s; each comes up to a tenth of it later, by chance. */
    public ActiveHealth withInterval(Duration interval) {
        return with(draft -> draft.interval = interval);
    }

    /** How much later than its interval a probe may come, by chance, so that they don't all come at once. */
    public ActiveHealth withJitter(Duration jitter) {
        return with(draft -> draft.jitter = jitter);
    }

    /** How long a probe may take in all, name look-up and connection included. At most the interval. Default 2 s. */
    public ActiveHealth withTimeout(Duration timeout) {
        return with(draft -> draft.timeout = timeout);
    }

    /** Statuses from one to another, both included, that say that it is well. Default 200 to 399. */
    public ActiveHealth withStatuses(int from, int to) {
        return with(draft -> draft.statuses = List.of(new StatusRange(from, to)));
    }

    /** That status alone says that it is well. */
    public ActiveHealth withStatus(int status) {
        return withStatuses(status, status);
    }

    /**
     * A text that has to be in the first bytes of the answer's body, of which each is taken for one character. Default:
     * any body does, and it is not read.
     *
     * @param bytes how much of the body is looked at, 1 byte to 1 MiB
     */
    public ActiveHealth withBody(String text, int bytes) {
        return with(draft -> {
            draft.body = text;
            draft.bodyBytes = bytes;
        });
    }

    /** Successes in a row that bring an ill one back (nginx {@code passes}). Default 1. */
    public ActiveHealth withRise(int successes) {
        return with(draft -> draft.rise = successes);
    }

    /** Failures in a row that hold a well one ill (nginx {@code fails}). Default 1. */
    public ActiveHealth withFall(int failures) {
        return with(draft -> draft.fall = failures);
    }

    /** Probes another port than the one that serves. */
    public ActiveHealth withPort(int port) {
        check(port >= 1 && port <= 65535, "probe port: " + port + " (expected: 1..65535)");
        return with(draft -> draft.port = port);
    }

    // ---- what it says ----

    /** The method. */
    public String method() {
        return method;
    }

    /** The target. */
    public String path() {
        return path;
    }

    /** The time from one probe to the next, without jitter. */
    public Duration interval() {
        return interval;
    }

    /** How long one may take. */
    public Duration timeout() {
        return timeout;
    }

    /** How many bytes of the answer's body are to be read; 0: none. */
    public int bodyBytes() {
        return bodyBytes;
    }

    int rise() {
        return rise;
    }

    int fall() {
        return fall;
    }

    /** The fields to send to that upstream. */
    public Headers headersFor(Upstream upstream) {
        if (headers.contains("Host")) {
            return headers;
        }
        Headers.Builder all = Headers.builder().add("Host", upstream.authority());
        for (int i = 0; i < headers.size(); i++) {
            all.addFrom(headers, i);
        }
        return all.build();
    }

    /** The TCP port at which that upstream is asked. */
    public int portOf(Upstream upstream) {
        return port == 0 ? upstream.port() : port;
    }

    /** Nanoseconds from one probe to the next. */
    long untilNext(long chance) {
        long most = jitter == null ? interval.toNanos() / 10 : jitter.toNanos();
        return interval.toNanos() + Math.floorMod(chance, most + 1);
    }

    /** No probe is due later than that many nanoseconds from now. */
    long latest() {
        return untilNext(-1);
    }

    /**
     * What is wrong with an answer; null if nothing is.
     *
     * @param bodyStart the first {@link #bodyBytes} of its body, or all that came
     */
    public @Nullable String faultOf(int status, String bodyStart) {
        if (statuses.stream().noneMatch(range -> range.contains(status))) {
            return status + ", expected " + statuses.get(0);
        }
        if (body != null && !bodyStart.contains(body)) {
            return status + ", but \"" + body + "\" is not in the first " + bodyBytes + " bytes of the body";
        }
        return null;
    }

    private ActiveHealth with(Consumer<Draft> change) {
        Draft draft = new Draft();
        draft.path = path;
        draft.method = method;
        draft.headers = headers;
        draft.interval = interval;
        draft.jitter = jitter;
        draft.timeout = timeout;
        draft.statuses = statuses;
        draft.body = body;
        draft.bodyBytes = bodyBytes;
        draft.rise = rise;
        draft.fall = fall;
        draft.port = port;
        change.accept(draft);
        draft.check();
        return new ActiveHealth(draft);
    }

    private static void check(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException(problem);
        }
    }

    /** Method and path. */
    @Override
    public String toString() {
        return method + " " + path;
    }

    /** All of it, in words; of its fields the names, for their values may be secrets. */
    public String describe() {
        StringJoiner fields = new StringJoiner(", ");
        for (int i = 0; i < headers.size(); i++) {
            fields.add(headers.name(i));
        }
        return this + " every " + interval + " for " + timeout + " at most, statuses " + statuses
                + (body == null ? "" : ", body with \"" + Text.printable(body) + "\"") + ", rise " + rise + ", fall "
                + fall
                + (port == 0 ? "" : ", port " + port) + (headers.size() == 0 ? "" : ", fields " + fields);
    }

    private record StatusRange(int from, int to) {
        StatusRange {
            check(
                    from >= 200 && to <= 599 && from <= to,
                    "probe status: " + from + ".." + to + " (expected: 200..599)");
        }

        boolean contains(int status) {
            return status >= from && status <= to;
        }

        @Override
        public String toString() {
            return from == to ? String.valueOf(from) : from + ".." + to;
        }
    }

    /** Probes between two values. They start with the defaults. */
    private static final class Draft {
        private String path = "/";
        private String method = "GET";
        private Headers headers = Headers.empty();
        private Duration interval = Duration.ofSeconds(5);
        private @Nullable Duration jitter;
        private Duration timeout = Duration.ofSeconds(2);
        private List<StatusRange> statuses = List.of(new StatusRange(200, 399));
        private @Nullable String body;
        private int bodyBytes;
        private int rise = 1;
        private int fall = 1;
        private int port;

        void check() {
            ActiveHealth.check(
                    path.startsWith("/") && path.chars().allMatch(c -> c > ' ' && c < 0x7f && c != '#'),
                    "probe path: \"" + path + "\" (expected: / and visible ASCII, without #)");
            ActiveHealth.check(
                    method.matches("[A-Za-z0-9!#$%&'*+.^_`|~-]+"),
                    "probe method: \"" + method + "\" (expected: a token)");
            check("interval", interval, LEAST);
            check("jitter", Objects.requireNonNullElse(jitter, Duration.ZERO), Duration.ZERO);
            check("timeout", timeout, LEAST);
            ActiveHealth.check(
                    body == null || (bodyBytes >= 1 && bodyBytes <= MOST_BODY),
                    "probe body: " + bodyBytes + " bytes (expected: 1.." + MOST_BODY + ")");
            ActiveHealth.check(rise >= 1, "probe rise: " + rise + " (expected: >= 1)");
            ActiveHealth.check(fall >= 1, "probe fall: " + fall + " (expected: >= 1)");
        }

        private static void check(String what, Duration value, Duration least) {
            ActiveHealth.check(
                    value.compareTo(least) >= 0 && value.compareTo(LONGEST) <= 0,
                    "probe " + what + ": " + value + " (expected: " + least + ".." + LONGEST + ")");
        }
    }
}
