package io.weir;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.body.Buffering;
import io.weir.body.Compression;
import io.weir.body.TextReplacement;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.log.AccessLog;
import io.weir.middleware.Access;
import io.weir.middleware.IpAccess;
import io.weir.middleware.Middleware;
import io.weir.middleware.RequestContext;
import io.weir.middleware.Verdict;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.ActiveHealth;
import io.weir.upstream.BalancingStrategy;
import io.weir.upstream.KeepAlive;
import io.weir.upstream.MinimumRate;
import io.weir.upstream.PassiveHealth;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.Stickiness;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamTls;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigTextTest {
    @Test
    void theSmallestConfigurationIsShort() {
        assertThat(ProxyConfig.forwardingTo("http://127.0.0.1:3000")).hasToString("""
                proxy
                  headers forwarded()
                  accessLog combined to logger io.weir.access
                default site
                  route prefix / to pool upstream, raw target
                pool upstream
                  balancing round robin
                  upstream http://127.0.0.1:3000
                """);
    }

    @Test
    void allThatIsSetIsSaid() {
        UpstreamPool app = UpstreamPool.named("app")
                .upstream(
                        "http://a",
                        u -> u.weight(3)
                                .maxFails(2)
                                .failTimeout(Duration.ofSeconds(30))
                                .maxConnections(9)
                                .slowStart(Duration.ofSeconds(5)))
                .upstream(
                        "https://b:8443",
                        u -> u.backup().down().tls(UpstreamTls.defaults().withName("c")))
                .balancing(BalancingStrategy.consistentHash("$remote_addr"))
                .stickiness(Stickiness.cookie("route"))
                .queue(10, Duration.ofSeconds(2))
                .keepAlive(KeepAlive.defaults().withIdle(3))
                .retry(RetryPolicy.defaults()
                        .withStatuses(503, 502)
                        .withTries(2)
                        .withBudget(20, 3))
                .passiveHealth(PassiveHealth.defaults().withStatuses(500).withMaxOut(50))
                .activeHealth(ActiveHealth.get("/healthz").withStatus(204).withHeader("X-Probe", "s3cret"))
                .failOpenBelow(40)
                .tls(UpstreamTls.defaults().withoutVerification())
                .build();
        ProxyConfig config = ProxyConfig.builder()
                .trustedProxies("10.0.0.0/8", "unix:")
                .refuseUnknownHosts()
                .limits(limits -> limits.withRequestBody(1024))
                .timeouts(t -> t.keepAlive(Duration.ofSeconds(9)))
                .use(IpAccess.deny("192.0.2.0/24").allowOthers())
                .accessLog(AccessLog.off())
                .compress(Compression.gzip().types("text/html"))
                .site(Site.named("a.test", "*.a.test")
                        .use(Middleware.gate(Verdict::proceed).named("tenant"))
                        .headers(h -> h.via().request().set("X-Site", "$host"))
                        .accessLog(AccessLog.json().toFile(Path.of("a.log")))
                        .route(Route.prefix("/app/")
                                .method("GET")
                                .replacePrefix("/v2/")
                                .headers(h -> h.none().host("b").response().remove("Server"))
                                .timeouts(t -> t.read(Duration.ofMinutes(5)))
                                .maxRequestBody(99)
                                .mapping(m -> m.cookiePath("/v2/", "/app/"))
                                .noUpgrade()
                                .eventComments(Duration.ofSeconds(15))
                                .requestBuffering(Buffering.on(4096, 8192))
                                .transformResponse(TextReplacement.of("a", "b"))
                                .webSocket(ws -> ws.maxMessage(99).pings(Duration.ofSeconds(20)))
                                .to(app))
                        .route(Route.exact("/old").redirect(301, "/new"))
                        .route(Route.exact("/ok").answer(Reply.text(200, "ok"))))
                .build();

        assertThat(config).hasToString("""
                proxy
                  trustedProxies [10.0.0.0/8] unix:
                  refuseUnknownHosts
                  limits Limits[requestHead=32768, requestFields=200, requestTarget=16384, requestBody=1024, \
                responseHead=65536]
                  use IpAccess[deny 192.0.2.0/24] allow others
                  headers forwarded()
                  timeouts {keepAlive=PT9S}
                  compress GZIP 5, text/html from 256 bytes
                  accessLog off
                site [a.test, *.a.test]
                  use tenant
                  headers via; request: set X-Site: $host
                  accessLog json to a.log
                  route prefix /app/ [method GET] to pool app, prefix replaced by /v2/
                    headers none(); host b; response: remove Server
                    timeouts {read=PT5M}
                    maxRequestBody 99 bytes
                    mapping cookie paths [/v2/ -> /app/] domains [] flags []
                    upgrades []
                    eventComments PT15S
                    requestBuffering ON(4096 bytes in memory, 8192 in a file)
                    transformResponse 1 in order
                    webSocket messages of 99 bytes, pings every PT20S
                  route exact /old redirect 301 to /new
                  route exact /ok answer 200 (2 bytes)
                pool app
                  balancing consistent hash of $remote_addr
                  stickiness by cookie route
                  queue 10 for PT2S
                  keepAlive KeepAlive[idle=3, timeout=PT1M, requests=1000, age=PT1H, warmUp=0]
                  retry on [CONNECT_ERROR, CONNECTION_LOST, CLOCK] [502, 503], 2 tries, budget 20 % and at least 3, \
                keeps 65536 bytes
                  passiveHealth counts [CONNECT_ERROR, CONNECTION_LOST, CLOCK, INVALID_HEAD] [500], at most 50 % out
                  activeHealth GET /healthz every PT5S for PT2S at most, statuses [204], rise 1, fall 1, fields X-Probe
                  failOpenBelow 40 %
                  tls tls unverified
                  upstream http://a weight 3 maxFails 2 failTimeout PT30S maxConnections 9 slowStart PT5S
                  upstream https://b:8443 tls tls name=c backup down
                """);
    }

    @Test
    void whatASiteSwitchesOffIsSaidToo() {
        ProxyConfig config = ProxyConfig.builder()
                .compress(Compression.gzip())
                .site(Site.named("a.test")
                        .compress(Compression.off())
                        .timeouts(t -> t.clientRate(new MinimumRate(240, Duration.ofSeconds(5))))
                        .route(Route.any().answer(Reply.status(204))))
                .build();

        assertThat(config.toString()).contains("""
                site [a.test]
                  timeouts {clientRate=240 bytes/s after PT5S}
                  compress off
                  route prefix / answer 204""");
    }

    /** A middleware of an application's, which does not think of what it prints. */
    private record KeyCheck(String apiKey) implements Middleware {
        @Override
        public Verdict onRequest(RequestHead request, RequestContext context) {
            return Verdict.proceed(request);
        }
    }

    @Test
    void ofTheMiddlewareOfOthersOnlyTheNameIsSaidHoweverItIsWrapped() {
        Middleware check = new KeyCheck("s3cret");
        Middleware office = IpAccess.deny("192.0.2.0/24").allowOthers();

        ProxyConfig config = ProxyConfig.builder()
                .use(check)
                .use(Middleware.blocking(check))
                .use(Middleware.blocking(Middleware.blocking(check)))
                .use(Access.any(office, check))
                .use(Access.all(office, Middleware.blocking(check)))
                .use(check.named("keys"))
                .use(Middleware.blocking(office))
                .route(Route.any().answer(Reply.status(204)))
                .build();

        assertThat(config.toString()).doesNotContain("s3cret").startsWith("""
                proxy
                  use KeyCheck
                  use KeyCheck
                  use KeyCheck
                  use Access.any[IpAccess[deny 192.0.2.0/24] allow others, KeyCheck]
                  use Access.all[IpAccess[deny 192.0.2.0/24] allow others, KeyCheck]
                  use keys
                  use IpAccess[deny 192.0.2.0/24] allow others
                """);
    }

    @ParameterizedTest
    @ValueSource(strings = {"X-API-Key", "Authorization", "cookie", "X-Access-Token", "X-Auth-Token", "X_API_KEY"})
    void theNameOfARouteHoldsNoCredential(String field) {
        Route route = Route.any().header(field, "s3cret").answer(Reply.status(204));
        ProxyConfig config = ProxyConfig.builder().route(route).build();
        ReverseProxy proxy = new ReverseProxy(config, new IdleEngine(true));

        String explanation = proxy.explain(RequestHead.get("/", "a.test"), 0).toString();

        String shown = "prefix / [header " + field + ": (not shown)]";
        assertThat(route).hasToString(shown);
        assertThat(config.toString()).doesNotContain("s3cret").contains(shown);
        assertThat(explanation).doesNotContain("s3cret").contains("passed over: " + shown);
    }

    @Test
    void otherConditionsOfARouteAreInItsName() {
        assertThat(Route.any().header("X-Kind", "beta").answer(Reply.status(204)))
                .hasToString("prefix / [header X-Kind: beta]");
    }

    @Test
    void secretsAreNotSaid() {
        ProxyConfig config = ProxyConfig.builder()
                .use(Middleware.gate((request, context) -> Verdict.answer(Reply.text(401, "s3cret"))))
                .headers(h -> h.request().set("Authorization", "Bearer s3cret").set("X-API-Key", "s3cret"))
                .route(Route.any()
                        .to(UpstreamPool.named("app")
                                .upstream("http://a")
                                .stickiness(
                                        Stickiness.cookie("c").key("s3cret-s3cret-s3cret-s3cret-s3cr".getBytes(UTF_8)))
                                .activeHealth(ActiveHealth.get("/").withHeader("X-Any", "s3cret"))
                                .build()))
                .build();

        assertThat(config.toString())
                .doesNotContain("s3cret")
                .contains("set Authorization: (not shown), set X-API-Key: (not shown)");
    }
}
