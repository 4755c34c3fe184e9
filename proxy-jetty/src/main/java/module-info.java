/**
 * The proxy on Jetty: {@link io.weir.jetty.JettyProxyServer} listens by itself, {@link io.weir.jetty.JettyProxyHandler}
 * stands in a server of yours.
 */
module io.weir.jetty {
    requires transitive io.weir.core;
    requires org.eclipse.jetty.http2.client;
    requires org.eclipse.jetty.http2.server;
    requires transitive org.eclipse.jetty.server;
    requires org.eclipse.jetty.websocket.common;
    requires org.eclipse.jetty.websocket.core.server;
    requires org.slf4j;
    requires static com.aayushatharva.brotli4j;
    requires static com.github.luben.zstd_jni;
    requires static org.jspecify;

    exports io.weir.jetty;

    opens io.weir.jetty.websocket; // Jetty calls the ends of bridges by reflection
}
