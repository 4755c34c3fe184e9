package io.weir.upstream;

import io.weir.http.Variables;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
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
    private final Object lock;
    private final Map<String, UpstreamState> states;
    private final Group primaries;
    private final Group backups;
    private final RetryBudget retryBudget;

    /** Live state for a pool that is new. */
    public PoolState(UpstreamPool pool) {
        this(pool, null);
    }

    /** Live state for a pool that takes the place of {@code before}: upstreams with the same URL keep their state. */
    public PoolState(UpstreamPool pool, @Nullable PoolState before) {
        this.pool = pool;
        lock = before == null ? new Object() : before.lock;
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
            primaries = new Group(first, first.size() == 1 && second.isEmpty());
            backups = new Group(second, false);
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
     * Takes a slot at the next upstream, or returns null if none can be tried.
     *
     * @param tried what this exchange tried before; null for nothing
     * @param now monotonic nanoseconds
     * @param request what the strategy may look at
     */
    public @Nullable UpstreamState acquire(@Nullable Tried tried, long now, Variables request) {
        synchronized (lock) {
            UpstreamState chosen = primaries.take(tried, now, request);
            return chosen != null ? chosen : backups.take(tried, now, request);
        }
    }

    /** Which upstream {@link #acquire} would take now. Changes nothing. */
    public @Nullable UpstreamState peek(long now, Variables request) {
        synchronized (lock) {
            int index = primaries.choose(null, now, request);
            if (index >= 0) {
                return primaries.states[index];
            }
            index = backups.choose(null, now, request);
            return index < 0 ? null : backups.states[index];
        }
    }

    /** Takes one more slot at that upstream, for the same exchange, after a kept connection turned out closed. */
    public void reacquire(UpstreamState state, long now) {
        synchronized (lock) {
            state.taken(now);
        }
    }

    /** Gives a slot back, with what the attempt says about the upstream. */
    public Transition release(UpstreamState state, Verdict verdict, long now) {
        synchronized (lock) {
            state.released();
            Group group = primaries.indexOf(state) >= 0 ? primaries : backups;
            int index = group.indexOf(state);
            if (group.single || index < 0 || verdict == Verdict.NEUTRAL) {
                // A pool of one is never taken out: there is nowhere else to go.
                return Transition.NONE;
            }
            if (verdict == Verdict.GOOD) {
                return state.succeeded() ? Transition.RETURNED : Transition.NONE;
            }
            group.balancer.failed(index, group);
            return state.failed(now) ? Transition.EJECTED : Transition.NONE;
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

    /** The servers of a pool, or its backups. Its last three fields say what one choice is about. */
    private final class Group implements Candidates {
        private final UpstreamState[] states;
        private final BitSet eligible = new BitSet();
        private final boolean single;
        private final Balancer balancer;

        Group(List<UpstreamState> states, boolean single) {
            this.states = states.toArray(UpstreamState[]::new);
            this.single = single;
            if (single) {
                this.states[0].forgetFailures();
            }
            balancer = Objects.requireNonNull(pool.balancing().start(this), "balancer");
        }

        @Nullable
        UpstreamState take(@Nullable Tried tried, long now, Variables request) {
            int index = choose(tried, now, request);
            if (index < 0) {
                return null;
            }
            balancer.chosen(index, this);
            states[index].taken(now);
            return states[index];
        }

        int choose(@Nullable Tried tried, long now, Variables request) {
            eligible.clear();
            for (int i = 0; i < states.length; i++) {
                UpstreamState state = states[i];
                if (!state.upstream().isDown()
                        && (single || !state.isEjected(now))
                        && (tried == null || !tried.contains(state))) {
                    eligible.set(i);
                }
            }
            if (eligible.isEmpty()) {
                return -1;
            }
            int index = balancer.choose(this, request);
            return index >= 0 && eligible.get(index) ? index : -1;
        }

        int indexOf(UpstreamState state) {
            for (int i = 0; i < states.length; i++) {
                if (states[i] == state) {
                    return i;
                }
            }
            return -1;
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
            return states[index].upstream();
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
}
