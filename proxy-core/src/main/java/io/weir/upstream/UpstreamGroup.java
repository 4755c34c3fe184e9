package io.weir.upstream;

import io.weir.http.Variables;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The servers of a pool, or its backups: who of them can be chosen, and who is. Guarded by the pool's lock. */
final class UpstreamGroup implements Candidates {
    private final PoolLock lock;
    private final UpstreamState[] states;
    private final Upstream[] upstreams;
    private final boolean single;
    private final Balancer balancer;

    /** Those that can be chosen whatever the time, and those for which it has to be asked. Both as of {@link #seen}. */
    private final BitSet ready = new BitSet();

    private final BitSet doubtful = new BitSet();
    private int seen;

    /** What one choice is about. */
    private final BitSet eligible = new BitSet();

    UpstreamGroup(PoolLock lock, List<UpstreamState> states, boolean single, BalancingStrategy balancing) {
        this.lock = lock;
        this.states = states.toArray(UpstreamState[]::new);
        this.single = single;
        upstreams = states.stream().map(UpstreamState::upstream).toArray(Upstream[]::new);
        if (single) {
            this.states[0].forgetFailures();
        }
        for (UpstreamState state : this.states) {
            lock.touched(state);
        }
        seen = lock.changes() - 1;
        balancer = Objects.requireNonNull(balancing.start(this), "balancer");
    }

    Balancer balancer() {
        return balancer;
    }

    boolean isSingle() {
        return single;
    }

    @Nullable
    UpstreamState take(PoolState.@Nullable Tried tried, long now, Variables request) {
        UpstreamState chosen = choose(tried, now, request);
        if (chosen != null) {
            balancer.chosen(indexOf(chosen), this);
            chosen.taken(now);
            lock.touched(chosen);
        }
        return chosen;
    }

    /** The next one. Changes nothing. */
    @Nullable
    UpstreamState choose(PoolState.@Nullable Tried tried, long now, Variables request) {
        if (!findEligible(tried, now)) {
            return null;
        }
        int index = balancer.choose(this, request);
        return index >= 0 && eligible.get(index) ? states[index] : null;
    }

    /** Whether there is one that an exchange which tried nothing yet could take. */
    boolean hasRoom(long now) {
        return findEligible(null, now);
    }

    /** Whether there is one that only its limit keeps from being chosen. */
    boolean isLimited(PoolState.@Nullable Tried tried, long now) {
        for (UpstreamState state : states) {
            boolean usable = !state.upstream().isDown()
                    && !state.isDraining()
                    && (single || !state.isEjected(now))
                    && (tried == null || !tried.contains(state));
            if (usable && state.isFull()) {
                return true;
            }
        }
        return false;
    }

    int indexOf(UpstreamState state) {
        for (int i = 0; i < states.length; i++) {
            if (states[i] == state) {
                return i;
            }
        }
        return -1;
    }

    private boolean findEligible(PoolState.@Nullable Tried tried, long now) {
        lookAgain();
        eligible.clear();
        eligible.or(ready);
        for (int i = doubtful.nextSetBit(0); i >= 0; i = doubtful.nextSetBit(i + 1)) {
            if (single || !states[i].isEjected(now)) {
                eligible.set(i);
            }
        }
        if (tried != null) {
            for (int i = eligible.nextSetBit(0); i >= 0; i = eligible.nextSetBit(i + 1)) {
                if (tried.contains(states[i])) {
                    eligible.clear(i);
                }
            }
        }
        return !eligible.isEmpty();
    }

    /** Sorts the upstreams again if the standing of any has changed: rare, so that a choice need not look at them all. */
    private void lookAgain() {
        if (seen == lock.changes()) {
            return;
        }
        seen = lock.changes();
        for (int i = 0; i < states.length; i++) {
            ready.set(i, states[i].standing() == UpstreamState.Standing.READY);
            doubtful.set(i, states[i].standing() == UpstreamState.Standing.DOUBTFUL);
        }
    }

    void describe(StringBuilder text, long now) {
        for (UpstreamState state : states) {
            if (text.length() > 0) {
                text.append(", ");
            }
            text.append(state.upstream().url());
            if (state.upstream().isDown()) {
                text.append(" (down)");
            } else if (!single && state.isEjected(now)) {
                text.append(" (out after ").append(state.fails()).append(" failures)");
            } else if (state.isDraining()) {
                text.append(" (draining)");
            } else if (state.isFull()) {
                text.append(" (at its limit of ")
                        .append(state.upstream().maxConnections())
                        .append(")");
            } else if (state.upstream().isBackup()) {
                text.append(" (backup)");
            }
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
        return eligible.get(index);
    }

    @Override
    public int inFlight(int index) {
        return states[index].inFlight();
    }
}
