package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;

/** What the upstream sees of a path: the four rows that every nginx tutorial has about {@code proxy_pass}, and two more. */
public final class UriRewriting {
    private UriRewriting() {}

    /** Compare each with {@code location /one/ { proxy_pass http://app; }} and its likes. */
    public static ProxyConfig config(String upstream) {
        UpstreamPool app = UpstreamPool.of("app", upstream);
        return ProxyConfig.builder()
                .route(Route.prefix("/one/").to(app)) // /one/users: /one/users, byte for byte
                .route(Route.prefix("/two/").replacePrefix("/").to(app)) // /two/users: /users
                .route(Route.prefix("/three/").replacePrefix("/v2/").to(app)) // /three/users: /v2/users
                .route(Route.prefix("/four/").replacePrefix("/v2").to(app)) // /four/users: /v2users, as in nginx
                .route(Route.regex("^/u/")
                        .rewrite("^/u/(\\d+)$", "/users?id=$1")
                        .to(app)) // /u/7: /users?id=7
                .route(Route.prefix("/down/").fixedPath("/maintenance.html").to(app))
                .build();
    }

    /** Runs until interrupted. */
    public static void main(String[] args) {
        JettyProxyServer.start(config("http://127.0.0.1:3000"), Integer.getInteger("port", 8080))
                .join();
    }
}
