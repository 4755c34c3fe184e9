package io.weir.api;

import static io.weir.middleware.Verdict.answer;
import static io.weir.middleware.Verdict.proceed;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.Decision;
import io.weir.Engine;
import io.weir.Exchange;
import io.weir.ProxyConfig;
import io.weir.ProxyListener;
import io.weir.ReverseProxy;
import io.weir.body.Compression;
import io.weir.body.Gzipped;
import io.weir.body.SizeLimit;
import io.weir.body.Tee;
import io.weir.body.TextReplacement;
import io.weir.header.HeaderPolicy;
import io.weir.header.TrustedProxies;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.middleware.Access;
import io.weir.middleware.ApiKey;
import io.weir.middleware.BasicAuth;
import io.weir.middleware.ConnectionLimit;
import io.weir.middleware.IpAccess;
import io.weir.middleware.Middleware;
import io.weir.middleware.RateLimit;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.ActiveHealth;
import io.weir.upstream.AddressResolver;
import io.weir.upstream.HealthTransition;
import io.weir.upstream.OutlierEjection;
import io.weir.upstream.PassiveHealth;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamDiscovery;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamStatus;
import io.weir.upstream.UpstreamTls;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

/** The names that users' programs are written with. In a package of its own: it sees what users see. */
class ApiTest {

    @Test
    void theSmallestProxy() {
        ProxyConfig config = ProxyConfig.forwardingTo("http://127.0.0.1:3000");

        assertThat(begin(config, RequestHead.get("/x", "any"))).isInstanceOf(Decision.Forward.class);
    }

    @Test
    void aSite() {
        var app = UpstreamPool.named("app_backends")
                .upstream("http://127.0.0.1:3000", u -> u.weight(3).maxFails(3).failTimeout(ofSeconds(30)))
                .upstream("http://127.0.0.1:3001")
                .upstream("http://127.0.0.1:3002", u -> u.backup())
                .build();

        var config = ProxyConfig.builder()
                .trustedProxies("10.0.0.0/8")
                .site(Site.named("app.example.com", "*.app.example.com")
                        .route(Route.prefix("/ws/")
                                .timeouts(t -> t.read(ofSeconds(3600)))
                                .to(app))
                        .route(Route.prefix("/app/").replacePrefix("/v2/").to(app))
                        .route(Route.regex("\\.(png|css)$")
                                .headers(h -> h.response().set("Cache-Control", "max-age=3600"))
                                .to(app))
                        .route(Route.exact("/healthz").answer(Reply.text(200, "ok")))
                        .route(Route.any().to(app)))
                .build();

        assertThat(targetOf(begin(config, RequestHead.get("/app/users", "app.example.com"))))
                .isEqualTo("/v2/users");
        assertThat(targetOf(begin(config, RequestHead.get("/ws/x", "a.app.example.com"))))
                .isEqualTo("/ws/x");
        assertThat(begin(config, RequestHead.get("/healthz", "app.example.com")))
                .isInstanceOfSatisfying(
                        Decision.Answer.class,
                        answer -> assertThat(answer.reply().status()).isEqualTo(200));
        assertThat(begin(config, RequestHead.get("/logo.png", "app.example.com")))
                .isInstanceOfSatisfying(
                        Decision.Forward.class,
                        forward -> assertThat(forward.attempt().answered(ResponseHead.of(200), 1))
                                .isEqualTo(
                                        new Decision.Deliver(ResponseHead.of(200, "Cache-Control", "max-age=3600"))));
    }

    @Test
    void upstreamsBehindTlsAndSocketsAndInARegistry() {
        var tls = UpstreamTls.defaults()
                .withTrust(Path.of("ca.pem"))
                .withCertificate(Path.of("proxy.pem"), Path.of("proxy.key"))
                .withName("app.internal")
                .withProtocols("TLSv1.3");
        UpstreamDiscovery registry = found -> () -> {};
        AddressResolver resolver = host -> List.of(InetAddress.getLoopbackAddress());
        var app = UpstreamPool.named("app")
                .tls(tls)
                .upstream("https://10.0.0.1", u -> u.tls(tls.withoutVerification()))
                .upstream("unix:/run/app.sock")
                .discovery(registry)
                .build();

        ProxyConfig config = ProxyConfig.builder().route(Route.any().to(app)).build();

        assertThat(begin(config, RequestHead.get("/", "any"))).isInstanceOf(Decision.Forward.class);
        assertThat(resolver).isNotNull();
    }

    @Test
    void anLlmServer() {
        var ollama = UpstreamPool.of("ollama", "http://127.0.0.1:11434");
        var site = Site.named("ollama.example.com")
                .use(IpAccess.allow("192.168.1.0/24", "10.0.0.0/8").denyOthers())
                .route(Route.any()
                        .headers(HeaderPolicy.forwarded().host("localhost:11434"))
                        .timeouts(Timeouts.of(ofSeconds(300), ofSeconds(600), ofSeconds(600)))
                        .to(ollama));
        var config = ProxyConfig.builder().site(site).build();
        var head = RequestHead.builder("GET", "/api").header("Host", "ollama.example.com");

        assertThat(begin(config, head.peer("10.1.2.3").build()))
                .isInstanceOfSatisfying(Decision.Forward.class, forward -> {
                    assertThat(forward.attempt().headers().get("Host")).isEqualTo("localhost:11434");
                    assertThat(forward.attempt().timeouts().read()).isEqualTo(ofSeconds(600));
                });
        assertThat(begin(config, head.peer("203.0.113.1").build()))
                .isInstanceOfSatisfying(
                        Decision.Answer.class,
                        answer -> assertThat(answer.reply().status()).isEqualTo(403));
    }

    @Test
    void aPoolWhoseHealthIsWatched() {
        var app = UpstreamPool.named("app")
                .upstream("http://127.0.0.1:3000")
                .upstream("http://127.0.0.1:3001")
                .activeHealth(ActiveHealth.get("/healthz")
                        .withHeader("X-Probe", "yes")
                        .withInterval(ofSeconds(5))
                        .withJitter(ofSeconds(1))
                        .withTimeout(ofSeconds(1))
                        .withStatuses(200, 299)
                        .withBody("UP", 1024)
                        .withFall(3)
                        .withRise(2)
                        .withPort(9000))
                .passiveHealth(PassiveHealth.defaults()
                        .withConditions(RetryPolicy.Condition.CONNECT_ERROR, RetryPolicy.Condition.CLOCK)
                        .withStatuses(500, 503)
                        .withOutlierEjection(OutlierEjection.defaults()
                                .withShare(50, 20)
                                .withWindow(ofSeconds(60))
                                .withTimes(ofSeconds(30), ofSeconds(300)))
                        .withMaxOut(50))
                .failOpenBelow(30)
                .build();
        var heard = new ArrayList<String>();
        var config = ProxyConfig.builder()
                .listener(new ProxyListener() {
                    @Override
                    public void upstreamEjected(HealthTransition transition) {
                        heard.add(transition.cause());
                    }
                })
                .route(Route.any().to(app))
                .build();
        var proxy = new ReverseProxy(config, new StandAlone());

        for (int second = 0; second < 30; second += 10) {
            proxy.due(ofSeconds(second).toNanos()).probes().get(0).failed("no answer", 1);
        }

        assertThat(heard).containsExactly("probe GET /healthz: no answer, 3 times in a row");
        assertThat(proxy.status(0).pool("app").upstreams().get(0).standing()).isEqualTo(UpstreamStatus.Standing.ILL);
    }

    @Test
    void bodiesAndCompression() {
        var app = UpstreamPool.of("app", "http://127.0.0.1:3000");
        var config = ProxyConfig.builder()
                .compress(Compression.gzip().brotli().zstd().types("text/*").minBytes(20))
                .site(Site.named("a.example.com")
                        .compress(Compression.off())
                        .route(Route.any()
                                .compress(Compression.gzip(9))
                                .transformRequest(Gzipped.requests(SizeLimit.of(1000)))
                                .transformRequest(Tee.requests(request -> (copy, last) -> {}))
                                .transformResponse(Gzipped.responses(TextReplacement.of("a", "b")
                                        .and("c", "d")
                                        .once()
                                        .exactCase()))
                                .transformResponse((request, response) -> (chunk, last, out) -> out.write(chunk))
                                .to(app)))
                .build();

        assertThat(begin(config, RequestHead.get("/x", "a.example.com"))).isInstanceOf(Decision.Forward.class);
    }

    @Test
    void customMiddleware() {
        var config = ProxyConfig.builder()
                .use(Middleware.gate(r -> r.path().startsWith("/admin") ? answer(Reply.status(403)) : proceed(r)))
                .use(Middleware.mapResponse(r -> r.withoutHeader("Server")))
                .route(Route.any().to(UpstreamPool.of("app", "http://127.0.0.1:3000")))
                .build();

        assertThat(begin(config, RequestHead.get("//%61dmin/x", "any"))).isInstanceOf(Decision.Answer.class);
        assertThat(begin(config, RequestHead.get("/x", "any")))
                .isInstanceOfSatisfying(
                        Decision.Forward.class,
                        forward -> assertThat(forward.attempt().answered(ResponseHead.of(200, "Server", "x"), 1))
                                .isEqualTo(new Decision.Deliver(ResponseHead.of(200))));
    }

    @Test
    void whoMayComeInAndHowMuchTheyMayTake() {
        var config = ProxyConfig.builder()
                .trustedProxies(TrustedProxies.of("10.0.0.0/8", "unix:").source(TrustedProxies.Source.FORWARDED))
                .use(RateLimit.together(
                        RateLimit.of(10, ofSeconds(1)).burst(20).delay(5),
                        RateLimit.of(100, ofMinutes(1))
                                .by("$server_name")
                                .maxKeys(10)
                                .burst(10)
                                .nodelay()
                                .status(503)))
                .use(ConnectionLimit.of(10).by("$remote_addr").ipv6Prefix(56))
                .site(Site.named("ollama.example.com")
                        .use(IpAccess.allow("127.0.0.0/8", "192.168.1.0/24").denyOthers())
                        .use(Access.any(
                                BasicAuth.realm("Ollama API").users(Map.of("me", "{SHA}nZiejSfcng7DOJ/IVfFCw9QPDFA=")),
                                BasicAuth.realm("Ollama API").htpasswd(Path.of(".ollama_htpasswd")),
                                ApiKey.hashes(Map.of("ci", ApiKey.hash("a key")))
                                        .realm("api")
                                        .passCredentials()))
                        .route(Route.any().to(UpstreamPool.of("ollama", "http://127.0.0.1:11434"))))
                .build();
        var head = RequestHead.get("/", "ollama.example.com");

        assertThat(begin(config, head)).isInstanceOf(Decision.Answer.class);
        assertThat(begin(config, head.withHeader("Authorization", "Basic bWU6Y2F0")))
                .isInstanceOf(Decision.Forward.class);
    }

    private static Decision begin(ProxyConfig config, RequestHead head) {
        Exchange exchange = new ReverseProxy(config, new StandAlone()).open(head, 0, 0, () -> {});
        assertThat(exchange).isNotNull();
        return exchange.begin(0);
    }

    private static String targetOf(Decision decision) {
        assertThat(decision).isInstanceOf(Decision.Forward.class);
        return ((Decision.Forward) decision).attempt().target();
    }

    private record StandAlone() implements Engine {
        @Override
        public Executor executor() {
            return Runnable::run;
        }

        @Override
        public long random() {
            return 1;
        }

        @Override
        public boolean isStandAlone() {
            return true;
        }

        @Override
        public void userCodeFailed(String what, Throwable failure) {
            throw new AssertionError(what, failure);
        }
    }
}
