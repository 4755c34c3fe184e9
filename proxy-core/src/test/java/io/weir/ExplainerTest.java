package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.middleware.IpAccess;
import io.weir.middleware.Middleware;
import io.weir.middleware.Verdict;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.PoolState;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamPool;
import org.junit.jupiter.api.Test;

class ExplainerTest {
    private static final UpstreamPool APP = UpstreamPool.named("app")
            .upstream("http://127.0.0.1:3000", u -> u.weight(5))
            .upstream("http://127.0.0.1:3001")
            .build();

    @Test
    void theWholeWayOfARequestIsTold() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder()
                .use(Middleware.gate(Verdict::proceed))
                .site(Site.named("a.test")
                        .route(Route.exact("/api/x").method("PUT").to(APP))
                        .route(Route.prefix("/api/").replacePrefix("/v1/").to(APP))));

        Explanation explanation = proxy.explain(RequestHead.get("/api/x?q=1", "a.test:8080"), 0);

        assertThat(explanation.site()).isEqualTo("site [a.test]");
        assertThat(explanation.route()).isEqualTo("prefix /api/");
        assertThat(explanation.passedOver()).containsExactly("exact /api/x [method PUT]: not method PUT");
        assertThat(explanation.action()).isEqualTo("to pool app, prefix replaced by /v1/");
        assertThat(explanation.gates()).containsExactly("gate: not evaluated");
        assertThat(explanation.upstream()).isEqualTo("http://127.0.0.1:3000");
        assertThat(explanation.requestLine()).isEqualTo("GET /v1/x?q=1");
        assertThat(explanation.headers().get("Host")).isEqualTo("a.test:8080");
        assertThat(explanation.toString())
                .startsWith("site: site [a.test]\nroute: prefix /api/\n  passed over: exact /api/x")
                .contains(
                        "\n  gate: not evaluated\nupstream: http://127.0.0.1:3000\nsends: GET /v1/x?q=1\n  Host: a.test:8080\n");
    }

    @Test
    void whatAGateWouldSayIsSaid() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder()
                .use(IpAccess.deny("192.0.2.0/24").allowOthers())
                .route(Route.any().use(Middleware.gate(Verdict::proceed)).to(APP)));

        Explanation letIn = proxy.explain(RequestHead.get("/", "a.test"), 0);
        Explanation refused = proxy.explain(
                RequestHead.get("/", "a.test").toBuilder().peer("192.0.2.1").build(), 0);

        assertThat(letIn.gates()).containsExactly("IpAccess: lets pass", "gate: not evaluated");
        assertThat(letIn.upstream()).isNotNull();
        assertThat(refused.gates()).containsExactly("IpAccess: answer 403");
        assertThat(refused.requestLine()).isEqualTo("IpAccess: answer 403");
        assertThat(refused.upstream()).isNull();
    }

    @Test
    void credentialsAreNotShown() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder().route(Route.any().to(APP)));

        String shown = proxy.explain(
                        RequestHead.get("/", "a.test")
                                .withHeader("Authorization", "Basic c2VjcmV0")
                                .withHeader("Cookie", "c2VjcmV0")
                                .withHeader("X-API-Key", "c2VjcmV0"),
                        0)
                .toString();

        assertThat(shown).doesNotContain("c2VjcmV0").contains("Authorization: (not shown)\n");
    }

    @Test
    void askingChangesNothing() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder().route(Route.any().to(APP)));

        for (int i = 0; i < 20; i++) {
            assertThat(proxy.explain(RequestHead.get("/", "a.test"), 0).upstream())
                    .isEqualTo("http://127.0.0.1:3000");
        }

        PoolState pool = proxy.pools().get("app");
        assertThat(pool.upstreams().values()).allMatch(state -> state.inFlight() == 0);
    }

    @Test
    void whatWouldBeAnsweredIsSaid() {
        ProxyConfig.Builder config = ProxyConfig.builder()
                .site(Site.named("a.test")
                        .route(Route.exact("/ok").answer(Reply.status(204)))
                        .route(Route.exact("/moved").redirect(301, "https://$host/"))
                        .route(Route.prefix("/dir/").to(APP))
                        .route(Route.prefix("/re/")
                                .rewrite("^/(a|aa|re/)+(b\\1)?$", "/x")
                                .to(APP))
                        .route(Route.prefix("/down/")
                                .to(UpstreamPool.named("down")
                                        .upstream("http://127.0.0.1:1", Upstream.Builder::down)
                                        .build())))
                .refuseUnknownHosts();
        ReverseProxy proxy = standAlone(config);

        assertThat(requestLine(proxy, "/ok")).startsWith("answer ");
        assertThat(requestLine(proxy, "/moved")).isEqualTo("redirect 301 to https://$host/");
        assertThat(requestLine(proxy, "/dir?q=1")).isEqualTo("answer 301 to /dir/?q=1");
        assertThat(requestLine(proxy, "/none")).isEqualTo("answer 404");
        assertThat(requestLine(proxy, "/%zz")).isEqualTo("answer 400");
        assertThat(requestLine(proxy, "/down/"))
                .isEqualTo("answer 502, no upstream can be tried: http://127.0.0.1:1 (down)");
        assertThat(requestLine(proxy, "/re/" + "a".repeat(200) + "!"))
                .startsWith("answer 500, regex ")
                .endsWith(" is too costly on a text of 205 bytes");
        assertThat(proxy.explain(RequestHead.get("/", "b.test"), 0).requestLine())
                .isEqualTo("answer 421");
        assertThat(proxy.explain(RequestHead.builder("TRACE", "/dir/").build(), 0)
                        .requestLine())
                .isEqualTo("answer 405");
    }

    @Test
    void aMountedProxyLeavesToTheApplicationWhatNoRouteServes() {
        ReverseProxy proxy = new ReverseProxy(
                ProxyConfig.builder()
                        .site(Site.named("a.test").route(Route.prefix("/a/").to(APP)))
                        .build(),
                new IdleEngine(false));

        assertThat(requestLine(proxy, "/b")).isEqualTo("left to the application");
        assertThat(proxy.explain(RequestHead.get("/a/", "b.test"), 0).requestLine())
                .isEqualTo("left to the application");
    }

    @Test
    void aStandAloneProxyUsesItsFirstSiteForUnknownHosts() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder()
                .site(Site.named("a.test").route(Route.any().to(APP)))
                .site(Site.named("b.test").route(Route.any().to(APP))));

        assertThat(proxy.explain(RequestHead.get("/", "c.test"), 0).site()).isEqualTo("site [a.test]");
    }

    private static String requestLine(ReverseProxy proxy, String target) {
        return proxy.explain(RequestHead.get(target, "a.test"), 0).requestLine();
    }

    private static ReverseProxy standAlone(ProxyConfig.Builder config) {
        return new ReverseProxy(config.build(), new IdleEngine(true));
    }
}
