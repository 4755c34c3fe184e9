package io.weir.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.examples.Extensions;
import io.weir.http.RequestHead;
import io.weir.jetty.JettyProxyServer;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.RefusingPort;
import io.weir.testkit.ScriptedUpstream;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Code of the user's own takes part where the recipe puts it. */
class ExtensionsTest {
    private final AtomicBoolean closed = new AtomicBoolean();

    @Test
    void theStrategyObeysTheWish() {
        try (ScriptedUpstream stable = saying("text/plain", "stable");
                ScriptedUpstream next = saying("text/plain", "next");
                JettyProxyServer proxy = start(stable.uri(), next.uri())) {
            assertThat(get(proxy, "").body()).isEqualTo("stable");
            assertThat(get(proxy, "").body()).isEqualTo("stable");
            assertThat(get(proxy, "X-Canary: yes\r\n").body()).isEqualTo("next");
            assertThat(get(proxy, "X-Canary: no\r\n").body()).isEqualTo("stable");
        }
    }

    @Test
    void whereTheFirstFailsTheStrategyIsAskedAgain() {
        try (RefusingPort stable = RefusingPort.open();
                ScriptedUpstream next = saying("text/plain", "next");
                JettyProxyServer proxy = start(stable.uri(), next.uri())) {
            assertThat(get(proxy, "").body()).isEqualTo("next");
        }
    }

    @Test
    void theMiddlewareAnswersWhileItIsClosed() {
        try (ScriptedUpstream app = saying("text/plain", "open");
                JettyProxyServer proxy = start(app.uri(), "http://127.0.0.1:1")) {
            closed.set(true);
            RawResponse refused = get(proxy, "");
            String explained = proxy.explain(RequestHead.get("/", "a")).toString();
            RawResponse status = RawClient.exchange(proxy.port(), "GET /%73tatus HTTP/1.1\r\nHost: a\r\n\r\n");
            closed.set(false);

            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.body()).isEqualTo("back in a minute");
            assertThat(explained).contains("Maintenance", "503");
            assertThat(status.body()).isEqualTo("open");
            assertThat(get(proxy, "").body()).isEqualTo("open");
        }
    }

    @Test
    void theTransformerChangesTextsAndNothingElse() {
        try (ScriptedUpstream text = saying("text/plain", "card 4711");
                ScriptedUpstream binary = saying("application/octet-stream", "card 4711");
                JettyProxyServer proxy = start(text.uri(), binary.uri())) {
            assertThat(get(proxy, "Accept-Encoding: gzip\r\n").body()).isEqualTo("card ####");
            assertThat(text.awaitRequest().field("Accept-Encoding").orElse("")).doesNotContain("gzip");
            assertThat(get(proxy, "X-Canary: yes\r\n").body()).isEqualTo("card 4711");
        }
    }

    private JettyProxyServer start(String stable, String next) {
        return JettyProxyServer.builder(Extensions.config(stable, next, closed))
                .listen("127.0.0.1", 0)
                .start();
    }

    private static ScriptedUpstream saying(String type, String body) {
        return ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nX-Powered-By: it\r\n"
                + "Content-Length: " + body.length() + "\r\n\r\n" + body);
    }

    private static RawResponse get(JettyProxyServer proxy, String fields) {
        RawResponse response = RawClient.exchange(proxy.port(), "GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n");
        assertThat(response.field("X-Powered-By")).isEmpty();
        return response;
    }
}
