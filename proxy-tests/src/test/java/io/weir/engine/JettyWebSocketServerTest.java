package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.route.Route;
import io.weir.testkit.Await;
import java.net.URI;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.client.ClientUpgradeRequest;
import org.eclipse.jetty.websocket.client.WebSocketClient;
import org.eclipse.jetty.websocket.server.WebSocketUpgradeHandler;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Jetty's WebSocket server behind the proxy, and its client before it: with what the two agree on, compression too. */
class JettyWebSocketServerTest {

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aServerOfJettysIsSpokenToThroughTunnelAndBridge(boolean watched) throws Exception {
        Server server = echo();
        WebSocketClient client = new WebSocketClient();
        client.start();
        String url = "http://127.0.0.1:" + ((ServerConnector) server.getConnectors()[0]).getLocalPort();
        try (var proxied = watched
                ? WiredProxy.routing(
                        pool -> pool.upstream(url),
                        (config, pool) -> config.route(Route.any()
                                .webSocket(ws -> ws.maxMessage(1 << 20))
                                .to(pool)))
                : WiredProxy.to(url)) {
            Heard heard = new Heard();
            ClientUpgradeRequest request =
                    new ClientUpgradeRequest(URI.create("ws://127.0.0.1:" + proxied.port() + "/echo"));
            request.addExtensions("permessage-deflate");

            Session session = client.connect(heard, request).get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
            session.sendText("x".repeat(100_000), Callback.NOOP);
            Await.until("the text", () -> heard.events.size() == 1);
            session.sendBinary(ByteBuffer.wrap(new byte[] {1, 2, 3}), Callback.NOOP);
            Await.until("the bytes", () -> heard.events.size() == 2);
            session.close(3001, "enough", Callback.NOOP);
            Await.until("the close", () -> heard.events.size() == 3);

            assertThat(heard.events).containsExactly("text 100000", "binary 3", "close 3001 enough");
            assertThat(proxied.awaitError(1)).isNull();
        } finally {
            client.stop();
            server.stop();
        }
    }

    private static Server echo() throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(WebSocketUpgradeHandler.from(
                server, container -> container.addMapping("/echo", (request, response, callback) -> new Echo())));
        server.start();
        return server;
    }

    /** Says everything again. */
    public static final class Echo implements Session.Listener.AutoDemanding {
        private Session session;

        @Override
        public void onWebSocketOpen(Session opened) {
            session = opened;
            opened.setMaxTextMessageSize(1 << 20);
        }

        @Override
        public void onWebSocketText(String message) {
            session.sendText(message, Callback.NOOP);
        }

        @Override
        public void onWebSocketBinary(ByteBuffer payload, Callback callback) {
            session.sendBinary(payload, callback);
        }
    }

    /** Notes what it hears. */
    public static final class Heard implements Session.Listener.AutoDemanding {
        private final List<String> events = new CopyOnWriteArrayList<>();

        @Override
        public void onWebSocketOpen(Session opened) {
            opened.setMaxTextMessageSize(1 << 20);
        }

        @Override
        public void onWebSocketText(String message) {
            events.add("text " + message.length());
        }

        @Override
        public void onWebSocketBinary(ByteBuffer payload, Callback callback) {
            events.add("binary " + payload.remaining());
            callback.succeed();
        }

        @Override
        public void onWebSocketClose(int code, String reason, Callback callback) {
            events.add("close " + code + " " + reason);
            callback.succeed();
        }
    }
}
