package io.weir.upstream;

import io.weir.http.Variables;

/**
 * The live cursor of a {@link BalancingStrategy} over one group of upstreams. Called under the pool's lock: it must not
 * block and needs no locks of its own.
 */
public interface Balancer {
    /**
     * The index of the upstream to use among those that are {@linkplain Candidates#isEligible eligible}, or −1 if none
     * is. Changes nothing that a later choice would notice: {@code explain} asks too. Chance is therefore drawn in
     * {@link #chosen}, for the next choice.
     */
    int choose(Candidates group, Variables request);

    /** That one was taken. Follows the {@link #choose} that gave it; nothing has changed in between. */
    default void chosen(int index, Candidates group) {}

    /** That one failed. */
    default void failed(int index, Candidates group) {}

    /** The head of that one's answer took so long. Not told of answers that say it is ill (5xx). */
    default void answered(int index, long headNanos, Candidates group) {}
}
