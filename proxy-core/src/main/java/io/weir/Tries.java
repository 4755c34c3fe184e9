package io.weir;

import io.weir.upstream.PoolState;
import io.weir.upstream.RetryPolicy;
import org.jspecify.annotations.Nullable;

/** Whether one exchange may try another upstream: by number, by time, and by its pool's budget. Guarded by the exchange. */
final class Tries {
    /** There may be no other. */
    static final long NONE = -1;

    private final Engine engine;
    private @Nullable PoolState pool;
    private long enteredAt;
    private int begun;
    private boolean counted;
    private boolean retrying;

    Tries(Engine engine) {
        this.engine = engine;
    }

    /** The exchange comes to its pool. */
    void enter(PoolState pool, long now) {
        this.pool = pool;
        enteredAt = now;
        counted = pool.pool().retry().hasBudget();
        if (counted) {
            pool.retryBudget().enter();
        }
    }

    /** A try begins that counts. */
    void began() {
        begun++;
    }

    /**
     * How long to wait before another may begin, in nanoseconds, or {@link #NONE}.
     *
     * @param retryAfter how long the last answer asks to wait; 0 if it does not
     */
    long untilAnother(long now, long retryAfter) {
        if (pool == null) {
            return NONE;
        }
        RetryPolicy retry = pool.pool().retry();
        if (!retry.allowsAnother(begun, pool.pool().upstreams().size())) {
            return NONE;
        }
        long pause = retry.backOffNanos(begun, engine.random());
        if (retry.waitsFor(retryAfter, now - enteredAt)) {
            pause = Math.max(pause, retryAfter);
        }
        if (!retry.allowsAfter(now + pause - enteredAt)) {
            return NONE;
        }
        if (counted && !retrying) {
            retrying = pool.retryBudget().take(retry);
        }
        return counted && !retrying ? NONE : pause;
    }

    /** An answer is delivered: if it took a retry to get it, that is over. */
    void settled() {
        if (retrying && pool != null) {
            retrying = false;
            pool.retryBudget().release();
        }
    }

    /** The exchange needs its pool no more; may be called again. */
    void leave() {
        settled();
        if (counted && pool != null) {
            counted = false;
            pool.retryBudget().leave();
        }
    }
}
