package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.body.Buffering;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;

/**
 * Clocks and buffers for each kind of path of one application. What a route does not say it has from the site, then from
 * the proxy; {@code explain} lists the clocks that hold.
 */
public final class ClocksAndBuffers {
    private ClocksAndBuffers() {}

    /** {@code patience} is how long a page may take; a route of its own may say otherwise. */
    public static ProxyConfig config(String upstream, Duration patience) {
        UpstreamPool app = UpstreamPool.of("app", upstream);
        return ProxyConfig.builder()
                .timeouts(t -> t.connect(Duration.ofSeconds(3)).read(patience)) // proxy_connect_, proxy_read_timeout
                .route(Route.any().to(app))
                .route(Route.prefix("/reports/") // long to make, and big: slow clients don't hold the application up
                        .timeouts(t -> t.read(Duration.ofMinutes(5)))
                        .buffering(Buffering.on(64 << 10, 1 << 30)) // proxy_buffering on; 64 KiB, then a file of 1 GiB
                        .to(app))
                .route(Route.prefix("/events/") // silent for long, and then at once
                        .timeouts(t -> t.read(Duration.ofHours(1)).firstByte(Duration.ofSeconds(30)))
                        .buffering(Buffering.off()) // the default, said only to show where
                        .to(app))
                .route(Route.prefix("/upload/") // read whole before the application hears of it
                        .timeouts(t -> t.clientBody(Duration.ofMinutes(2)))
                        .requestBuffering(Buffering.on(64 << 10, 100 << 20)) // proxy_request_buffering on; else 413
                        .to(app))
                .build();
    }

    /** Runs until interrupted. */
    public static void main(String[] args) {
        JettyProxyServer.start(
                        config("http://127.0.0.1:3000", Duration.ofSeconds(10)), Integer.getInteger("port", 8080))
                .join();
    }
}
