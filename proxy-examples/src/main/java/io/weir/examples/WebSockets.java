package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;

/**
 * Plain HTTP and WebSocket through one route, without the {@code map $http_upgrade $connection_upgrade} of nginx. A tunnel
 * that is silent in both directions is closed after an hour; said here only to show where.
 */
public final class WebSockets {
    private WebSockets() {}

    /** {@code /internal/} lets nobody upgrade. */
    public static ProxyConfig config(String upstream) {
        UpstreamPool app = UpstreamPool.of("app", upstream);
        return ProxyConfig.builder()
                .route(Route.any()
                        .timeouts(t -> t.tunnel(Duration.ofHours(1))) // proxy_read_timeout 3600s
                        .to(app))
                .route(Route.prefix("/internal/").noUpgrade().to(app))
                .build();
    }

    /** Runs until interrupted. */
    public static void main(String[] args) {
        JettyProxyServer.start(config("http://127.0.0.1:3000"), Integer.getInteger("port", 8080))
                .join();
    }
}
