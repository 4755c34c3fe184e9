package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;

/**
 * A Node.js application on port 3000, as PM2 or systemd would run it, WebSocket included. Express sees the client's address
 * and scheme after {@code app.set('trust proxy', 'loopback')}.
 */
public final class NodeApplication {
    private NodeApplication() {}

    /** Nothing is said about WebSocket, HTTP/1.1 or buffering: connections are kept, upgrades pass, bodies stream. */
    public static ProxyConfig config(String node) {
        Duration minute = Duration.ofSeconds(60);
        return ProxyConfig.builder()
                // server_tokens off: Weir itself shows no name or version
                .headers(h -> h.response().remove("X-Powered-By").remove("Server"))
                .route(Route.any()
                        .timeouts(Timeouts.of(minute, minute, minute)) // proxy_connect_, read_, send_timeout
                        .to(UpstreamPool.of("node", node)))
                .build();
    }

    /** Runs until interrupted. */
    public static void main(String[] args) {
        JettyProxyServer.start(config("http://127.0.0.1:3000"), Integer.getInteger("port", 8080))
                .join();
    }
}
