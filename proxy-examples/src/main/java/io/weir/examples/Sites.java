package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.IpAccess;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;

/** A site with routes of every kind, a pool with weights and a backup, and what becomes of one request, explained. */
public final class Sites {
    private Sites() {}

    /** What a {@code server} block with its {@code upstream} would say. */
    public static ProxyConfig config() {
        UpstreamPool app = UpstreamPool.named("app")
                .upstream("http://10.0.0.1:3000", u -> u.weight(3).maxFails(3).failTimeout(Duration.ofSeconds(30)))
                .upstream("http://10.0.0.2:3000")
                .upstream("http://10.0.0.3:3000", u -> u.backup())
                .build();

        return ProxyConfig.builder()
                .trustedProxies("10.0.0.0/8")
                .site(Site.named("app.example.com", "*.app.example.com")
                        .use(IpAccess.allow("192.168.0.0/16").denyOthers())
                        .route(Route.prefix("/app/").replacePrefix("/v2/").to(app))
                        .route(Route.regex("\\.(png|css)$")
                                .headers(h -> h.response().set("Cache-Control", "max-age=3600"))
                                .to(app))
                        .route(Route.exact("/healthz").answer(Reply.text(200, "ok")))
                        .route(Route.any()
                                .timeouts(t -> t.read(Duration.ofMinutes(5)))
                                .to(app)))
                .build();
    }

    /** Starts it and explains a request, rather than send one to upstreams that are not there. */
    public static void main(String[] args) {
        ProxyConfig config = config();
        try (JettyProxyServer proxy = JettyProxyServer.builder(config)
                .listen(Integer.getInteger("port", 8080))
                .start()) {
            RequestHead request = RequestHead.get("/app/users?page=2", "app.example.com");
            System.out.println(
                    proxy.explain(request.toBuilder().peer("192.168.1.7").build()));
            proxy.reload(config); // another one: running exchanges end as they began
        }
    }
}
