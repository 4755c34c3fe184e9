package io.weir.bars;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import org.slf4j.LoggerFactory;

/** Weir in front of the upstream that its argument names, as the smallest configuration makes it; without access lines. */
final class WeirPeer {
    private WeirPeer() {}

    public static void main(String[] arguments) throws Exception {
        ((Logger) LoggerFactory.getLogger("io.weir")).setLevel(Level.WARN);
        JettyProxyServer weir = JettyProxyServer.builder(ProxyConfig.forwardingTo(arguments[0]))
                .listen("127.0.0.1", 0)
                .selectors(1)
                .start();
        PeerProcess.serve(weir.port());
    }
}
