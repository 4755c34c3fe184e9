package io.weir.recipes;

import static java.util.stream.Collectors.joining;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.examples.Balancing;
import io.weir.examples.Diagnosis;
import io.weir.examples.Failover;
import io.weir.examples.ForwardedFields;
import io.weir.examples.Gateway;
import io.weir.examples.UriRewriting;
import io.weir.examples.WebSockets;
import io.weir.http.RequestHead;
import io.weir.jetty.JettyProxyServer;
import io.weir.testkit.Await;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.RefusingPort;
import io.weir.testkit.ScriptedUpstream;
import java.time.Duration;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The recipes do what they say, with the upstreams of the test in place of those that they name. */
class RecipesTest {

    /** Whatever is on port 3000, or nothing: an answer comes from where it says that it listens. */
    @Test
    void gateway() throws Exception {
        try (MainProcess gateway = MainProcess.start(Gateway.class)) {
            int port = gateway.awaitPort();

            String answer = RawClient.exchange(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    .statusLine();
            assertThat(answer).startsWith("HTTP/1.1 ");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "/one/a%2Fb?x=1, /one/a%2Fb?x=1",
        "/two/users, /users",
        "/three/users, /v2/users",
        "/four/users, /v2users",
        "/u/7, /users?id=7",
        "/down/anything, /maintenance.html"
    })
    void uriRewriting(String asked, String seen) {
        try (EchoUpstream app = EchoUpstream.start();
                JettyProxyServer proxy = start(UriRewriting.config(app.uri()))) {
            assertThat(get(proxy, asked).body()).startsWith("GET " + seen + " HTTP/1.1\n");
        }
    }

    @Test
    void forwardedFields() {
        try (EchoUpstream app = EchoUpstream.start();
                JettyProxyServer proxy = start(ForwardedFields.config(app.uri()))) {
            String spoofed = "Host: App.test:8080\r\nX-Forwarded-For: 6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\n";

            String ours = get(proxy, "/", spoofed).body();
            String tutorial = get(proxy, "/tutorial/", spoofed).body();
            String bare = get(proxy, "/bare/", spoofed).body();

            assertThat(ours)
                    .contains("Host: App.test:8080\n", "X-Real-IP: 127.0.0.1\n", "X-Forwarded-For: 127.0.0.1\n")
                    .contains("X-Forwarded-Proto: http\n", "X-Forwarded-Host: App.test:8080\n")
                    .doesNotContain("6.6.6.6");
            assertThat(tutorial)
                    .contains("Host: app.test\n", "X-Real-IP: 127.0.0.1\n", "X-Forwarded-For: 127.0.0.1\n")
                    .contains("X-Forwarded-Proto: http\n")
                    .doesNotContain("X-Forwarded-Host");
            assertThat(bare)
                    .contains("Host: 127.0.0.1:" + app.port() + "\n")
                    .doesNotContain("X-Forwarded", "X-Real-IP");
        }
    }

    @Test
    void webSockets() {
        try (ScriptedUpstream app = ScriptedUpstream.of(connection -> {
                    if (connection.readHead().field("Upgrade").isPresent()) {
                        connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                + "Upgrade: websocket\r\n\r\n");
                        connection.send(connection.readBytes(4));
                    } else {
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nplain");
                    }
                });
                JettyProxyServer proxy = start(WebSockets.config(app.uri()));
                RawClient client = RawClient.connect(proxy.port())) {
            String upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                    + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

            client.send("GET /x HTTP/1.1\r\nHost: a\r\n" + upgrade + "\r\n");

            assertThat(client.readInterim().status()).isEqualTo(101);
            assertThat(client.send("ping").readBytes(4)).isEqualTo("ping");
            assertThat(get(proxy, "/x").body()).isEqualTo("plain");
            assertThat(get(proxy, "/internal/x", "Host: a\r\n" + upgrade).body())
                    .isEqualTo("plain");
        }
    }

    @Test
    void balancing() {
        try (NamedServer a = NamedServer.start("a");
                NamedServer b = NamedServer.start("b");
                JettyProxyServer proxy = start(Balancing.config(a.url(), b.url()))) {
            assertThat(answers(proxy, "/weighted", 6)).isEqualTo("abaaba");
            assertThat(answers(proxy, "/least", 6)).isEqualTo("ababab");
            assertThat(answers(proxy, "/sticky", 6)).isIn("aaaaaa", "bbbbbb");
        }
    }

    @Test
    void failover() throws Exception {
        Duration brief = Duration.ofSeconds(3);
        try (NamedServer a = NamedServer.start("a");
                NamedServer b = NamedServer.start("b");
                NamedServer backup = NamedServer.start("c");
                LogCapture log = LogCapture.of("io.weir.upstream");
                JettyProxyServer proxy = start(Failover.config(a.url(), b.url(), backup.url(), brief))) {
            assertThat(answers(proxy, "/", 4)).isEqualTo("abab");

            a.stop();
            assertThat(answers(proxy, "/", 8)).isEqualTo("bbbbbbbb");
            assertThat(log.await("upstream " + a.url() + " ejected").message())
                    .contains("3 failures, last: connection_refused");
            b.stop();
            assertThat(answers(proxy, "/", 2)).isEqualTo("cc");

            a.restart();
            Await.until("a is back", () -> answers(proxy, "/", 1).equals("a"));
        }
    }

    @Test
    void diagnosis() {
        Duration patience = Duration.ofMillis(200);
        try (RefusingPort refusing = RefusingPort.open();
                ScriptedUpstream silent = ScriptedUpstream.of(connection -> connection.readRequest());
                LogCapture log = LogCapture.of("io.weir.error");
                JettyProxyServer proxy = start(Diagnosis.config(refusing.uri(), silent.uri(), patience))) {
            assertThat(get(proxy, "/refused").status()).isEqualTo(502);
            assertThat(get(proxy, "/silent").status()).isEqualTo(504);

            assertThat(log.await("connect to " + refusing.uri()).message())
                    .contains("connection_refused", "\"refusing\"", "prefix /refused", "answered 502");
            assertThat(log.await("clock PT0.2S ran out for " + silent.uri()).message())
                    .contains("read clock", "\"silent\"", "prefix /silent", "answered 504");
            assertThat(proxy.explain(RequestHead.get("/silent", "a")).toString())
                    .contains("route: prefix /silent", "upstream: " + silent.uri());
        }
    }

    private static JettyProxyServer start(ProxyConfig config) {
        return JettyProxyServer.builder(config).listen("127.0.0.1", 0).start();
    }

    private static RawResponse get(JettyProxyServer proxy, String target) {
        return get(proxy, target, "Host: a\r\n");
    }

    private static RawResponse get(JettyProxyServer proxy, String target, String fields) {
        return RawClient.exchange(proxy.port(), "GET " + target + " HTTP/1.1\r\n" + fields + "\r\n");
    }

    /** Who answered that many requests, one after the other. */
    private static String answers(JettyProxyServer proxy, String target, int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> get(proxy, target).body())
                .collect(joining());
    }
}
