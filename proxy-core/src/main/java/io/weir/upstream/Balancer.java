package io.weir.upstream;

import io.weir.http.Variables;

/**
 * The live cursor of a {@link BalancingStrategy} over one group of upstreams. Called under the pool's lock: it must not
 * block and needs no locks of its own.
 */
public interface Balancer {
    /**
     * The index of the upstream to use among those that are {@linkplain Candidates#isEligible eligible}, or −1 if none
     * is. Changes nothing: {@code explain} asks too.
     */
    int choose(Candidates group, Variables request);

    /** That one was taken. */
    default void chosen(int index, Candidates group) {}

    /** That one failed. */
    default void failed(int index, Candidates group) {}
}
