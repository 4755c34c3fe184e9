package io.weir.upstream;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/**
 * Judges the upstreams of a pool: who is out, who is back, and why. Exchanges tell how they fared, probes what they found.
 * What is public takes the pool's lock, all else is called under it.
 */
public final class PoolHealth {
    private final UpstreamPool pool;
    private final PoolLock lock;
    private final List<UpstreamState> states;
    private final RandomGenerator random;

    PoolHealth(UpstreamPool pool, PoolLock lock, Collection<UpstreamState> states, RandomGenerator random) {
        this.pool = pool;
        this.lock = lock;
        this.states = List.copyOf(states);
        this.random = random;
        for (UpstreamState state : states) {
            state.watch(pool.passiveHealth().outliers() != null, pool.activeHealth() != null);
        }
    }

    /** Whether its health keeps it out, if health counts now. */
    boolean isOut(UpstreamState state, long now) {
        return (state.isIll() || state.isEjected(now)) && !isIgnored(now);
    }

    /** Whether so few are well that health is ignored. */
    boolean isIgnored(long now) {
        int threshold = pool.failOpenBelow();
        if (threshold == 0) {
            return false;
        }
        return (long) (size() - out(now)) * 100 < (long) threshold * size();
    }

    // ---- what exchanges tell ----

    @Nullable
    HealthTransition answeredWell(UpstreamState state, long now) {
        OutlierEjection outliers = pool.passiveHealth().outliers();
        FailureRate rate = state.rate();
        boolean back = state.succeeded();
        if (rate != null && outliers != null) {
            back |= rate.succeeded(outliers, now);
        }
        if (!back || state.isIll() || state.isEjected(now)) {
            return null; // something else still keeps it out, and will say when it no longer does
        }
        return returned(state, "it answered well", now);
    }

    @Nullable
    HealthTransition failed(UpstreamState state, String cause, long now) {
        PassiveHealth passive = pool.passiveHealth();
        boolean mayGo = state.isDoubted() || passive.allowsOut(doubted() + 1, size());
        HealthTransition transition = null;
        if ((mayGo || !state.isOneFailureFromOut()) && state.failed(now)) {
            int fails = state.fails();
            transition = ejected(
                    state,
                    (fails == 1 ? "1 failure" : fails + " failures") + ", last: " + cause,
                    state.upstream().failTimeout());
        }
        OutlierEjection outliers = passive.outliers();
        FailureRate rate = state.rate();
        if (outliers == null || rate == null || !rate.failed(outliers, now) || !mayGo) {
            return transition;
        }
        String share = rate.isSuspect()
                ? "it failed again"
                : rate.failures() + " of " + rate.total() + " answers within " + outliers.window() + " were failures";
        rate.eject(outliers, now);
        return ejected(state, share + ", last: " + cause, Duration.ofNanos(rate.outUntil() - now));
    }

    // ---- what probes find ----

    /** The upstreams to probe now; they count as probed. Empty if the pool asks for no probes. */
    public List<UpstreamState> due(long now) {
        ActiveHealth rule = pool.activeHealth();
        if (rule == null) {
            return List.of();
        }
        List<UpstreamState> due = new ArrayList<>();
        synchronized (lock) {
            for (UpstreamState state : states) {
                ProbeRecord record = state.probes();
                if (record != null && !state.upstream().isDown() && record.untilDue(rule, now) <= 0) {
                    record.sent(rule, now, random.nextLong());
                    due.add(state);
                }
            }
        }
        return due;
    }

    /** Nanoseconds until the next probe is due; −1 if none ever will be. */
    public long untilDue(long now) {
        ActiveHealth rule = pool.activeHealth();
        if (rule == null) {
            return -1;
        }
        long soonest = -1;
        synchronized (lock) {
            for (UpstreamState state : states) {
                ProbeRecord record = state.probes();
                if (record != null && !state.upstream().isDown()) {
                    long wait = Math.max(0, record.untilDue(rule, now));
                    soonest = soonest < 0 ? wait : Math.min(soonest, wait);
                }
            }
        }
        return soonest;
    }

    /**
     * A probe has been answered, or has failed. Who waits may get a slot through it: see {@link PoolState#wakeWaiting}.
     *
     * @param fault what was wrong; null if nothing was
     * @param result what came, for the cause of a return
     * @return null if the upstream is neither taken out nor back through this
     */
    public @Nullable HealthTransition probed(UpstreamState state, @Nullable String fault, String result, long now) {
        ActiveHealth rule = pool.activeHealth();
        synchronized (lock) {
            ProbeRecord record = state.probes();
            if (rule == null || record == null || !record.note(rule, fault == null)) {
                return null;
            }
            int times = fault == null ? rule.rise() : rule.fall();
            String cause = "probe " + rule + ": " + (fault == null ? result : fault)
                    + (times > 1 ? ", " + times + " times in a row" : "");
            HealthTransition transition = fault == null ? well(state, cause, now) : ejected(state, cause, null);
            lock.line().serve(now);
            return transition;
        }
    }

    private @Nullable HealthTransition well(UpstreamState state, String cause, long now) {
        if (state.isEjected(now)) {
            lock.touched(state);
            return null; // failures still keep it out
        }
        return returned(state, cause, now);
    }

    private HealthTransition ejected(UpstreamState state, String cause, @Nullable Duration outFor) {
        state.explain(cause);
        lock.touched(state);
        return new HealthTransition(pool.name(), state, true, cause, outFor);
    }

    private HealthTransition returned(UpstreamState state, String cause, long now) {
        state.explain(cause);
        state.startWarming(now);
        lock.touched(state);
        return new HealthTransition(pool.name(), state, false, cause, null);
    }

    private int out(long now) {
        int out = 0;
        for (UpstreamState state : states) {
            out += !state.upstream().isDown() && (state.isIll() || state.isEjected(now)) ? 1 : 0;
        }
        return out;
    }

    /** Those that are out, and those that are being tried after they were. */
    private int doubted() {
        int doubted = 0;
        for (UpstreamState state : states) {
            doubted += !state.upstream().isDown() && state.isDoubted() ? 1 : 0;
        }
        return doubted;
    }

    private int size() {
        int size = 0;
        for (UpstreamState state : states) {
            size += state.upstream().isDown() ? 0 : 1;
        }
        return size;
    }
}
