package io.weir.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.examples.Limits;
import io.weir.jetty.JettyProxyServer;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import org.junit.jupiter.api.Test;

/** What is too much is refused, with the status that says in which way. */
class LimitsTest {

    @Test
    void theSeventhLoginIsRefused() {
        try (EchoUpstream app = EchoUpstream.start();
                JettyProxyServer proxy = start(app.uri())) {
            for (int i = 0; i < 6; i++) { // one, and five more as a burst; the next is due 12 s later
                assertThat(get(proxy, "/login").status()).isEqualTo(200);
            }

            RawResponse refused = get(proxy, "/login");

            assertThat(refused.status()).isEqualTo(429);
            assertThat(refused.field("Retry-After")).isPresent();
            assertThat(get(proxy, "/").status()).isEqualTo(200);
        }
    }

    @Test
    void theThirdDownloadAtTheSameTimeIsRefused() {
        try (ScriptedUpstream app = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nso far");
                    connection.hang();
                });
                JettyProxyServer proxy = start(app.uri());
                RawClient first = RawClient.connect(proxy.port());
                RawClient second = RawClient.connect(proxy.port())) {
            for (RawClient client : new RawClient[] {first, second}) {
                client.send("GET /download/x HTTP/1.1\r\nHost: a\r\n\r\n").readHead();
            }

            assertThat(get(proxy, "/download/x").status()).isEqualTo(503);
        }
    }

    @Test
    void aBodyTooLongIsRefused() {
        try (EchoUpstream app = EchoUpstream.start();
                JettyProxyServer proxy = start(app.uri())) {
            String post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + ((10 << 20) + 1) + "\r\n\r\n";

            assertThat(RawClient.exchange(proxy.port(), post).status()).isEqualTo(413);
            assertThat(app.requests()).isEmpty();
        }
    }

    private static RawResponse get(JettyProxyServer proxy, String target) {
        return RawClient.exchange(proxy.port(), "GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n");
    }

    private static JettyProxyServer start(String url) {
        return JettyProxyServer.builder(Limits.config(url))
                .listen("127.0.0.1", 0)
                .start();
    }
}
