package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;

/**
 * A server that fails is left alone for a while, and nobody notices: its requests go to the next one, to the backup only
 * when no other is left. {@code proxy.status()} and the log say who is out, why, and when it is back.
 */
public final class Failover {
    private Failover() {}

    /** {@code server a max_fails=3 fail_timeout=30s; server b …; server c backup;}. */
    public static ProxyConfig config(String a, String b, String backup, Duration failTimeout) {
        UpstreamPool app = UpstreamPool.named("app")
                .upstream(a, u -> u.maxFails(3).failTimeout(failTimeout))
                .upstream(b, u -> u.maxFails(3).failTimeout(failTimeout))
                .upstream(backup, u -> u.backup())
                .build();
        return ProxyConfig.builder().route(Route.any().to(app)).build();
    }

    /** Runs until interrupted. */
    public static void main(String[] args) {
        ProxyConfig config = config(
                "http://127.0.0.1:3001", "http://127.0.0.1:3002", "http://127.0.0.1:3003", Duration.ofSeconds(30));
        JettyProxyServer.start(config, Integer.getInteger("port", 8080)).join();
    }
}
