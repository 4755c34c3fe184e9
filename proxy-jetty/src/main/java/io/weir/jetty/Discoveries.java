package io.weir.jetty;

import io.weir.ProxyConfig;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamDiscovery;
import io.weir.upstream.UpstreamPool;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The discoveries that run: those of the configuration in force, once the proxy has started. */
final class Discoveries {
    private static final Logger LOG = LoggerFactory.getLogger("io.weir.upstream");

    private final Sink sink;
    private final Map<String, Running> running = new HashMap<>();

    /** Takes what was found. */
    interface Sink {
        void found(UpstreamPool pool, UpstreamDiscovery discovery, List<Upstream> upstreams);
    }

    private record Running(UpstreamDiscovery discovery, AutoCloseable end) {}

    Discoveries(Sink sink) {
        this.sink = sink;
    }

    /** Starts those that are new in this configuration, ends those that it has no more. */
    synchronized void follow(ProxyConfig config) {
        Map<String, Running> before = Map.copyOf(running);
        for (Map.Entry<String, Running> entry : before.entrySet()) {
            UpstreamPool pool = config.pools().get(entry.getKey());
            if (pool == null || pool.discovery() != entry.getValue().discovery) {
                end(entry.getKey());
            }
        }
        for (UpstreamPool pool : config.pools().values()) {
            UpstreamDiscovery discovery = pool.discovery();
            if (discovery != null && !running.containsKey(pool.name())) {
                AutoCloseable end = discovery.start(found -> found(pool, discovery, found));
                running.put(pool.name(), new Running(discovery, end));
            }
        }
    }

    /** Ends all. */
    synchronized void close() {
        List.copyOf(running.keySet()).forEach(this::end);
    }

    private void found(UpstreamPool pool, UpstreamDiscovery discovery, List<Upstream> upstreams) {
        sink.found(pool, discovery, List.copyOf(upstreams));
        LOG.info("pool \"{}\" has the upstreams {}", pool.name(), upstreams);
    }

    private void end(String pool) {
        Running ended = running.remove(pool);
        if (ended == null) {
            return;
        }
        try {
            ended.end.close();
        } catch (Exception e) {
            LOG.warn("the discovery of pool \"{}\" did not end well", pool, e);
        }
    }
}
