package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.Middleware;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.RefusingPort;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.event.Level;

/** An operator learns from one line what happened, where, why, and what followed. */
class LogLinesTest {

    private static final String SITE = "log-lines.test";

    private static RefusingPort refusing;
    private static RefusingPort refusingToo;
    private static ScriptedUpstream silent;
    private static ScriptedUpstream babbling;
    private static EchoUpstream echo;
    private static JettyProxyServer weir;
    private static LogCapture errors;
    private static LogCapture access;

    @BeforeAll
    static void start() {
        refusing = RefusingPort.open();
        refusingToo = RefusingPort.open();
        silent = ScriptedUpstream.of(connection -> {
            connection.readRequest();
            connection.hang();
        });
        babbling = ScriptedUpstream.of(connection -> {
            connection.readRequest();
            connection.send("HTTP/9.9 what?\r\n\r\n");
            connection.close();
        });
        echo = EchoUpstream.start();
        Site site = Site.named(SITE)
                .route(Route.prefix("/refused/").to(pool("refused", refusing.uri())))
                .route(Route.prefix("/silent/")
                        .timeouts(t -> t.read(Duration.ofMillis(250)))
                        .to(pool("silent", silent.uri())))
                .route(Route.prefix("/patient/").to(pool("patient", silent.uri())))
                .route(Route.prefix("/total/")
                        .timeouts(t -> t.total(Duration.ofMillis(350)))
                        .to(pool("total", silent.uri())))
                .route(Route.prefix("/babbling/").to(pool("babbling", babbling.uri())))
                .route(Route.prefix("/second/")
                        .to(UpstreamPool.named("second")
                                .upstream(refusing.uri(), u -> u.maxFails(0))
                                .upstream(echo.uri(), u -> u.backup())
                                .build()))
                .route(Route.prefix("/out/").to(UpstreamPool.of("out", refusing.uri(), refusingToo.uri())))
                .route(Route.prefix("/small/").maxRequestBody(3).to(pool("small", echo.uri())))
                .route(Route.prefix("/echo/").to(pool("echo", echo.uri())))
                .route(Route.prefix("/broken/")
                        .use(Middleware.gate(request -> {
                            throw new IllegalStateException("out of order");
                        }))
                        .to(pool("broken", echo.uri())));
        errors = LogCapture.of("io.weir.error." + SITE);
        access = LogCapture.of("io.weir.access");
        weir = JettyProxyServer.builder(ProxyConfig.builder().site(site).build())
                .listen("127.0.0.1", 0)
                .start();
    }

    @AfterAll
    static void stop() {
        weir.close();
        errors.close();
        access.close();
        refusing.close();
        refusingToo.close();
        silent.close();
        babbling.close();
        echo.close();
    }

    @Test
    void aRefusedConnectionIsA502AndOneWarning() {
        assertThat(get("/refused/a").status()).isEqualTo(502);

        LogCapture.Line line = errors.await("GET /refused/a,");
        assertThat(line.level()).isEqualTo(Level.WARN);
        assertThat(line.message())
                .startsWith("connection_refused: ")
                .contains(
                        "; upstream " + refusing.uri() + " of \"refused\"",
                        "site \"" + SITE + "\", route \"prefix /refused/\"")
                .endsWith("; answered 502");
        assertWarnings("GET /refused/a,", 1);
    }

    @Test
    void aReadClockIsA504AndItsLineNamesTheClockAndItsValue() {
        assertThat(get("/silent/a").status()).isEqualTo(504);

        LogCapture.Line line = errors.await("GET /silent/a,");
        assertThat(line.level()).isEqualTo(Level.WARN);
        assertThat(line.message())
                .startsWith("connection_read_timeout: read clock PT0.25S ran out")
                .contains("upstream " + silent.uri() + " of \"silent\"", "route \"prefix /silent/\"")
                .endsWith("; answered 504");
        assertWarnings("GET /silent/a,", 1);
    }

    @Test
    void theTotalClockIsA504AndItsLineNamesTheClockAndItsValue() {
        assertThat(get("/total/a").status()).isEqualTo(504);

        LogCapture.Line line = errors.await("GET /total/a,");
        assertThat(line.level()).isEqualTo(Level.WARN);
        assertThat(line.message())
                .startsWith("http_response_timeout: total clock PT0.35S ran out")
                .contains("route \"prefix /total/\"")
                .endsWith("; 504");
        assertWarnings("GET /total/a,", 1);
    }

    @Test
    void anAnswerThatIsNoHttpIsA502AndOneWarning() {
        assertThat(get("/babbling/a").status()).isEqualTo(502);

        LogCapture.Line line = errors.await("GET /babbling/a,");
        assertThat(line.level()).isEqualTo(Level.WARN);
        assertThat(line.message())
                .startsWith("http_protocol_error: ")
                .contains("upstream " + babbling.uri())
                .endsWith("; answered 502");
    }

    @Test
    void aFailureThatTheNextUpstreamMakesGoodSaysSo() {
        assertThat(get("/second/a").status()).isEqualTo(200);

        LogCapture.Line line = errors.await("GET /second/a,");
        assertThat(line.level()).isEqualTo(Level.WARN);
        assertThat(line.message()).startsWith("connection_refused: ").endsWith("; next " + echo.uri());
    }

    @Test
    void anUpstreamThatIsTakenOutIsNamedOnceAndThenThePoolIsNoneAvailable() {
        try (LogCapture changes = LogCapture.of("io.weir.upstream")) {
            assertThat(get("/out/first").status()).isEqualTo(502);
            assertThat(get("/out/second").status()).isEqualTo(502);

            LogCapture.Line none = errors.await("GET /out/second,");
            assertThat(none.level()).isEqualTo(Level.WARN);
            assertThat(none.message())
                    .startsWith("destination_unavailable: no upstream of \"out\" can be tried: ")
                    .contains(
                            refusing.uri() + " (out: 1 failure, last: connection_refused: ",
                            refusingToo.uri() + " (out: 1 failure, ")
                    .endsWith("; 502");
            assertThat(changes.lines("ejected from \"out\""))
                    .allMatch(line -> line.level() == Level.WARN)
                    .extracting(LogCapture.Line::message)
                    .allMatch(line -> line.contains(" for PT10S: 1 failure, last: connection_refused: connect to http"))
                    .anyMatch(line -> line.startsWith("upstream " + refusing.uri() + " ejected"))
                    .anyMatch(line -> line.startsWith("upstream " + refusingToo.uri() + " ejected"))
                    .hasSize(2);
        }
    }

    @Test
    void aBodyThatIsTooLargeIs413AndNoWarning() {
        RawResponse response = RawClient.exchange(
                weir.port(), "POST /small/a HTTP/1.1\r\nHost: " + SITE + "\r\nContent-Length: 4\r\n\r\nabcd");

        assertThat(response.status()).isEqualTo(413);
        LogCapture.Line line = errors.await("POST /small/a,");
        assertThat(line.level()).isEqualTo(Level.DEBUG);
        assertThat(line.message()).startsWith("http_request_error: ").endsWith("; 413");
        assertWarnings("POST /small/a,", 0);
    }

    @Test
    void aClientThatLeavesIs499AndNoWarning() {
        try (RawClient client = RawClient.connect(weir.port())) {
            client.send(request("/patient/a", ""));
            silent.awaitRequest();
            client.reset();
        }

        LogCapture.Line line = errors.await("GET /patient/a,");
        assertThat(line.level()).isEqualTo(Level.DEBUG);
        assertThat(line.message())
                .startsWith("connection_terminated: the client closed the connection")
                .endsWith("; 499");
        assertThat(access.await("\"GET /patient/a HTTP/1.1\"").message()).contains("\" 499 0 ");
        assertWarnings("GET /patient/a,", 0);
    }

    @Test
    void aRequestThatNoRouteServesIs404AndNoWarning() {
        assertThat(get("/nowhere").status()).isEqualTo(404);

        LogCapture.Line line = errors.await("GET /nowhere,");
        assertThat(line.level()).isEqualTo(Level.DEBUG);
        assertThat(line.message())
                .startsWith("http_request_denied: no route serves this request")
                .endsWith("; 404");
    }

    @Test
    void middlewareThatFailsIsNamedAndTheClientLearnsNothingOfIt() {
        RawResponse response = get("/broken/a");

        assertThat(response.status()).isEqualTo(500);
        assertThat(response.body()).doesNotContain("out of order", "Exception");
        LogCapture.Line line = errors.await("GET /broken/a,");
        assertThat(line.level()).isEqualTo(Level.WARN);
        assertThat(line.message())
                .startsWith("proxy_internal_error: ")
                .contains("out of order")
                .endsWith("; 500");
    }

    @Test
    void eachExchangeHasItsAccessLineInTheCombinedFormat() {
        RawResponse response = RawClient.exchange(
                weir.port(), request("/echo/a?b=c", "Referer: http://from.test/\r\nUser-Agent: curl/8\r\n"));

        LogCapture.Line line = access.await("/echo/a?b=c");
        assertThat(line.level()).isEqualTo(Level.INFO);
        assertThat(line.message())
                .matches("127\\.0\\.0\\.1 - - \\[\\d\\d/[A-Z][a-z]{2}/\\d{4}:\\d\\d:\\d\\d:\\d\\d [+-]\\d{4}\\] "
                        + "\"GET /echo/a\\?b=c HTTP/1\\.1\" 200 "
                        + response.body().length() + " \"http://from\\.test/\" \"curl/8\"");
        assertThat(access.lines("/echo/a?b=c")).hasSize(1);
    }

    @Test
    void whatCameOffTheWireCannotForgeALine() {
        RawClient.exchange(weir.port(), request("/echo/forged", "User-Agent: a\" 200 \\ \u00e9\r\n"));

        assertThat(access.await("/echo/forged").message()).endsWith("\"a\\x22 200 \\x5C \\xE9\"");
    }

    @Test
    void repliesOfItsOwnHaveAnAccessLineToo() {
        RawResponse response = get("/refused/access");

        assertThat(access.await("/refused/access").message())
                .contains("\"GET /refused/access HTTP/1.1\" 502 "
                        + response.body().length() + " ");
    }

    /** At DEBUG the exchange's end is told as well. */
    private static void assertWarnings(String part, int count) {
        assertThat(errors.lines(part))
                .filteredOn(line -> line.level() == Level.WARN)
                .hasSize(count);
    }

    private static UpstreamPool pool(String name, String url) {
        return UpstreamPool.of(name, url);
    }

    private static RawResponse get(String target) {
        return RawClient.exchange(weir.port(), request(target, ""));
    }

    private static String request(String target, String fields) {
        return "GET " + target + " HTTP/1.1\r\nHost: " + SITE + "\r\n" + fields + "\r\n";
    }
}
