package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;

/** The smallest proxy: port 8080, or that of {@code -Dport=}, is answered by the server on port 3000. */
public class Gateway {
    public static void main(String[] args) {
        JettyProxyServer.start(ProxyConfig.forwardingTo("http://127.0.0.1:3000"), Integer.getInteger("port", 8080))
                .join();
    }
}
