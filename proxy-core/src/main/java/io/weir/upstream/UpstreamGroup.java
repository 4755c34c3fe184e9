package io.weir.upstream;

import io.weir.http.Variables;
import java.time.Duration;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** The servers of a pool, or its backups: who of them can be chosen, and who is. Guarded by the pool's lock. */
final class UpstreamGroup implements Candidates {
    private final PoolLock lock;
    private final UpstreamState[] states;
    private final Upstream[] upstreams;
    private final Loads loads;
    private final boolean single;
    private final PoolHealth health;
    private final RandomGenerator random;
    private final BalancingStrategy balancing;
    private final Balancer balancer;

    /** Those that can be chosen whatever the time, as of {@link #seen}. */
    private final boolean[] ready;

    private int readyCount;
    /** Those for which time or chance has to be asked, as of then. */
    private final BitSet doubtful = new BitSet();

    private int seen;

    /** What one choice is about. */
    private final boolean[] eligible;

    private int eligibleCount;
    private final BitSet spared = new BitSet();
    private int tried;

    /** The chance of those that start slowly; drawn anew for each pick. */
    private long chance;

    /**
     * @param single whether these are all that the pool has, and only one: it is never taken out
     * @param before whose place it takes; null if it is new
     */
    UpstreamGroup(
            PoolLock lock,
            List<UpstreamState> states,
            boolean single,
            PoolHealth health,
            BalancingStrategy balancing,
            RandomGenerator random,
            @Nullable UpstreamGroup before) {
        this.lock = lock;
        this.states = states.toArray(UpstreamState[]::new);
        this.single = single;
        this.health = health;
        this.random = random;
        ready = new boolean[states.size()];
        eligible = new boolean[states.size()];
        upstreams = states.stream().map(UpstreamState::upstream).toArray(Upstream[]::new);
        if (single) {
            this.states[0].forgetFailures();
        }
        loads = new Loads(states.size());
        for (int i = 0; i < this.states.length; i++) {
            this.states[i].countIn(loads, i);
            lock.touched(this.states[i]);
        }
        seen = lock.changes() - 1;
        chance = random.nextLong();
        this.balancing = balancing;
        balancer = before != null && isLike(before)
                ? before.balancer
                : Objects.requireNonNull(balancing.start(this, random), "balancer");
    }

    /** Whether a cursor over the other group means the same in this one. */
    private boolean isLike(UpstreamGroup other) {
        if (balancing != other.balancing || !Arrays.equals(states, other.states)) {
            return false;
        }
        for (int i = 0; i < upstreams.length; i++) {
            if (upstreams[i].weight() != other.upstreams[i].weight()) {
                return false;
            }
        }
        return true;
    }

    UpstreamState state(int index) {
        return states[index];
    }

    boolean isSingle() {
        return single;
    }

    /** The index of the next one, −1 if there is none. Changes nothing. */
    int choose(PoolState.@Nullable Tried tried, long now, Variables request) {
        if (!findEligible(tried, now)) {
            return -1;
        }
        int index = balancer.choose(this, request);
        return index >= 0 && index < eligible.length && eligible[index] ? index : -1;
    }

    /** Takes a slot at the one that {@link #choose} has just given. */
    UpstreamState take(int index, long now) {
        balancer.chosen(index, this);
        if (!doubtful.isEmpty()) {
            chance = random.nextLong();
        }
        states[index].taken(now);
        lock.touched(states[index]);
        return states[index];
    }

    void failed(int index) {
        balancer.failed(index, this);
    }

    void answered(int index, long headNanos) {
        balancer.answered(index, headNanos, this);
    }

    /** Whether there is one that an exchange which tried nothing yet could take. */
    boolean hasRoom(long now) {
        return findEligible(null, now);
    }

    /** Whether there is one that only its limit keeps from being chosen. */
    boolean isLimited(PoolState.@Nullable Tried tried, long now) {
        for (UpstreamState state : states) {
            if (state.isFull() && !state.isDraining() && isUsable(state, tried, now)) {
                return true;
            }
        }
        return false;
    }

    /** Whether neither its health nor this exchange's past speaks against it. */
    boolean isUsable(UpstreamState state, PoolState.@Nullable Tried tried, long now) {
        return !state.upstream().isDown() && !isOut(state, now) && (tried == null || !tried.contains(state));
    }

    /** Whether its health keeps it out. Failures never do where there is nowhere else to go; probes, which were asked for, do. */
    private boolean isOut(UpstreamState state, long now) {
        return single ? state.isIll() && !health.isIgnored(now) : health.isOut(state, now);
    }

    /** Why that one can't be chosen by an exchange that has tried those; null if it can. */
    @Nullable
    String obstacle(int index, PoolState.@Nullable Tried tried, long now) {
        UpstreamState state = states[index];
        if (state.upstream().isDown()) {
            return "down";
        }
        if (isOut(state, now)) {
            return "out: " + state.reason();
        }
        if (state.isDraining()) {
            return "draining";
        }
        if (state.isFull()) {
            return "at its limit of " + state.upstream().maxConnections();
        }
        return tried != null && tried.contains(state) ? "tried" : null;
    }

    /** Its URL and, where it is so, why it can't be chosen. */
    String describe(int index, PoolState.@Nullable Tried tried, long now) {
        Upstream upstream = upstreams[index];
        String obstacle = obstacle(index, tried, now);
        String note = obstacle == null && upstream.isBackup() ? "backup" : obstacle;
        return note == null ? upstream.url() : upstream.url() + " (" + note + ")";
    }

    /** How it is doing. */
    UpstreamStatus status(int index, long now) {
        UpstreamState state = states[index];
        UpstreamStatus.Standing standing = standingOf(state, now);
        return new UpstreamStatus(
                state.upstream().url(),
                state.upstream().isBackup(),
                standing,
                standing == UpstreamStatus.Standing.EJECTED ? Duration.ofNanos(state.ejectedFor(now)) : null,
                state.load(),
                state.fails(),
                state.reason());
    }

    private UpstreamStatus.Standing standingOf(UpstreamState state, long now) {
        if (state.upstream().isDown()) {
            return UpstreamStatus.Standing.DOWN;
        }
        if (state.isIll()) {
            return UpstreamStatus.Standing.ILL;
        }
        if (!single && state.isEjected(now)) {
            return UpstreamStatus.Standing.EJECTED;
        }
        if (state.isDraining()) {
            return UpstreamStatus.Standing.DRAINING;
        }
        return state.isFull() ? UpstreamStatus.Standing.FULL : UpstreamStatus.Standing.READY;
    }

    private boolean findEligible(PoolState.@Nullable Tried tried, long now) {
        sortAgain();
        System.arraycopy(ready, 0, eligible, 0, ready.length);
        eligibleCount = readyCount;
        if (!doubtful.isEmpty()) {
            lookCloser(now);
        }
        this.tried = 0;
        if (tried != null) {
            leaveOut(tried);
        }
        if (eligibleCount == 0) {
            // Starting slowly is for those whose share others can take.
            spared.stream().forEach(this::letIn);
        }
        return eligibleCount > 0;
    }

    private void lookCloser(long now) {
        spared.clear();
        for (int i = doubtful.nextSetBit(0); i >= 0; i = doubtful.nextSetBit(i + 1)) {
            if (isOut(states[i], now)) {
                continue;
            }
            if (Chance.fraction(chance, i) < states[i].share(now)) {
                letIn(i);
            } else {
                spared.set(i);
            }
            lock.touched(states[i]);
        }
    }

    private void leaveOut(PoolState.Tried tried) {
        for (int i = 0; i < states.length; i++) {
            if (!tried.contains(states[i])) {
                continue;
            }
            this.tried++;
            spared.clear(i);
            if (eligible[i]) {
                eligible[i] = false;
                eligibleCount--;
            }
        }
    }

    private void letIn(int index) {
        eligible[index] = true;
        eligibleCount++;
    }

    /** Sorts the upstreams again if the standing of any has changed: rare, so that a choice need not look at them all. */
    private void sortAgain() {
        if (seen == lock.changes()) {
            return;
        }
        seen = lock.changes();
        readyCount = 0;
        doubtful.clear();
        spared.clear();
        for (int i = 0; i < states.length; i++) {
            UpstreamState.Standing standing = states[i].standing();
            ready[i] = standing == UpstreamState.Standing.READY;
            readyCount += ready[i] ? 1 : 0;
            doubtful.set(i, standing == UpstreamState.Standing.DOUBTFUL);
        }
    }

    @Override
    public int size() {
        return states.length;
    }

    @Override
    public Upstream upstream(int index) {
        return upstreams[index];
    }

    @Override
    public boolean isEligible(int index) {
        return eligible[index];
    }

    @Override
    public int inFlight(int index) {
        return loads.areComplete() ? loads.of(index) : states[index].load();
    }

    @Override
    public int tried() {
        return tried;
    }
}
