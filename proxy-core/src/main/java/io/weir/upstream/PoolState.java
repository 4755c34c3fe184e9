package io.weir.upstream;

import io.weir.http.ProxyError;
import io.weir.http.ResponseHead;
import io.weir.http.Variables;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.StringJoiner;
import java.util.random.RandomGenerator;
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

    private final UpstreamPool pool;
    private final PoolLock lock;
    private final Map<String, UpstreamState> states = new LinkedHashMap<>();
    private final Map<UpstreamState, Place> places = new IdentityHashMap<>();
    /** The servers, and the backups, whose turn it is only when no server can be chosen. */
    private final List<UpstreamGroup> groups;

    private final RetryBudget retryBudget;

    private final Sessions sessions;
    private final PoolHealth health;

    /** Live state for a pool that is new, with the same chance each time: for tests. */
    PoolState(UpstreamPool pool) {
        this(pool, null);
    }

    /** Live state for a pool that takes the place of {@code before}, with the same chance each time: for tests. */
    PoolState(UpstreamPool pool, @Nullable PoolState before) {
        this(pool, before, new SplittableRandom(0));
    }

    /**
     * Live state for a pool that takes the place of {@code before}: upstreams with the same URL keep their state, and new
     * ones start slowly if they are to.
     *
     * @param before null if the pool is new
     * @param random all chance there is; used under this pool's lock only
     */
    public PoolState(UpstreamPool pool, @Nullable PoolState before, RandomGenerator random) {
        this.pool = pool;
        lock = before == null ? new PoolLock() : before.lock;
        retryBudget = before == null ? new RetryBudget() : before.retryBudget;
        synchronized (lock) {
            List<UpstreamState> first = new ArrayList<>();
            List<UpstreamState> second = new ArrayList<>();
            for (Upstream upstream : pool.upstreams()) {
                UpstreamState state = stateOf(upstream, before);
                states.put(upstream.url(), state);
                (upstream.isBackup() ? second : first).add(state);
            }
            health = new PoolHealth(pool, lock, states.values(), random);
            boolean single = first.size() == 1 && second.isEmpty();
            List<UpstreamGroup> earlier = before == null ? List.of() : before.groups;
            UpstreamGroup servers = group(first, single, random, earlier.isEmpty() ? null : earlier.get(0));
            groups = second.isEmpty()
                    ? List.of(servers)
                    : List.of(servers, group(second, false, random, earlier.size() < 2 ? null : earlier.get(1)));
            sessions = new Sessions(pool, states.values(), before == null ? null : before.sessions);
        }
    }

    private static UpstreamState stateOf(Upstream upstream, @Nullable PoolState before) {
        UpstreamState known = before == null ? null : before.states.get(upstream.url());
        if (known != null) {
            known.configure(upstream);
            return known;
        }
        UpstreamState joined = new UpstreamState(upstream);
        if (before != null) {
            joined.startWarmingOnceAsked();
        }
        return joined;
    }

    private UpstreamGroup group(
            List<UpstreamState> members, boolean single, RandomGenerator random, @Nullable UpstreamGroup before) {
        UpstreamGroup group = new UpstreamGroup(lock, members, single, health, pool.balancing(), random, before);
        for (int i = 0; i < members.size(); i++) {
            places.put(members.get(i), new Place(group, i));
        }
        return group;
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
     * limit, {@link ProxyError#SESSION_UNAVAILABLE} if the only one that may be tried can't, else
     * {@link ProxyError#UPSTREAM_UNAVAILABLE}.
     */
    public ProxyError refusal(@Nullable Tried tried, long now, Variables request) {
        synchronized (lock) {
            UpstreamState holder = sessions.isStrict() ? holder(request, now) : null;
            if (holder != null) {
                return isUsable(holder, tried, now) ? ProxyError.CONNECTION_LIMIT : ProxyError.SESSION_UNAVAILABLE;
            }
            for (UpstreamGroup group : groups) {
                if (group.isLimited(tried, now)) {
                    return ProxyError.CONNECTION_LIMIT;
                }
            }
            return ProxyError.UPSTREAM_UNAVAILABLE;
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
            if (!isWorthAWait(tried, now, request)) {
                return null;
            }
            lock.line().add(ticket);
            return ticket;
        }
    }

    /** Whether {@link #lineUp} would let an exchange wait that {@link #peek} has nothing for. Changes nothing. */
    public boolean wouldWait(long now, Variables request) {
        synchronized (lock) {
            return isWorthAWait(null, now, request);
        }
    }

    private boolean isWorthAWait(@Nullable Tried tried, long now, Variables request) {
        return lock.line().length() < pool.queue().length()
                && refusal(tried, now, request) == ProxyError.CONNECTION_LIMIT;
    }

    /** Grants those who wait what time alone has brought: an upstream may be tried again. */
    public void serve(long now) {
        synchronized (lock) {
            lock.line().serve(now);
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
            UpstreamState holder = holder(request, now);
            if (holder != null && (canServe(holder, null, now) || sessions.isStrict())) {
                return canServe(holder, null, now) ? holder : null;
            }
            for (UpstreamGroup group : groups) {
                int index = group.choose(null, now, request);
                if (index >= 0) {
                    return group.state(index);
                }
            }
            return null;
        }
    }

    /**
     * Gives a slot back, with what the attempt says about the upstream. It goes to whoever waits first.
     *
     * @param cause what was wrong, if it is {@link Verdict#BAD}
     * @return null if the upstream is neither taken out nor back through this
     */
    public @Nullable HealthTransition release(UpstreamState state, Verdict verdict, String cause, long now) {
        synchronized (lock) {
            state.released();
            try {
                return judge(state, verdict, cause, now);
            } finally {
                lock.touched(state);
                lock.line().serve(now);
            }
        }
    }

    /** The same without a word on the cause. */
    public @Nullable HealthTransition release(UpstreamState state, Verdict verdict, long now) {
        return release(state, verdict, "no cause was told", now);
    }

    /** Who is out and who is back, and when to probe whom. */
    public PoolHealth health() {
        return health;
    }

    /** How it is doing. */
    public PoolStatus status(long now) {
        synchronized (lock) {
            List<UpstreamStatus> upstreams = new ArrayList<>();
            for (UpstreamState state : states.values()) {
                Place place = places.get(state);
                if (place != null) {
                    upstreams.add(place.group.status(place.index, now));
                }
            }
            return new PoolStatus(pool.name(), lock.line().length(this), upstreams);
        }
    }

    /**
     * Starts or ends draining an upstream: it takes no new exchanges, apart from those of sessions that it holds, and ends
     * those that it has. It goes on across a reload. Who waits may get a slot where it ends: see {@link #wakeWaiting}.
     *
     * @throws IllegalArgumentException if the pool has no upstream of that URL
     */
    public void drain(String url, boolean draining, long now) {
        UpstreamState state = states.get(url);
        if (state == null) {
            throw new IllegalArgumentException("drain: \"" + url + "\" (expected: an upstream of \"" + pool.name()
                    + "\", one of " + states.keySet() + ")");
        }
        synchronized (lock) {
            state.drain(draining);
            lock.touched(state);
            lock.line().serve(now);
        }
    }

    /**
     * The head of its answer is in; the strategy hears how long it took, unless it says that the upstream is ill.
     *
     * @param headNanos from the start of the attempt on
     */
    public void answered(UpstreamState state, ResponseHead head, long headNanos) {
        synchronized (lock) {
            Place place = places.get(state);
            if (place != null && head.status() < 500) {
                place.group.answered(place.index, headNanos);
            }
        }
    }

    /** The head as the client gets it, with word of the session where Weir issues one; learns of one that others issue. */
    public ResponseHead keepSession(UpstreamState state, Variables request, ResponseHead head, long now) {
        if (sessions.areOff()) {
            return head;
        }
        synchronized (lock) {
            return sessions.answered(state, request.request().headers(), head, now);
        }
    }

    /** Each upstream and, where it is so, why it can't be chosen. */
    public String describe(long now) {
        return describe(null, now);
    }

    /** Each upstream and, where it is so, why an exchange that has tried those can't choose it. */
    public String describe(@Nullable Tried tried, long now) {
        StringJoiner text = new StringJoiner(", ");
        synchronized (lock) {
            for (UpstreamGroup group : groups) {
                for (int i = 0; i < group.size(); i++) {
                    text.add(group.describe(i, tried, now));
                }
            }
        }
        return text.toString();
    }

    /** Each upstream in order, servers before backups, and how it stands: {@code http://10.0.0.1 (ready)}. */
    public List<String> standings(long now) {
        List<String> standings = new ArrayList<>();
        synchronized (lock) {
            for (UpstreamGroup group : groups) {
                for (int i = 0; i < group.size(); i++) {
                    String described = group.describe(i, null, now);
                    standings.add(described.endsWith(")") ? described : described + " (ready)");
                }
            }
        }
        return standings;
    }

    /** Those that can't be chosen now, each with the reason: {@code http://10.0.0.1 (draining)}. */
    public List<String> obstacles(long now) {
        List<String> obstacles = new ArrayList<>();
        synchronized (lock) {
            for (UpstreamGroup group : groups) {
                for (int i = 0; i < group.size(); i++) {
                    if (group.obstacle(i, null, now) != null) {
                        obstacles.add(group.describe(i, null, now));
                    }
                }
            }
        }
        return obstacles;
    }

    // ---- for the waiting line, under the lock ----

    PoolLock lock() {
        return lock;
    }

    /** Takes a slot at the session's upstream, or else at the one whose turn it is. */
    @Nullable
    UpstreamState take(@Nullable Tried tried, long now, Variables request) {
        UpstreamState holder = holder(request, now);
        if (holder != null && canServe(holder, tried, now)) {
            holder.taken(now);
            lock.touched(holder);
            return holder;
        }
        if (holder != null && sessions.isStrict()) {
            return null;
        }
        for (UpstreamGroup group : groups) {
            int index = group.choose(tried, now, request);
            if (index >= 0) {
                return group.take(index, now);
            }
        }
        return null;
    }

    /** Returns a slot that was granted but never used. */
    void giveBack(UpstreamState state, long now) {
        state.released();
        lock.touched(state);
        lock.line().serve(now);
    }

    /** When the next upstream that failures keep out may be tried again, or at that time if none sooner. */
    long nextReturn(long atLatest, long now) {
        long soonest = atLatest - now;
        for (UpstreamState state : states.values()) {
            if (state.isEjected(now)) {
                soonest = Math.min(soonest, state.ejectedFor(now) + 1); // it is out to the last nanosecond
            }
        }
        return now + soonest;
    }

    /** Whether it is worth asking others after one who waits could take nothing. */
    boolean hasRoom(long now) {
        if (sessions.isStrict()) {
            return true; // each may wait for an upstream of its own, even for one that drains
        }
        for (UpstreamGroup group : groups) {
            if (group.hasRoom(now)) {
                return true;
            }
        }
        return false;
    }

    /** The upstream of the request's session; null if there is none, or none any more. */
    private @Nullable UpstreamState holder(Variables request, long now) {
        UpstreamState holder =
                sessions.areOff() ? null : sessions.holder(request.request().headers(), now);
        return places.containsKey(holder) ? holder : null;
    }

    private boolean canServe(UpstreamState holder, @Nullable Tried tried, long now) {
        return !holder.isFull() && isUsable(holder, tried, now);
    }

    private boolean isUsable(UpstreamState holder, @Nullable Tried tried, long now) {
        Place place = places.get(holder);
        return place != null && place.group.isUsable(holder, tried, now);
    }

    private @Nullable HealthTransition judge(UpstreamState state, Verdict verdict, String cause, long now) {
        Place place = places.get(state);
        if (place == null || place.group.isSingle() || verdict == Verdict.NEUTRAL) {
            // Failures never take a pool of one out: there is nowhere else to go.
            return null;
        }
        if (verdict == Verdict.GOOD) {
            return health.answeredWell(state, now);
        }
        place.group.failed(place.index);
        return health.failed(state, cause, now);
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

    /** Where an upstream stands in this pool. */
    private record Place(UpstreamGroup group, int index) {}
}
