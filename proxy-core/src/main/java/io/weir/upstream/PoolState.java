package io.weir.upstream;

import io.weir.http.ProxyError;
import io.weir.http.Variables;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The live side of an {@link UpstreamPool}: who is next, who is out, how many exchanges each serves. A slot that
 * {@link #acquire} gave must come back through {@link #release} exactly once; the exchange sees to that.
 */
public final class PoolState {
    /** What an attempt says about the health of its upstream. */
    public enum Verdict {
        /** It answered. */
        GOOD,
        /** It failed. */
        BAD,
        /** Nothing: the client's doing, or a kept connection that had been closed. */
        NEUTRAL
    }

    /** What a release changed. */
    public enum Transition {
        /** Nothing. */
        NONE,
        /** The upstream is out for {@code failTimeout}. */
        EJECTED,
        /** The upstream is back. */
        RETURNED
    }

    private final UpstreamPool pool;
    private final PoolLock lock;
    private final Map<String, UpstreamState> states;
    private final UpstreamGroup primaries;
    private final UpstreamGroup backups;
    private final RetryBudget retryBudget;

    /** Live state for a pool that is new. */
    public PoolState(UpstreamPool pool) {
        this(pool, null);
    }

    /** Live state for a pool that takes the place of {@code before}: upstreams with the same URL keep their state. */
    public PoolState(UpstreamPool pool, @Nullable PoolState before) {
        this.pool = pool;
        lock = before == null ? new PoolLock() : before.lock;
        retryBudget = before == null ? new RetryBudget() : before.retryBudget;
        states = new HashMap<>();
        synchronized (lock) {
            List<UpstreamState> first = new ArrayList<>();
            List<UpstreamState> second = new ArrayList<>();
            for (Upstream upstream : pool.upstreams()) {
                UpstreamState known = before == null ? null : before.states.get(upstream.url());
                UpstreamState state = known == null ? new UpstreamState(upstream) : known;
                state.configure(upstream);
                states.put(upstream.url(), state);
                (upstream.isBackup() ? second : first).add(state);
            }
            boolean single = first.size() == 1 && second.isEmpty();
            primaries = new UpstreamGroup(lock, first, single, pool.balancing());
            backups = new UpstreamGroup(lock, second, false, pool.balancing());
        }
    }

    /** The pool as configured. */
    public UpstreamPool pool() {
        return pool;
    }

    /** Its running exchanges and how many of them are retries. */
    public RetryBudget retryBudget() {
        return retryBudget;
    }

    /** The state of each upstream, by its URL. */
    public Map<String, UpstreamState> upstreams() {
        return Map.copyOf(states);
    }

    /**
     * Takes a slot at the next upstream, or returns null if none can be tried; {@link #refusal} knows why, and
     * {@link #lineUp} lets wait for it where a limit is the cause. Those who wait already come first.
     *
     * @param tried what this exchange tried before; null for nothing
     * @param now monotonic nanoseconds
     * @param request what the strategy may look at
     */
    public @Nullable UpstreamState acquire(@Nullable Tried tried, long now, Variables request) {
        synchronized (lock) {
            lock.line().serve(now);
            return take(tried, now, request);
        }
    }

    /**
     * Why {@link #acquire} gave nothing: {@link ProxyError#CONNECTION_LIMIT} if an upstream could be tried but for its
     * limit, else {@link ProxyError#UPSTREAM_UNAVAILABLE}.
     */
    public ProxyError refusal(@Nullable Tried tried, long now, Variables request) {
        synchronized (lock) {
            return primaries.isLimited(tried, now) || backups.isLimited(tried, now)
                    ? ProxyError.CONNECTION_LIMIT
                    : ProxyError.UPSTREAM_UNAVAILABLE;
        }
    }

    /**
     * Gets in line for a slot. Null if there is none to wait for: the pool has no queue, it is full, or no limit is in the
     * way. The ticket must be taken or cancelled.
     *
     * @param tried must not change while the ticket is out
     * @param wake run, by whoever calls {@link #wakeWaiting}, once {@link Ticket#take} has something to say
     */
    public @Nullable Ticket lineUp(@Nullable Tried tried, long now, Variables request, Runnable wake) {
        synchronized (lock) {
            WaitQueue queue = pool.queue();
            Ticket ticket =
                    new Ticket(this, tried, request, wake, now + queue.timeout().toNanos());
            lock.line().serve(now);
            if (ticket.settle(now)) {
                // A slot came back between acquire and now.
                lock.line().wake(ticket);
                return ticket;
            }
            boolean worthIt = lock.line().length() < queue.length()
                    && refusal(tried, now, request) == ProxyError.CONNECTION_LIMIT;
            if (!worthIt) {
                return null;
            }
            lock.line().add(ticket);
            return ticket;
        }
    }

    /**
     * Runs the wake-ups of those who were granted a slot. To be called after every {@link #acquire}, {@link #release},
     * {@link #lineUp} and {@link Ticket#cancel}, once the caller holds no lock: a wake-up may be anybody's code.
     */
    public void wakeWaiting() {
        for (Runnable wake = lock.line().nextWakeUp();
                wake != null;
                wake = lock.line().nextWakeUp()) {
            wake.run();
        }
    }

    /** Which upstream {@link #acquire} would take now. Changes nothing. */
    public @Nullable UpstreamState peek(long now, Variables request) {
        synchronized (lock) {
            UpstreamState next = primaries.choose(null, now, request);
            return next != null ? next : backups.choose(null, now, request);
        }
    }

    /**
     * Takes one more slot at that upstream, for the same exchange, after a kept connection turned out closed. Returns
     * whether there is one: somebody who waited may have got it.
     */
    public boolean reacquire(UpstreamState state, long now) {
        synchronized (lock) {
            if (state.isFull()) {
                return false;
            }
            state.taken(now);
            lock.touched(state);
            return true;
        }
    }

    /** Gives a slot back, with what the attempt says about the upstream. It goes to whoever waits first. */
    public Transition release(UpstreamState state, Verdict verdict, long now) {
        synchronized (lock) {
            state.released();
            try {
                return judge(state, verdict, now);
            } finally {
                lock.touched(state);
                lock.line().serve(now);
            }
        }
    }

    /**
     * Starts or ends draining an upstream: it takes no new exchanges, apart from those of sessions that it holds, and ends
     * those that it has. It goes on across a reload.
     *
     * @throws IllegalArgumentException if the pool has no upstream of that URL
     */
    public void drain(String url, boolean draining) {
        UpstreamState state = states.get(url);
        if (state == null) {
            throw new IllegalArgumentException("drain: \"" + url + "\" (expected: an upstream of \"" + pool.name()
                    + "\", one of " + states.keySet() + ")");
        }
        synchronized (lock) {
            state.drain(draining);
            lock.touched(state);
        }
    }

    /** Each upstream and, where it is so, why it can't be chosen. */
    public String describe(long now) {
        StringBuilder text = new StringBuilder();
        synchronized (lock) {
            primaries.describe(text, now);
            backups.describe(text, now);
        }
        return text.toString();
    }

    // ---- for the waiting line, under the lock ----

    PoolLock lock() {
        return lock;
    }

    @Nullable
    UpstreamState take(@Nullable Tried tried, long now, Variables request) {
        UpstreamState chosen = primaries.take(tried, now, request);
        return chosen != null ? chosen : backups.take(tried, now, request);
    }

    /** Returns a slot that was granted but never used. */
    void giveBack(UpstreamState state, long now) {
        state.released();
        lock.touched(state);
        lock.line().serve(now);
    }

    boolean hasRoom(long now) {
        return primaries.hasRoom(now) || backups.hasRoom(now);
    }

    private Transition judge(UpstreamState state, Verdict verdict, long now) {
        UpstreamGroup group = primaries.indexOf(state) >= 0 ? primaries : backups;
        int index = group.indexOf(state);
        if (group.isSingle() || index < 0 || verdict == Verdict.NEUTRAL) {
            // A pool of one is never taken out: there is nowhere else to go.
            return Transition.NONE;
        }
        if (verdict == Verdict.GOOD) {
            return state.succeeded() ? Transition.RETURNED : Transition.NONE;
        }
        group.balancer().failed(index, group);
        return state.failed(now) ? Transition.EJECTED : Transition.NONE;
    }

    /** The upstreams that one exchange has tried. */
    public static final class Tried {
        private final List<UpstreamState> states = new ArrayList<>(2);

        /** Nothing yet. */
        public Tried() {}

        /** Remembers one. */
        public void add(UpstreamState state) {
            states.add(state);
        }

        boolean contains(UpstreamState state) {
            for (int i = 0; i < states.size(); i++) {
                if (states.get(i) == state) {
                    return true;
                }
            }
            return false;
        }
    }
}
