package io.weir;

import io.weir.upstream.PoolStatus;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * How the pools of a proxy are doing. Each pool was looked at in one moment, all of them one after the other.
 *
 * @param pools the pools, by name
 */
public record ProxyStatus(List<PoolStatus> pools) {
    /** Keeps a copy. */
    public ProxyStatus {
        pools = List.copyOf(pools);
    }

    /** The pool of that name; null if there is none. */
    public @Nullable PoolStatus pool(String name) {
        for (PoolStatus pool : pools) {
            if (pool.name().equals(name)) {
                return pool;
            }
        }
        return null;
    }
}
