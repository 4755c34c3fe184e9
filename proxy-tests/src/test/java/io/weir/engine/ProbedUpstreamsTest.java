package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyHandler;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.H2Upstream;
import io.weir.testkit.Identity;
import io.weir.testkit.Leaks;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawRequest;
import io.weir.testkit.RefusingPort;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.ActiveHealth;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamStatus;
import io.weir.upstream.UpstreamStatus.Standing;
import io.weir.upstream.UpstreamTls;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.Test;

/** Probes on real sockets: what they find decides who is asked. */
class ProbedUpstreamsTest {
    /** As long as a busy machine may take to answer one. */
    private static final Duration OFTEN = Duration.ofSeconds(1);

    private static final ActiveHealth RULE =
            ActiveHealth.get("/healthz?deep").withInterval(OFTEN).withTimeout(OFTEN);
    /** Only the probes at the start; they may take their time. */
    private static final ActiveHealth ONCE =
            ActiveHealth.get("/healthz").withInterval(Duration.ofHours(1)).withTimeout(Duration.ofSeconds(5));

    private final ArrayByteBufferPool.Tracking buffers = new ArrayByteBufferPool.Tracking();

    @Test
    void anIllUpstreamIsPassedOverUntilItIsWellAgain() {
        AtomicReference<String> health = new AtomicReference<>("503 Ill");
        try (LogCapture log = LogCapture.of("io.weir.upstream");
                ScriptedUpstream a = upstream("a", health);
                ScriptedUpstream b = upstream("b", new AtomicReference<>("204 Fine"));
                JettyProxyServer weir = start(pool("back", RULE, a.uri(), b.uri()))) {
            await(weir, a, Standing.ILL);
            String whileIll = get(weir) + get(weir) + get(weir);
            health.set("200 Well");
            await(weir, a, Standing.READY);
            Await.until("a turn of a", () -> get(weir).equals("a"));

            assertThat(whileIll).isEqualTo("bbb");
            assertThat(log.await("upstream " + a.uri() + " ejected from \"back\"")
                            .message())
                    .endsWith(" until probes find it well: probe GET /healthz?deep: 503, expected 200..399");
            assertThat(log.await("upstream " + a.uri() + " is back in \"back\"").message())
                    .endsWith(": probe GET /healthz?deep: 200");
        }
        Leaks.assertNone(buffers);
    }

    @Test
    void aProbeIsARequestOnAConnectionOfItsOwn() {
        try (ScriptedUpstream a = upstream("a", new AtomicReference<>("200 Well"));
                JettyProxyServer weir = start(pool("own", ONCE.withHeader("X-Probe", "yes"), a.uri()))) {
            RawRequest probe = a.awaitRequest();

            assertThat(probe.method() + " " + probe.target()).isEqualTo("GET /healthz");
            assertThat(probe.field("Host")).hasValue("127.0.0.1:" + a.port());
            assertThat(probe.field("X-Probe")).hasValue("yes");
            assertThat(probe.field("Connection")).hasValue("close");
            assertThat(get(weir)).isEqualTo("a");
            assertThat(a.connectionCount()).isEqualTo(2);
        }
        Leaks.assertNone(buffers);
    }

    @Test
    void whoRefusesConnectionsIsIll() {
        try (RefusingPort refusing = RefusingPort.open();
                JettyProxyServer weir = start(pool("refusing", ONCE, refusing.uri()))) {
            assertThat(awaitIll(weir).reason()).startsWith("probe GET /healthz: connection_refused: connect to ");
        }
        Leaks.assertNone(buffers);
    }

    @Test
    void whoDoesNotAnswerInTimeIsIll() {
        try (ScriptedUpstream silent = ScriptedUpstream.of(connection -> connection.readRequest());
                JettyProxyServer weir = start(pool("silent", ONCE.withTimeout(Duration.ofMillis(200)), silent.uri()))) {
            assertThat(awaitIll(weir).reason()).isEqualTo("probe GET /healthz: no answer within PT0.2S");
        }
        Leaks.assertNone(buffers);
    }

    @Test
    void theStartOfTheBodyIsLookedAt() {
        String body = "{\"status\":\"DOWN\"}" + " ".repeat(100_000) + "UP";
        try (ScriptedUpstream a = ScriptedUpstream.answering(
                        "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                JettyProxyServer weir = start(pool("body", ONCE.withBody("UP", 50_000), a.uri()))) {
            assertThat(awaitIll(weir).reason())
                    .isEqualTo("probe GET /healthz: 200, but \"UP\" is not in the first 50000 bytes of the body");
        }
        Leaks.assertNone(buffers);
    }

    @Test
    void anotherPortCanBeProbed() {
        try (ScriptedUpstream serving = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                ScriptedUpstream managing = ScriptedUpstream.answering("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
                JettyProxyServer weir = start(pool("port", ONCE.withPort(managing.port()), serving.uri()))) {
            assertThat(awaitIll(weir).reason()).endsWith("500, expected 200..399");
            assertThat(serving.connectionCount()).isZero();
        }
        Leaks.assertNone(buffers);
    }

    @Test
    void aProbeSpeaksTlsWhereRequestsDo() {
        Identity identity = Identity.of("ip:127.0.0.1");
        try (ScriptedUpstream trusted = ScriptedUpstream.secured(identity, connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n");
                });
                ScriptedUpstream stranger =
                        ScriptedUpstream.secured(Identity.of("ip:127.0.0.1"), connection -> connection.readRequest());
                JettyProxyServer weir = start(UpstreamPool.named("tls")
                        .upstream(trusted.uri())
                        .upstream(stranger.uri())
                        .tls(UpstreamTls.defaults().withTrust(identity.certificate()))
                        .activeHealth(ONCE)
                        .build())) {
            await(weir, trusted, Standing.ILL);
            await(weir, stranger, Standing.ILL);

            assertThat(trusted.awaitRequest().target()).isEqualTo("/healthz");
            assertThat(reason(weir, 0)).endsWith("500, expected 200..399");
            assertThat(reason(weir, 1)).contains("tls_certificate_error");
            assertThat(stranger.requests()).isEmpty();
        }
        Leaks.assertNone(buffers);
    }

    @Test
    void aProbeSpeaksHttp2WhereRequestsDo() {
        List<String> seen = new CopyOnWriteArrayList<>();
        try (H2Upstream ill = H2Upstream.of(request -> {
                    seen.add(request.line());
                    request.answer(500, true);
                });
                JettyProxyServer weir = start(UpstreamPool.named("h2")
                        .upstream(ill.uri())
                        .http2()
                        .activeHealth(ONCE)
                        .build())) {

            assertThat(awaitIll(weir).reason()).endsWith("500, expected 200..399");
            assertThat(seen).containsExactly("GET " + ill.uri() + "/healthz");
        }
        Leaks.assertNone(buffers);
    }

    /** The probe was sent for upstreams of a pool that is no more: one of the same name and address has taken its place. */
    @Test
    void aResultThatComesAfterAReloadIsNotHeard() {
        CountDownLatch reloaded = new CountDownLatch(1);
        AtomicInteger answered = new AtomicInteger();
        try (ScriptedUpstream slow = ScriptedUpstream.of(
                        connection -> {
                            connection.readRequest();
                            reloaded.await();
                            connection.send("HTTP/1.1 500 Ill\r\nContent-Length: 0\r\n\r\n");
                            answered.incrementAndGet();
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
                        });
                JettyProxyServer weir = start(pool("old", ONCE, slow.uri()))) {
            slow.awaitRequest();

            weir.reload(config(UpstreamPool.of("old", slow.uri())));
            reloaded.countDown();
            slow.awaitClosed(1);

            assertThat(answered).hasValue(1);
            assertThat(get(weir)).isEqualTo("a");
            assertThat(standing(weir, slow)).isEqualTo(Standing.READY);
        }
        Leaks.assertNone(buffers);
    }

    private static String reason(JettyProxyServer weir, int upstream) {
        return weir.status().pools().get(0).upstreams().get(upstream).reason();
    }

    @Test
    void aReloadKeepsWhatProbesKnowAndProbesWhoIsNew() {
        try (ScriptedUpstream ill = upstream("a", new AtomicReference<>("500 Ill"));
                ScriptedUpstream joined = upstream("b", new AtomicReference<>("200 Well"));
                JettyProxyServer weir = start(pool("kept", ONCE, ill.uri()))) {
            awaitIll(weir);

            weir.reload(config(pool("kept", ONCE, ill.uri(), joined.uri())));

            assertThat(joined.awaitRequest().target()).isEqualTo("/healthz");
            assertThat(standing(weir, ill)).isEqualTo(Standing.ILL);
            assertThat(get(weir) + get(weir)).isEqualTo("bb");
        }
        Leaks.assertNone(buffers);
    }

    @Test
    void aServerThatStopsGivesUpTheProbesThatRun() {
        try (ScriptedUpstream silent = ScriptedUpstream.of(connection -> connection.readRequest())) {
            JettyProxyServer weir = start(pool("stopped", ONCE, silent.uri()));
            silent.awaitRequest();

            weir.close();

            silent.awaitClosed(1);
            assertThat(weir.status().pools().get(0).upstreams().get(0).standing())
                    .isEqualTo(Standing.READY);
            assertThat(weir.server().getThreadPool().getThreads()).isZero();
        }
        Leaks.assertNone(buffers);
    }

    @Test
    void aHandlerInsideAServerOfYoursProbesWhileItRuns() throws Exception {
        try (ScriptedUpstream ill = upstream("a", new AtomicReference<>("500 Ill"))) {
            Server server = new Server();
            server.addConnector(new ServerConnector(server));
            JettyProxyHandler handler = JettyProxyHandler.of(config(pool("inside", RULE, ill.uri())));
            server.setHandler(handler);
            server.start();
            try {
                Await.until(
                        "the probe's result",
                        () -> handler.status().pool("inside").ready() == 0);
                handler.stop();
                for (int i = 1; i <= ill.connectionCount(); i++) {
                    ill.awaitClosed(i);
                }
            } finally {
                server.stop();
            }
        }
    }

    private static UpstreamStatus awaitIll(JettyProxyServer weir) {
        Await.until(
                () -> "an ill upstream: " + weir.status(),
                () -> weir.status().pools().get(0).upstreams().get(0).standing() == Standing.ILL);
        return weir.status().pools().get(0).upstreams().get(0);
    }

    private static void await(JettyProxyServer weir, ScriptedUpstream upstream, Standing standing) {
        Await.until(() -> standing + ": " + weir.status(), () -> standing(weir, upstream) == standing);
    }

    private static Standing standing(JettyProxyServer weir, ScriptedUpstream upstream) {
        return weir.status().pools().get(0).upstreams().stream()
                .filter(one -> one.url().equals(upstream.uri()))
                .findFirst()
                .orElseThrow()
                .standing();
    }

    private static String get(JettyProxyServer weir) {
        return RawClient.exchange(weir.port(), "GET /x HTTP/1.1\r\nHost: any.test\r\n\r\n")
                .body();
    }

    /** Answers probes with that status line, all else with its name. */
    private static ScriptedUpstream upstream(String name, AtomicReference<String> health) {
        return ScriptedUpstream.of(connection -> {
            while (true) {
                boolean probe = connection.readRequest().target().startsWith("/healthz");
                String status = probe ? health.get() : "200 OK";
                String body = status.startsWith("204") ? "" : "Content-Length: 1\r\n\r\n" + name;
                connection.send("HTTP/1.1 " + status + "\r\n" + (body.isEmpty() ? "\r\n" : body));
            }
        });
    }

    private JettyProxyServer start(UpstreamPool pool) {
        return JettyProxyServer.builder(config(pool))
                .listen("127.0.0.1", 0)
                .buffers(buffers)
                .start();
    }

    private static ProxyConfig config(UpstreamPool pool) {
        return ProxyConfig.builder().route(Route.any().to(pool)).build();
    }

    private static UpstreamPool pool(String name, ActiveHealth rule, String... urls) {
        UpstreamPool.Builder pool = UpstreamPool.named(name).activeHealth(rule);
        for (String url : urls) {
            pool.upstream(url);
        }
        return pool.build();
    }
}
