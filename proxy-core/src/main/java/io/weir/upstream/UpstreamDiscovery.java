package io.weir.upstream;

import java.util.List;
import java.util.function.Consumer;

/**
 * Finds the upstreams of a pool while the proxy runs: in a registry, a file, an API of the platform. The pool begins with
 * those it was built with. Upstreams whose URL stays keep slots, failures and connections; one that is gone gets no new
 * exchange, ends those it has, and its idle connections close.
 *
 * <p>Names that have several addresses need none of this, see {@link AddressResolver}. SRV records are not read by Weir: a
 * discovery can ask for them with a DNS library of its choice.
 */
@FunctionalInterface
public interface UpstreamDiscovery {
    /**
     * Begins to look, when the proxy starts or a reload brings a pool with this discovery; must not block. A reload that
     * keeps this same object in the pool keeps it running.
     *
     * @param found takes all upstreams of the pool, whenever they may have changed, on any thread but not at the same
     *     time; it blocks while files of TLS settings are read. It throws IllegalArgumentException, and leaves the pool as
     *     it is, if the list is empty, names a URL twice, or has a path that is not the pool's
     * @return ends it: called once, when the proxy stops or a reload drops it; what is found later is ignored
     */
    AutoCloseable start(Consumer<List<Upstream>> found);
}
