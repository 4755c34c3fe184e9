package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;

/**
 * Who the client is, told to the application behind. The first route says nothing, because Host, X-Real-IP,
 * X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host are set without a word; the second has the four lines of the nginx
 * tutorials, with their meaning; the third is what nginx does without them.
 */
public final class ForwardedFields {
    private ForwardedFields() {}

    /** Where another proxy stands before this one, {@code trustedProxies} names it: its word is believed, nobody else's. */
    public static ProxyConfig config(String upstream) {
        UpstreamPool app = UpstreamPool.of("app", upstream);
        return ProxyConfig.builder()
                .trustedProxies("10.0.0.0/8")
                .route(Route.any().to(app))
                .route(Route.prefix("/tutorial/")
                        .headers(h -> h.none()
                                .request()
                                .set("Host", "$host")
                                .set("X-Real-IP", "$remote_addr")
                                .set("X-Forwarded-For", "$proxy_add_x_forwarded_for")
                                .set("X-Forwarded-Proto", "$scheme"))
                        .to(app))
                .route(Route.prefix("/bare/").headers(h -> h.none()).to(app))
                .build();
    }

    /** Runs until interrupted. */
    public static void main(String[] args) {
        JettyProxyServer.start(config("http://127.0.0.1:3000"), Integer.getInteger("port", 8080))
                .join();
    }
}
