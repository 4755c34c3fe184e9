package io.weir.jetty.tls;

import io.weir.ProxyConfig;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamTls;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.util.component.LifeCycle;
import org.jspecify.annotations.Nullable;

/**
 * The TLS contexts of a configuration, by their settings. They are made before it is in force, so that a file that can't be
 * read keeps it out. A context whose files hold what they held before stays the same one, and so do its connections.
 */
public final class UpstreamSslContexts {
    private final Map<UpstreamTls, UpstreamSslContext> contexts = new ConcurrentHashMap<>();

    /**
     * Reads the files that a configuration names; blocks. Nothing changes if one can't be used. What only an older
     * configuration uses stays for its exchanges.
     *
     * @throws IllegalArgumentException naming the pool, the file and the cure
     */
    public void prepare(ProxyConfig config) {
        Map<UpstreamTls, UpstreamSslContext> prepared = new HashMap<>();
        for (UpstreamPool pool : config.pools().values()) {
            prepare(pool, prepared);
        }
        contexts.putAll(prepared);
    }

    /** The same for upstreams that a pool gets while it is in force. */
    public void prepare(UpstreamPool pool) {
        Map<UpstreamTls, UpstreamSslContext> prepared = new HashMap<>();
        prepare(pool, prepared);
        contexts.putAll(prepared);
    }

    /** Ready for that upstream of that pool; null if it speaks no TLS. */
    public @Nullable UpstreamSslContext of(UpstreamPool pool, Upstream upstream) {
        UpstreamTls settings = pool.tlsOf(upstream);
        if (settings == null) {
            return null;
        }
        UpstreamSslContext ready = contexts.get(settings);
        if (ready == null) {
            throw new IllegalStateException(upstream.url() + " was not prepared: " + settings);
        }
        return ready;
    }

    /** Forgets all. */
    public void close() {
        contexts.values().forEach(context -> LifeCycle.stop(context));
        contexts.clear();
    }

    private void prepare(UpstreamPool pool, Map<UpstreamTls, UpstreamSslContext> prepared) {
        if (pool.discovery() != null) {
            prepare("pool \"" + pool.name() + "\"", pool.tls(), prepared); // for who is found later
        }
        for (Upstream upstream : pool.upstreams()) {
            UpstreamTls settings = pool.tlsOf(upstream);
            if (settings != null) {
                prepare("pool \"" + pool.name() + "\", " + upstream.url(), settings, prepared);
            }
        }
    }

    private void prepare(String place, UpstreamTls settings, Map<UpstreamTls, UpstreamSslContext> prepared) {
        if (prepared.containsKey(settings)) {
            return;
        }
        UpstreamSslContext fresh;
        try {
            fresh = UpstreamSslContext.of(settings);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(place + ": " + e.getMessage(), e);
        }
        UpstreamSslContext present = contexts.get(settings);
        prepared.put(settings, present != null && present.isSameAs(fresh) ? present : fresh);
    }
}
