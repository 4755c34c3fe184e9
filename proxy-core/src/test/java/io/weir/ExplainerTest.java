package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.body.Buffering;
import io.weir.body.TextReplacement;
import io.weir.header.FieldChange;
import io.weir.header.HeaderPolicy;
import io.weir.http.Headers;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.middleware.Hsts;
import io.weir.middleware.HttpsRedirect;
import io.weir.middleware.IpAccess;
import io.weir.middleware.Middleware;
import io.weir.middleware.Verdict;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.MinimumRate;
import io.weir.upstream.PoolState;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

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
        assertThat(explanation.gates()).containsExactly("gate: lets pass");
        assertThat(explanation.upstream()).isEqualTo("http://127.0.0.1:3000");
        assertThat(explanation.requestLine()).isEqualTo("GET /v1/x?q=1");
        assertThat(explanation.headers().get("Host")).isEqualTo("a.test:8080");
        assertThat(explanation.toString())
                .startsWith("site: site [a.test]\nroute: prefix /api/\n  passed over: exact /api/x")
                .contains(
                        "\n  gate: lets pass\nupstream: http://127.0.0.1:3000\n",
                        "\n  of: http://127.0.0.1:3000 (ready), http://127.0.0.1:3001 (ready)\n",
                        "\nsends: GET /v1/x?q=1\n  Host: a.test:8080\n",
                        "\n  target is /v1/x?q=1, was /api/x?q=1: route prefix /api/: prefix replaced by /v1/\n",
                        "\nclocks: connect PT5S send PT1M read PT1M clientBody PT1M clientSend PT1M\n");
    }

    @Test
    void whatAGateWouldSayIsSaid() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder()
                .use(IpAccess.deny("192.0.2.0/24").allowOthers())
                .route(Route.any()
                        .use(Middleware.gate((request, context) -> Verdict.proceed(request)))
                        .to(APP)));

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
    void whoHasToComeOverTlsIsSaid() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder()
                .use(HttpsRedirect.except("/.well-known/acme-challenge/"))
                .use(Hsts.maxAge(Duration.ofHours(1)))
                .route(Route.any().to(APP)));

        RequestHead overTls =
                RequestHead.get("/", "a.test").toBuilder().scheme("https").build();

        assertThat(requestLine(proxy, "/")).isEqualTo("HttpsRedirect: answer 301");
        assertThat(requestLine(proxy, "/.well-known/acme-challenge/x")).isEqualTo("GET /.well-known/acme-challenge/x");
        assertThat(proxy.explain(overTls, 0).gates()).containsExactly("HttpsRedirect: lets pass", "Hsts: lets pass");
    }

    @Test
    void everyChangeHasItsReason() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder()
                .use(Middleware.mapRequest(request -> request.withHeader("X-Tenant", "7"))
                        .named("tenant"))
                .headers(h -> h.request().set("X-Edge", "weir").remove("Accept-Language"))
                .route(Route.any()
                        .headers(h -> h.host("app.internal").request().add("X-Scheme", "$scheme"))
                        .to(APP)));
        RequestHead request = RequestHead.get("/", "a.test")
                .withHeader("Connection", "keep-alive, X-Hop")
                .withHeader("X-Hop", "1")
                .withHeader("X-Real-IP", "6.6.6.6")
                .withHeader("X_Edge", "spoofed")
                .withHeader("Accept-Language", "de")
                .withHeader("Accept", "*/*");

        Explanation explanation = proxy.explain(request, 0);

        String policy = "header policy forwarded(): who the client is, as far as trusted proxies vouch for it";
        assertThat(explanation.changes())
                .containsExactly(
                        new FieldChange("X-Tenant", null, "7", "middleware tenant"),
                        new FieldChange(
                                "Connection",
                                "keep-alive, X-Hop",
                                null,
                                "it belongs to the client's connection (RFC 9110 §7.6.1)"),
                        new FieldChange("X-Hop", "1", null, "Connection names it (RFC 9110 §7.6.1)"),
                        new FieldChange(
                                "X-Real-IP",
                                "6.6.6.6",
                                null,
                                "127.0.0.1 is no trusted proxy, so it is a claim of the client's"),
                        new FieldChange(
                                "X_Edge",
                                "spoofed",
                                null,
                                "to CGI and WSGI it is the same as X-Edge, which the proxy decides about"),
                        new FieldChange("Host", "a.test", "app.internal", "header policy: host(\"app.internal\")"),
                        new FieldChange("X-Real-IP", null, "127.0.0.1", policy),
                        new FieldChange("X-Forwarded-For", null, "127.0.0.1", policy),
                        new FieldChange("X-Forwarded-Proto", null, "http", policy),
                        new FieldChange("X-Forwarded-Host", null, "a.test", policy),
                        new FieldChange("X-Edge", null, "weir", "header policy: set X-Edge: weir"),
                        new FieldChange("Accept-Language", "de", null, "header policy: remove Accept-Language"),
                        new FieldChange("X-Scheme", null, "http", "header policy: add X-Scheme: $scheme"));
        assertThat(explanation.headers())
                .isEqualTo(Headers.of(
                        "Host", "app.internal",
                        "Accept", "*/*",
                        "X-Tenant", "7",
                        "X-Real-IP", "127.0.0.1",
                        "X-Forwarded-For", "127.0.0.1",
                        "X-Forwarded-Proto", "http",
                        "X-Forwarded-Host", "a.test",
                        "X-Edge", "weir",
                        "X-Scheme", "http"));
    }

    @Test
    void aTunnelHasItsClockAndItsFields() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder().route(Route.any().to(APP)));
        RequestHead request = RequestHead.get("/", "a.test")
                .withHeader("Connection", "upgrade")
                .withHeader("Upgrade", "WebSocket")
                .withHeader("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==");

        Explanation explanation = proxy.explain(request, 0);

        assertThat(explanation.headers().get("Upgrade")).isEqualTo("websocket");
        assertThat(explanation.clocks()).containsEntry("tunnel", "PT1H");
        assertThat(explanation.changes())
                .contains(new FieldChange("Upgrade", null, "websocket", "the route lets websocket through"));
    }

    @ParameterizedTest
    @CsvSource({
        "https://a.test, 13, GET /",
        ",               13, GET /",
        "https://b.test, 13, 'answer 403, the route does not admit that WebSocket'",
        "https://a.test, 8,  'answer 400, the route does not admit that WebSocket'",
        "https://a.test,   , 'answer 400, the route does not admit that WebSocket'",
    })
    void whatAPolicyOfWebSocketsDoesNotAdmitIsAnsweredAsItIs(
            @Nullable String origin, @Nullable String version, String expected) {
        Bench bench = Bench.of(ProxyConfig.builder()
                .route(Route.any().webSocket(ws -> ws.origins("https://a.test")).to(APP)));
        RequestHead request = handshake().withoutHeader("Sec-WebSocket-Version");
        request = origin == null ? request : request.withHeader("Origin", origin);
        request = version == null ? request : request.withHeader("Sec-WebSocket-Version", version);

        String explained = bench.proxy.explain(request, 0).requestLine();
        Decision done = bench.open(request).begin(0);

        assertThat(explained).isEqualTo(expected);
        assertThat(done instanceof Decision.Answer answer ? answer.reply().status() : 200)
                .isEqualTo(expected.startsWith("GET") ? 200 : Integer.parseInt(expected.substring(7, 10)));
    }

    @Test
    void theFieldsAreThoseThatAnAttemptSends() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .site(Site.unnamed()
                        .route(Route.prefix("/ws/")
                                .webSocket(ws -> ws.subprotocols("chat"))
                                .to(APP))
                        .route(Route.prefix("/other/")
                                .use(Middleware.mapRequest(request ->
                                        request.toBuilder().method("POST").build()))
                                .to(APP))
                        .route(Route.prefix("/text/")
                                .transformResponse(TextReplacement.of("a", "b"))
                                .to(APP))
                        .route(Route.prefix("/whole/")
                                .requestBuffering(Buffering.on(4096, 8192))
                                .to(APP))));
        String watched = "the route watches over its WebSockets";

        assertThat(explainedAsSent(bench, "/ws/", handshake()))
                .contains(
                        new FieldChange("Sec-WebSocket-Extensions", "permessage-deflate", null, watched),
                        new FieldChange("Sec-WebSocket-Protocol", "mqtt, chat", "chat", watched));
        assertThat(explainedAsSent(bench, "/other/", handshake()))
                .extracting(FieldChange::after)
                .doesNotContain("websocket");
        assertThat(explainedAsSent(
                        bench, "/text/", RequestHead.get("/", "a.test").withHeader("Accept-Encoding", "br, gzip")))
                .contains(new FieldChange(
                        "Accept-Encoding", "br, gzip", "identity", "the route looks into bodies of responses"));
        assertThat(explainedAsSent(
                        bench,
                        "/whole/",
                        RequestHead.builder("PUT", "/")
                                .header("Host", "a.test")
                                .header("Expect", "100-continue")
                                .build()))
                .contains(new FieldChange("Expect", "100-continue", null, "the request is buffered"));
    }

    /** What explain says is different, having checked that it says what is sent. */
    private static List<FieldChange> explainedAsSent(Bench bench, String path, RequestHead like) {
        RequestHead request = like.toBuilder().target(path).build();
        Explanation explanation = bench.proxy.explain(request, 0);

        Exchange exchange = bench.open(request);
        Decision decision = exchange.begin(0);
        Attempt sent = Bench.forwarded(decision instanceof Decision.Collect ? exchange.collected(0) : decision);

        assertThat(explanation.headers()).isEqualTo(sent.headers());
        assertThat(explanation.requestLine()).isEqualTo(sent.method() + " " + sent.target());
        sent.answered(ResponseHead.of(200), 0);
        sent.finished(0);
        return explanation.changes();
    }

    private static RequestHead handshake() {
        return RequestHead.get("/", "a.test")
                .withHeader("Connection", "upgrade")
                .withHeader("Upgrade", "websocket")
                .withHeader("Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")
                .withHeader("Sec-WebSocket-Version", "13")
                .withHeader("Sec-WebSocket-Extensions", "permessage-deflate")
                .withHeader("Sec-WebSocket-Protocol", "mqtt, chat");
    }

    @Test
    void whoWouldWaitInTheQueueIsSaid() {
        UpstreamPool pool = UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1))
                .queue(1, Duration.ofSeconds(2))
                .build();
        Bench bench = Bench.of(pool);
        RequestHead request = RequestHead.get("/", "localhost");

        String free = bench.proxy.explain(request, 0).requestLine();
        Bench.forwarded(bench.get("/").begin(0));
        String taken = bench.proxy.explain(request, 0).requestLine();
        bench.get("/").begin(0);
        String crowded = bench.proxy.explain(request, 0).requestLine();

        assertThat(free).isEqualTo("GET /");
        assertThat(taken).isEqualTo("waits in the queue for PT2S at most, then answer 503");
        assertThat(crowded).startsWith("answer 503, no upstream can be tried: ");
    }

    @Test
    void howFastAClientHasToBeIsAmongTheClocks() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder()
                .timeouts(t -> t.clientRate(new MinimumRate(240, Duration.ofSeconds(5))))
                .route(Route.any().to(APP)));

        assertThat(proxy.explain(RequestHead.get("/", "a.test"), 0).clocks())
                .containsEntry("clientRate", "240 bytes/s after PT5S");
    }

    @Test
    void upstreamsThatCannotBeChosenSayWhy() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder()
                .route(Route.any()
                        .to(UpstreamPool.named("app")
                                .upstream("http://a", u -> u.down())
                                .upstream("http://b")
                                .upstream("http://c", u -> u.backup())
                                .build())));
        proxy.pools().get("app").drain("http://b", true, 0);

        Explanation explanation = proxy.explain(RequestHead.get("/", "a.test"), 0);

        assertThat(explanation.upstreams())
                .containsExactly("http://a (down)", "http://b (draining)", "http://c (backup)");
        assertThat(explanation.upstream()).isEqualTo("http://c");
    }

    @Test
    void theSameIsThereAsJson() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder()
                .site(Site.named("a.test")
                        .use(Middleware.gate(Verdict::proceed))
                        .headers(HeaderPolicy.none())
                        .route(Route.exact("/x").method("PUT").to(APP))
                        .route(Route.any().to(APP))));

        String json = proxy.explain(RequestHead.get("/x\"", "a.test").withHeader("Cookie", "c2VjcmV0"), 0)
                .toJson();

        assertThat(json)
                .isEqualTo("{\"site\":\"site [a.test]\",\"route\":\"prefix /\",\"action\":\"to pool app, raw target\","
                        + "\"passed_over\":[],\"gates\":[\"gate: lets pass\"],"
                        + "\"upstreams\":[\"http://127.0.0.1:3000 (ready)\",\"http://127.0.0.1:3001 (ready)\"],"
                        + "\"upstream\":\"http://127.0.0.1:3000\",\"sends\":\"GET /x\\\"\","
                        + "\"headers\":[{\"name\":\"Host\",\"value\":\"127.0.0.1:3000\"},"
                        + "{\"name\":\"Cookie\",\"value\":\"(not shown)\"}],"
                        + "\"changes\":[{\"name\":\"Host\",\"before\":\"a.test\",\"after\":\"127.0.0.1:3000\","
                        + "\"reason\":\"header policy none(): the upstream's own\"}],"
                        + "\"clocks\":{\"connect\":\"PT5S\",\"send\":\"PT1M\",\"read\":\"PT1M\","
                        + "\"clientBody\":\"PT1M\",\"clientSend\":\"PT1M\"}}");
        assertThat(proxy.explain(RequestHead.get("/%zz", "a.test"), 0).toJson())
                .startsWith("{\"site\":null,\"route\":null,")
                .contains("\"upstream\":null,\"sends\":\"answer 400\",\"headers\":[],");
    }

    @Test
    void whatIsTooLargeIsRefusedAndAGateComesBeforeA404() {
        ReverseProxy proxy = standAlone(ProxyConfig.builder()
                .limits(limits -> limits.withRequestTarget(100))
                .use(IpAccess.deny("192.0.2.0/24").allowOthers())
                .route(Route.prefix("/a/").to(APP)));

        assertThat(requestLine(proxy, "/a/" + "x".repeat(100))).isEqualTo("answer 414");
        assertThat(requestLine(proxy, "/none")).isEqualTo("answer 404");
        assertThat(proxy.explain(
                                RequestHead.get("/none", "a.test").toBuilder()
                                        .peer("192.0.2.1")
                                        .build(),
                                0)
                        .requestLine())
                .isEqualTo("IpAccess: answer 403");
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
