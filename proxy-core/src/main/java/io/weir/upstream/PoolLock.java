package io.weir.upstream;

/**
 * The lock that the states of a pool before and after a reload share, with what else they share: upstreams that outlive
 * the reload are in both, and so are those who wait for them.
 */
final class PoolLock {
    private final WaitingLine line = new WaitingLine();
    private int changes;

    WaitingLine line() {
        return line;
    }

    /** Counts whenever the {@linkplain UpstreamState#standing() standing} of an upstream changes. */
    int changes() {
        return changes;
    }

    /** To be called after everything that may have changed what stands in the way of choosing that upstream. */
    void touched(UpstreamState state) {
        if (state.settle()) {
            changes++;
        }
    }
}
