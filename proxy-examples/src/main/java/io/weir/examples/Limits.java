package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.ConnectionLimit;
import io.weir.middleware.RateLimit;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;

/**
 * How much one client may ask for: requests by rate, requests at the same time, bytes, connections. Too many requests are
 * answered with 429 and the time to wait, too many at once with 503, too long a body with 413.
 */
public final class Limits {
    private Limits() {}

    /** Each limit counts by the client's address, after trusted proxies. */
    public static ProxyConfig config(String upstream) {
        UpstreamPool app = UpstreamPool.of("app", upstream);
        return ProxyConfig.builder()
                .limits(l -> l.withRequestBody(10 << 20)) // client_max_body_size 10m
                .use(RateLimit.of(100, Duration.ofSeconds(1)).burst(200).nodelay())
                .route(Route.any().to(app))
                .route(Route.exact("/login") // limit_req rate=5r/m, burst=5 nodelay
                        .use(RateLimit.of(5, Duration.ofMinutes(1)).burst(5).nodelay())
                        .to(app))
                .route(Route.prefix("/download/")
                        .use(ConnectionLimit.of(2)) // limit_conn 2
                        .to(app))
                .build();
    }

    /** Runs until interrupted, with no more connections than that at a time. */
    public static void main(String[] args) {
        JettyProxyServer.builder(config("http://127.0.0.1:3000"))
                .listen(Integer.getInteger("port", 8080))
                .maxConnections(10_000)
                .start()
                .join();
    }
}
