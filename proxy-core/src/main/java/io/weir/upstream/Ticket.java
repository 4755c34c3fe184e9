package io.weir.upstream;

import io.weir.http.Variables;
import org.jspecify.annotations.Nullable;

/**
 * A place in a pool's waiting line, from {@link PoolState#lineUp}. Its holder is woken once a slot was granted and then
 * takes it; a holder who has waited long enough, or whose client is gone, cancels. Either must happen: a granted slot
 * counts as in use. Thread-safe.
 */
public final class Ticket {
    private enum Stage {
        WAITING,
        GRANTED,
        BROKEN,
        OVER
    }

    private final PoolState pool;
    private final PoolState.@Nullable Tried tried;
    private final Variables request;
    private final Runnable wake;
    private final long until;
    private Stage stage = Stage.WAITING;
    private @Nullable UpstreamState granted;
    private @Nullable RuntimeException failure;

    Ticket(PoolState pool, PoolState.@Nullable Tried tried, Variables request, Runnable wake, long until) {
        this.pool = pool;
        this.tried = tried;
        this.request = request;
        this.wake = wake;
        this.until = until;
    }

    /** When its holder has waited long enough (monotonic nanoseconds): then it should cancel. */
    public long until() {
        return until;
    }

    /**
     * When its holder should look again though nobody has woken it: at the end, or once an upstream may be tried that is out
     * now. Then {@link PoolState#serve} comes before {@link #take}.
     */
    public long lookAgainAt(long now) {
        synchronized (pool.lock()) {
            return pool.nextReturn(until, now);
        }
    }

    /**
     * Takes the slot that was granted: from now on it is the caller's, like one from {@link PoolState#acquire}. Null while
     * none was granted, and ever after.
     *
     * @throws RuntimeException what the pool's balancing strategy threw when it was this ticket's turn
     */
    public @Nullable UpstreamState take() {
        synchronized (pool.lock()) {
            if (stage == Stage.WAITING || stage == Stage.OVER) {
                return null;
            }
            stage = Stage.OVER;
            if (failure != null) {
                throw failure;
            }
            return granted;
        }
    }

    /** Leaves the line; a slot that was granted but not taken goes to the next. Harmless when it is all over. */
    public void cancel(long now) {
        synchronized (pool.lock()) {
            Stage before = stage;
            stage = Stage.OVER;
            if (before == Stage.WAITING) {
                pool.lock().line().remove(this);
            } else if (before == Stage.GRANTED && granted != null) {
                pool.giveBack(granted, now);
            }
        }
    }

    PoolState pool() {
        return pool;
    }

    Runnable wake() {
        return wake;
    }

    /** Takes a slot if there is one for it; returns whether the wait is over. Under the pool's lock. */
    boolean settle(long now) {
        try {
            granted = pool.take(tried, now, request);
        } catch (RuntimeException e) {
            // The strategy is the user's code, and this runs inside another exchange's report: keep it for our own.
            failure = e;
            stage = Stage.BROKEN;
            return true;
        }
        if (granted == null) {
            return false;
        }
        stage = Stage.GRANTED;
        return true;
    }
}
