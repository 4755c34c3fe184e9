package io.weir.bars;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import org.slf4j.LoggerFactory;

/**
 * Weir in front of the upstream that its argument names, as the smallest configuration makes it; without access lines. With
 * a second argument, {@code watched}, its WebSockets are watched over.
 */
final class WeirPeer {
    private WeirPeer() {}

    public static void main(String[] arguments) throws Exception {
        ((Logger) LoggerFactory.getLogger("io.weir")).setLevel(Level.WARN);
        JettyProxyServer weir = JettyProxyServer.builder(
                        arguments.length > 1 ? watching(arguments[0]) : ProxyConfig.forwardingTo(arguments[0]))
                .listen("127.0.0.1", 0)
                .selectors(1)
                .start();
        PeerProcess.serve(weir.port());
    }

    private static ProxyConfig watching(String upstream) {
        return ProxyConfig.builder()
                .route(Route.any().webSocket(ws -> {}).to(UpstreamPool.of("app", upstream)))
                .build();
    }
}
