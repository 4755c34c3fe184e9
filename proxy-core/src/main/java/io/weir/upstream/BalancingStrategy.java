package io.weir.upstream;

/** How a pool chooses its next upstream. A strategy is a value that many pools may share; {@link #start} makes its live cursor. */
@FunctionalInterface
public interface BalancingStrategy {
    /** A cursor for one group of upstreams. */
    Balancer start(Candidates group);

    /**
     * nginx's smooth weighted round robin: weights 5, 1, 1 give a a b a c a a. An upstream that fails loses weight and
     * gains it back by one a pick.
     */
    static BalancingStrategy roundRobin() {
        return RoundRobin::new;
    }
}
