package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.BalancingStrategy;
import io.weir.upstream.Simulation;
import io.weir.upstream.UpstreamPool;

/**
 * Three ways to share requests out. The first is tried without a server, by {@link Simulation}; against running ones it is
 * the loop of the tutorials: {@code for i in $(seq 6); do curl -s http://127.0.0.1:8080/weighted; done}.
 */
public final class Balancing {
    private Balancing() {}

    /** One pool for each way. */
    public static ProxyConfig config(String a, String b) {
        UpstreamPool leastConnections = UpstreamPool.named("least") // least_conn
                .upstream(a)
                .upstream(b)
                .balancing(BalancingStrategy.leastConnections())
                .build();
        UpstreamPool sameClientSameServer = UpstreamPool.named("sticky") // ip_hash
                .upstream(a)
                .upstream(b)
                .balancing(BalancingStrategy.ipHash())
                .build();
        return ProxyConfig.builder()
                .route(Route.prefix("/weighted").to(weighted(a, b)))
                .route(Route.prefix("/least").to(leastConnections))
                .route(Route.prefix("/sticky").to(sameClientSameServer))
                .build();
    }

    /** Of three requests two go to {@code a}: {@code server a weight=2; server b;}. */
    private static UpstreamPool weighted(String a, String b) {
        return UpstreamPool.named("weighted")
                .upstream(a, u -> u.weight(2))
                .upstream(b)
                .build();
    }

    /** Shows who would get six requests, then runs until interrupted. */
    public static void main(String[] args) {
        String a = "http://127.0.0.1:3001";
        String b = "http://127.0.0.1:3002";
        System.out.println(Simulation.of(weighted(a, b)).requests(6, 1).run());
        JettyProxyServer.start(config(a, b), Integer.getInteger("port", 8080)).join();
    }
}
