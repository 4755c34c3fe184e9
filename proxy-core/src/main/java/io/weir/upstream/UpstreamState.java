package io.weir.upstream;

import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * How one upstream is doing: exchanges in flight, and nginx's passive health. It survives a reload. Guarded by its pool's
 * lock, except for reading.
 */
public final class UpstreamState {
    /** Both of nginx's meanings of {@code fail_timeout} hang on when the upstream was last looked at. */
    private static final long NEVER = Long.MIN_VALUE;

    private static final double SMALLEST_SHARE = 0.1;

    /** What a choice needs to know about an upstream before it looks closer. */
    enum Standing {
        /** It can be chosen, whatever the time. */
        READY,
        /** Time or chance decides. */
        DOUBTFUL,
        /** It can't be chosen. */
        CLOSED
    }

    private volatile Upstream upstream;
    private volatile int inFlight;
    /** The same for choices, which look at many and hold the lock. */
    private Loads loads = new Loads(1);

    private int place;

    private volatile int fails;
    private long lastFailure = NEVER;
    private long lastChecked = NEVER;
    /** Null while the pool asks for none. */
    private @Nullable FailureRate rate;

    private @Nullable ProbeRecord probes;
    private String reason = "";
    private volatile boolean draining;
    private final AtomicBoolean warmedUp = new AtomicBoolean();
    private boolean warming;
    private long warmingSince = NEVER;
    private Standing standing = Standing.READY;

    UpstreamState(Upstream upstream) {
        this.upstream = upstream;
    }

    /** The upstream as configured now. */
    public Upstream upstream() {
        return upstream;
    }

    /** Whether connections are to be opened ahead of requests now: true once, and not for a backup or while it is down. */
    public boolean beginWarmUp() {
        return !upstream.isBackup() && !upstream.isDown() && warmedUp.compareAndSet(false, true);
    }

    /** Exchanges that use it now. */
    public int inFlight() {
        return inFlight;
    }

    /** As {@link #inFlight}, under the lock. */
    int load() {
        return loads.of(place);
    }

    /** From now on it counts its exchanges there. */
    void countIn(Loads others, int itsPlace) {
        others.set(itsPlace, load());
        loads.leave();
        loads = others;
        place = itsPlace;
    }

    /** Failures since the last good answer after a failure. */
    public int fails() {
        return fails;
    }

    /** Whether it takes no new exchanges, apart from those of sessions that it holds. */
    public boolean isDraining() {
        return draining;
    }

    void drain(boolean draining) {
        this.draining = draining;
    }

    /** It is back, or new: its share grows, from that moment on. */
    void startWarming(long now) {
        warming = !upstream.slowStart().isZero();
        warmingSince = now;
    }

    /** As {@link #startWarming}, from the first choice on. */
    void startWarmingOnceAsked() {
        startWarming(NEVER);
    }

    /** Its share at that moment, up to 1; see {@link Upstream#slowStart}. */
    double share(long now) {
        if (!warming) {
            return 1;
        }
        if (warmingSince == NEVER) {
            warmingSince = now;
        }
        double passed = (double) (now - warmingSince) / upstream.slowStart().toNanos();
        if (passed >= 1) {
            warming = false;
            return 1;
        }
        return Math.max(SMALLEST_SHARE, passed);
    }

    /** Whether it is at its limit. */
    boolean isFull() {
        int limit = upstream.maxConnections();
        return limit > 0 && load() >= limit;
    }

    /** As it was when {@link #settle} looked last. */
    Standing standing() {
        return standing;
    }

    /** Finds out its standing; returns whether it is another than before. */
    boolean settle() {
        Standing before = standing;
        if (upstream.isDown() || draining || isFull()) {
            standing = Standing.CLOSED;
        } else if (isDoubted() || warming) {
            standing = Standing.DOUBTFUL;
        } else {
            standing = Standing.READY;
        }
        return standing != before;
    }

    void configure(Upstream upstream) {
        this.upstream = upstream;
    }

    /** Whether failures keep it out at that moment. After {@code failTimeout} one request is let through. */
    boolean isEjected(long now) {
        return (hasFailed() && !isPast(lastChecked, now)) || (rate != null && rate.isOut(now));
    }

    /** How many nanoseconds failures keep it out yet; 0 if they don't. */
    long ejectedFor(long now) {
        long left = rate != null && rate.isOut(now) ? rate.outUntil() - now : 0;
        if (!hasFailed() || isPast(lastChecked, now)) {
            return left;
        }
        return Math.max(left, upstream.failTimeout().toNanos() - (now - lastChecked));
    }

    /** Whether probes hold it ill. */
    boolean isIll() {
        return probes != null && probes.isIll();
    }

    /** Whether one failure more takes it out. */
    boolean isOneFailureFromOut() {
        return fails + 1 == upstream.maxFails();
    }

    /** Whether it is out, or was and has not proved itself since. */
    boolean isDoubted() {
        return isIll() || hasFailed() || (rate != null && rate.isSuspect());
    }

    @Nullable
    FailureRate rate() {
        return rate;
    }

    @Nullable
    ProbeRecord probes() {
        return probes;
    }

    /** Begins or ends counting its share of failures, and probing it; what is known is kept as long as it is asked for. */
    void watch(boolean rated, boolean probed) {
        rate = !rated ? null : rate == null ? new FailureRate() : rate;
        probes = !probed ? null : probes == null ? new ProbeRecord() : probes;
    }

    /** The cause of the last ejection or return; "" if there was none. */
    String reason() {
        return reason;
    }

    void explain(String reason) {
        this.reason = reason;
    }

    /** Whether it has failed so often that it is out, or was and has not proved itself since. */
    private boolean hasFailed() {
        int maxFails = upstream.maxFails();
        return maxFails > 0 && fails >= maxFails;
    }

    void taken(long now) {
        inFlight = loads.add(place, 1);
        if (isPast(lastChecked, now)) {
            lastChecked = now;
        }
    }

    void released() {
        inFlight = loads.add(place, -1);
    }

    /** Returns whether this failure takes it out. */
    boolean failed(long now) {
        fails++;
        lastFailure = now;
        lastChecked = now;
        return upstream.maxFails() > 0 && fails == upstream.maxFails();
    }

    /** Returns whether this success brings it back. */
    boolean succeeded() {
        boolean wasOut = upstream.maxFails() > 0 && fails >= upstream.maxFails();
        if (fails > 0 && lastFailure - lastChecked < 0) {
            fails = 0;
            return wasOut;
        }
        return false;
    }

    void forgetFailures() {
        fails = 0;
        rate = null;
    }

    private boolean isPast(long since, long now) {
        return since == NEVER || now - since > upstream.failTimeout().toNanos();
    }

    /** URL and numbers. */
    @Override
    public String toString() {
        return upstream.url() + " inFlight=" + inFlight + " fails=" + fails;
    }
}
