/**
 * Weir's core: values, and what a reverse proxy decides. No sockets, no threads, no clocks; an engine, such as the module
 * {@code io.weir.jetty}, performs what it decides. Start with {@link io.weir.ProxyConfig}.
 *
 * <p>The two libraries for stored passwords are optional; see {@link io.weir.middleware.BasicAuth}.
 */
@SuppressWarnings("requires-automatic") // the one without a descriptor has a name of its own in its manifest
module io.weir.core {
    requires static org.apache.commons.codec;
    requires static org.jspecify;
    requires static spring.security.crypto;

    exports io.weir;
    exports io.weir.body;
    exports io.weir.header;
    exports io.weir.http;
    exports io.weir.log;
    exports io.weir.middleware;
    exports io.weir.route;
    exports io.weir.upstream;
}
