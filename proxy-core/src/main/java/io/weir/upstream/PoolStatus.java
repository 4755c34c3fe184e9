package io.weir.upstream;

import java.util.List;

/**
 * How a pool is doing, at one moment.
 *
 * @param name its name
 * @param waiting exchanges that wait in its line for a slot
 * @param upstreams its upstreams, in order
 */
public record PoolStatus(String name, int waiting, List<UpstreamStatus> upstreams) {
    /** Keeps a copy. */
    public PoolStatus {
        upstreams = List.copyOf(upstreams);
    }

    /** Upstreams that take new exchanges. */
    public long ready() {
        return upstreams.stream()
                .filter(one -> one.standing() == UpstreamStatus.Standing.READY)
                .count();
    }
}
