package io.weir.recipes;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.examples.NodeApplication;
import io.weir.jetty.JettyProxyServer;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

/** A real Node server, with the {@code ws} package, behind the recipe that is for it. */
class NodeApplicationTest {

    @Test
    void theApplicationSeesItsClientAndTheClientNoVersion() throws Exception {
        try (NodeProcess node = NodeProcess.start("node-application.js");
                JettyProxyServer proxy = inFrontOf(node)) {
            RawResponse response = RawClient.exchange(
                    proxy.port(), "GET /users?id=7 HTTP/1.1\r\nHost: app.test\r\nX-Forwarded-For: 6.6.6.6\r\n\r\n");

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("/users?id=7 app.test  127.0.0.1 127.0.0.1 http");
            assertThat(response.field("X-Powered-By")).isEmpty();
            assertThat(response.field("Server")).isEmpty();
            assertThat(response.field("Via")).isEmpty();
        }
    }

    @Test
    void aWebSocketReachesItAndItsCloseCodeComesThrough() throws Exception {
        try (NodeProcess node = NodeProcess.start("node-application.js");
                JettyProxyServer proxy = inFrontOf(node)) {
            Messages messages = new Messages();
            WebSocket socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .buildAsync(URI.create("ws://127.0.0.1:" + proxy.port() + "/live"), messages)
                    .get(10, SECONDS);

            socket.sendText("ping", true).get(10, SECONDS);

            assertThat(messages.received.poll(10, SECONDS)).isEqualTo("hello 127.0.0.1");
            assertThat(messages.received.poll(10, SECONDS)).isEqualTo("ping");
            socket.sendClose(4001, "done").get(10, SECONDS);
            assertThat(node.readLine()).isEqualTo("closed 4001");
        }
    }

    private static JettyProxyServer inFrontOf(NodeProcess node) throws Exception {
        String url = "http://127.0.0.1:" + node.readLine();
        return JettyProxyServer.builder(NodeApplication.config(url))
                .listen("127.0.0.1", 0)
                .start();
    }

    private static final class Messages implements WebSocket.Listener {
        private final BlockingQueue<String> received = new LinkedBlockingQueue<>();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence data, boolean last) {
            received.add(data.toString());
            socket.request(1);
            return null;
        }
    }
}
