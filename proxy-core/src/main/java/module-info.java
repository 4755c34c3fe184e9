/**
 * Weir's core: values, and what a reverse proxy decides. No sockets, no threads, no clocks; an engine, such as the module
 * {@code io.weir.jetty}, performs what it decides. Start with {@link io.weir.ProxyConfig}.
 */
module io.weir.core {
    requires static org.jspecify;

    exports io.weir;
    exports io.weir.body;
    exports io.weir.header;
    exports io.weir.http;
    exports io.weir.log;
    exports io.weir.middleware;
    exports io.weir.route;
    exports io.weir.upstream;
}
