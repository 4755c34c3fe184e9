package io.weir.bars;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.ActiveHealth;
import io.weir.upstream.KeepAlive;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.Map;
import org.slf4j.LoggerFactory;

/**
 * Weir in front of the two upstreams that its arguments name. Asked to {@code reload}, it builds its configuration anew: one
 * pool with both, one in which they take turns to be the only one.
 */
final class ReloadingPeer {
    /** So short that none is left when the load has been gone for a while. */
    private static final KeepAlive BRIEF = KeepAlive.defaults().withTimeout(Duration.ofSeconds(1));

    private static int reloads;

    private ReloadingPeer() {}

    public static void main(String[] urls) throws Exception {
        ((Logger) LoggerFactory.getLogger("io.weir")).setLevel(Level.ERROR);
        JettyProxyServer weir = JettyProxyServer.builder(configuration(urls))
                .listen("127.0.0.1", 0)
                .start();
        PeerProcess.serve(
                weir.port(),
                Map.of(
                        "reload",
                        () -> {
                            weir.reload(configuration(urls));
                            return reloads;
                        },
                        "workers",
                        () -> weir.server().getThreadPool().getThreads()));
    }

    private static ProxyConfig configuration(String[] urls) {
        UpstreamPool both = UpstreamPool.named("both")
                .upstream(urls[0])
                .upstream(urls[1])
                .keepAlive(BRIEF)
                .activeHealth(ActiveHealth.get("/").withInterval(Duration.ofSeconds(2)))
                .build();
        UpstreamPool one = UpstreamPool.named("one")
                .upstream(urls[reloads++ % 2])
                .keepAlive(BRIEF)
                .build();
        String number = String.valueOf(reloads);
        return ProxyConfig.builder()
                .headers(h -> h.response().set("X-Config", number))
                .route(Route.prefix("/both").to(both))
                .route(Route.any().to(one))
                .build();
    }
}
