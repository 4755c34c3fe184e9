package io.weir.upstream;

/** A group of upstreams as a {@link Balancer} sees it: the pool's servers, or its backups. */
public interface Candidates {
    /** How many there are, eligible or not. */
    int size();

    /** The configured upstream at that index. */
    Upstream upstream(int index);

    /**
     * Whether it may be chosen now: not down, not ejected, not draining, below its limit, not tried before for this
     * request. One that {@linkplain Upstream#slowStart starts slowly} takes part in some choices only.
     */
    boolean isEligible(int index);

    /** Exchanges that use it now. */
    int inFlight(int index);

    /** How many upstreams of this group the exchange has tried before. */
    int tried();
}
