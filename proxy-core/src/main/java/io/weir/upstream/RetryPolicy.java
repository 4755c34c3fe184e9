package io.weir.upstream;

import io.weir.http.ProxyFailure;
import java.time.Duration;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * When an attempt that failed goes on to another upstream (nginx {@code proxy_next_upstream}). Immutable; each
 * {@code with…} gives a changed copy. The default is nginx's {@code error timeout}: no connection, a connection that
 * broke, or a clock that ran out, before an answer's head had come; as often as the pool has upstreams.
 *
 * <p>Whatever the conditions: nothing is sent again once a head was delivered, or while bytes of its body are gone; POST,
 * LOCK and PATCH only while no byte of the request was sent, unless {@link #withNonIdempotent}. A kept connection that
 * turned out closed is no failure of the upstream: the request goes to the same one over a new connection, if its method
 * allows, under any policy, and that costs no try.
 */
public final class RetryPolicy {
    /** What may go wrong before an answer's head has come. */
    public enum Condition {
        /** There was no connection: refused, no address, no way. Nothing was sent. A part of nginx's {@code error}. */
        CONNECT_ERROR,
        /** The connection broke while the request was sent or its answer awaited. The rest of nginx's {@code error}. */
        CONNECTION_LOST,
        /** A clock of the attempt ran out: connect, send, read (nginx {@code timeout}), responseHead or firstByte. */
        CLOCK,
        /** The answer is not HTTP, or its head too large (nginx {@code invalid_header}). */
        INVALID_HEAD;

        /** The one under which that failure falls; null for none. */
        static @Nullable Condition of(ProxyFailure failure) {
            boolean connecting = failure.phase() == ProxyFailure.Phase.CONNECT;
            return switch (failure.error()) {
                case CONNECTION_TIMEOUT, CONNECTION_READ_TIMEOUT, CONNECTION_WRITE_TIMEOUT, RESPONSE_TIMEOUT -> CLOCK;
                case PROTOCOL_ERROR, RESPONSE_HEAD_TOO_LARGE, UPGRADE_FAILED -> INVALID_HEAD;
                case CONNECTION_TERMINATED, RESPONSE_INCOMPLETE -> connecting ? CONNECT_ERROR : CONNECTION_LOST;
                default -> connecting ? CONNECT_ERROR : null;
            };
        }
    }

    private static final Set<String> NON_IDEMPOTENT = Set.of("POST", "LOCK", "PATCH");
    private static final RetryPolicy DEFAULTS = new RetryPolicy(new Draft());
    private static final RetryPolicy OFF = DEFAULTS.withTries(1);

    private final Set<Condition> conditions;
    private final Set<Integer> statuses;
    private final int tries;
    private final @Nullable Duration time;
    private final BackOff backOff;
    private final boolean nonIdempotent;
    private final int budgetPercent;
    private final int budgetFloor;
    private final int replayBytes;

    private RetryPolicy(Draft draft) {
        conditions = Set.copyOf(draft.conditions);
        statuses = Set.copyOf(draft.statuses);
        tries = draft.tries;
        time = draft.time;
        backOff = draft.backOff;
        nonIdempotent = draft.nonIdempotent;
        budgetPercent = draft.budgetPercent;
        budgetFloor = draft.budgetFloor;
        replayBytes = draft.replayBytes;
    }

    /** The default named above. */
    public static RetryPolicy defaults() {
        return DEFAULTS;
    }

    /** Never another upstream. */
    public static RetryPolicy off() {
        return OFF;
    }

    // ---- changed copies ----

    /** On these conditions and no others. None: on chosen statuses only. */
    public RetryPolicy withConditions(Condition... conditions) {
        return with(draft -> {
            draft.conditions.clear();
            draft.conditions.addAll(Set.of(conditions));
        });
    }

    /**
     * An answer with one of these statuses is a failed attempt too (nginx {@code http_500}, {@code http_503},
     * {@code http_429}, …). If no other upstream is left to try, the client gets the answer as it came.
     */
    public RetryPolicy withStatuses(int... statuses) {
        for (int status : statuses) {
            check(status >= 400 && status <= 599, "status: " + status + " (expected: 400..599)");
        }
        return with(draft -> {
            draft.statuses.clear();
            for (int status : statuses) {
                draft.statuses.add(status);
            }
        });
    }

    /** At most that many attempts, the first included; 0, the default: as many as the pool has upstreams. */
    public RetryPolicy withTries(int tries) {
        check(tries >= 0, "tries: " + tries + " (expected: >= 0)");
        return with(draft -> draft.tries = tries);
    }

    /** No attempt begins later than that after the first (nginx {@code proxy_next_upstream_timeout}). Default: no limit. */
    public RetryPolicy withTime(Duration time) {
        check(!time.isNegative() && !time.isZero(), "retry time: " + time + " (expected: > 0)");
        return with(draft -> draft.time = time);
    }

    /**
     * Waits before each retry: some time by chance, up to {@code base} before the first, up to twice that before the
     * next, and so on, never longer than {@code max}. Default: none, for the next upstream is another one.
     *
     * <p>After a 429 or 503 that is retried, its {@code Retry-After} in seconds is the least time to wait if it ends before
     * the {@linkplain #withTime time} does. Without such a time, or beyond it, it is ignored.
     */
    public RetryPolicy withBackOff(Duration base, Duration max) {
        return with(draft -> draft.backOff = new BackOff(base, max));
    }

    /** POST, LOCK and PATCH may be sent twice: the application takes care of doubles. */
    public RetryPolicy withNonIdempotent() {
        return with(draft -> draft.nonIdempotent = true);
    }

    /**
     * At most that share of the pool's running exchanges may be retries, so that a pool in trouble does not get a multiple
     * of its load on top. Default: no limit, as nginx; 20 % and 3 are Envoy's.
     *
     * @param percent retries among running exchanges, 0 to 100
     * @param floor that many may be retries in any case
     */
    public RetryPolicy withBudget(int percent, int floor) {
        check(percent >= 0 && percent <= 100, "budget: " + percent + " % (expected: 0..100)");
        check(floor >= 0, "budget floor: " + floor + " (expected: >= 0)");
        return with(draft -> {
            draft.budgetPercent = percent;
            draft.budgetFloor = floor;
        });
    }

    /**
     * That many bytes of a request's body are kept in memory while it may have to be sent once more; a longer one is sent
     * once. Default 64 KiB; 0: none.
     */
    public RetryPolicy withReplay(int bytes) {
        check(bytes >= 0, "replay: " + bytes + " (expected: >= 0 bytes)");
        return with(draft -> draft.replayBytes = bytes);
    }

    // ---- what it decides ----

    /** Whether that failure, under the conditions and the request's method, may be followed by another attempt. */
    public boolean allows(String method, ProxyFailure failure) {
        if (failure.phase() == ProxyFailure.Phase.BODY) {
            return false;
        }
        Condition condition = Condition.of(failure);
        boolean chosen = failure.isStaleConnection() || (condition != null && conditions.contains(condition));
        return chosen && mayRepeat(method, failure.bytesSent(), failure.bodyLost());
    }

    /** Whether an answer with that status may be given up for another attempt. */
    public boolean allows(String method, int status, boolean bodyLost) {
        return !statuses.isEmpty() && statuses.contains(status) && mayRepeat(method, true, bodyLost);
    }

    /** Whether another attempt is left after that many. */
    public boolean allowsAnother(int attempts, int upstreams) {
        return attempts < (tries == 0 ? upstreams : tries);
    }

    /** Whether an attempt may still begin so long after the first. */
    public boolean allowsAfter(long nanos) {
        return time == null || nanos < time.toNanos();
    }

    /**
     * How long to wait before a retry, in nanoseconds.
     *
     * @param retry which one, counted from 1
     * @param chance any number, by chance
     */
    public long backOffNanos(int retry, long chance) {
        return backOff.nanos(retry, chance);
    }

    /**
     * Whether a retry waits as long as the answer before it asks.
     *
     * @param nanos what it asks for
     * @param elapsed nanoseconds since the first attempt began
     */
    public boolean waitsFor(long nanos, long elapsed) {
        return time != null && !backOff.equals(BackOff.NONE) && nanos < time.toNanos() - elapsed;
    }

    /**
     * How many bytes of the body of a request with that method are worth keeping: 0 if it is never sent twice anyway.
     *
     * @param mayBeUnprocessed whether an upstream can say that it did nothing with a request that it got, as HTTP/2 has it
     */
    public int replayBytes(String method, boolean mayBeUnprocessed) {
        return mayRepeat(method, !mayBeUnprocessed, false) ? replayBytes : 0;
    }

    /** Whether POST, LOCK and PATCH may be sent again when bytes of them were sent. */
    public boolean repeatsNonIdempotent() {
        return nonIdempotent;
    }

    /** Whether retries are limited to a share of the running exchanges. */
    public boolean hasBudget() {
        return budgetFloor != Integer.MAX_VALUE;
    }

    /** How many retries may run beside that many exchanges, of which they are a part. */
    int budgetOf(int exchanges) {
        return (int) Math.max(budgetFloor, (long) exchanges * budgetPercent / 100);
    }

    private boolean mayRepeat(String method, boolean bytesSent, boolean bodyLost) {
        return !bodyLost && (!bytesSent || nonIdempotent || !NON_IDEMPOTENT.contains(method));
    }

    private RetryPolicy with(Consumer<Draft> change) {
        Draft draft = new Draft();
        draft.conditions.clear();
        draft.conditions.addAll(conditions);
        draft.statuses.addAll(statuses);
        draft.tries = tries;
        draft.time = time;
        draft.backOff = backOff;
        draft.nonIdempotent = nonIdempotent;
        draft.budgetPercent = budgetPercent;
        draft.budgetFloor = budgetFloor;
        draft.replayBytes = replayBytes;
        change.accept(draft);
        return new RetryPolicy(draft);
    }

    /** All of it, in words. */
    @Override
    public String toString() {
        String bounds = (tries == 0 ? "" : ", " + tries + " tries") + (time == null ? "" : ", for " + time);
        String pauses = backOff.equals(BackOff.NONE) ? "" : ", back-off " + backOff.base() + " to " + backOff.max();
        String budget = hasBudget() ? ", budget " + budgetPercent + " % and at least " + budgetFloor : "";
        return "on " + new TreeSet<>(conditions) + (statuses.isEmpty() ? "" : " " + new TreeSet<>(statuses)) + bounds
                + pauses + budget + (nonIdempotent ? ", POST too" : "") + ", keeps " + replayBytes + " bytes";
    }

    private static void check(boolean holds, String problem) {
        if (!holds) {
            throw new IllegalArgumentException(problem);
        }
    }

    /** A policy between two values. It starts with the defaults. */
    private static final class Draft {
        private final Set<Condition> conditions =
                EnumSet.of(Condition.CONNECT_ERROR, Condition.CONNECTION_LOST, Condition.CLOCK);
        private final Set<Integer> statuses = new HashSet<>();
        private int tries;
        private @Nullable Duration time;
        private BackOff backOff = BackOff.NONE;
        private boolean nonIdempotent;
        private int budgetPercent;
        private int budgetFloor = Integer.MAX_VALUE;
        private int replayBytes = 64 * 1024;
    }
}
