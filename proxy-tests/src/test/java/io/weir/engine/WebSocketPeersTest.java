package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.log.WebSocketSummary;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Program;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.client.ClientUpgradeRequest;
import org.eclipse.jetty.websocket.client.WebSocketClient;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients and servers that others have written, with the proxy between them and without. */
class WebSocketPeersTest {

    private static final String NODE = "/usr/bin/node";
    private static final String WS = "/usr/share/nodejs/ws/index.js";
    private static final String WSCAT = "/usr/bin/wscat";

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void nodesWsSeesTheSameAsWithoutAProxy(boolean watched) {
        Program.assumeInstalled(NODE, WS);
        try (Program server = Program.start(NODE, script("ws-server.js"));
                WiredProxy proxied = proxy(server, watched)) {

            List<String> direct = converse(Integer.parseInt(server.awaitLine("port ")));
            List<String> through = converse(proxied.port());

            assertThat(direct)
                    .containsExactly(
                            "open chat",
                            "extensions permessage-deflate",
                            "pong are you there",
                            "message h\u00e9llo 6",
                            "message binary 1048576",
                            "closed 4001 bye");
            assertThat(withoutExtensions(through)).isEqualTo(withoutExtensions(direct));
            assertThat(through.get(1)).isEqualTo(watched ? "extensions " : "extensions permessage-deflate");
            assertThat(proxied.awaitEnded(1).webSocket()).isEqualTo(new WebSocketSummary(2, 2, 4001, 4001));
            Await.until(
                    "the server hears of both closes",
                    () -> server.lines().stream()
                                    .filter("closed 4001 bye"::equals)
                                    .count()
                            == 2);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void wscatGetsItsEcho(boolean watched) {
        Program.assumeInstalled(NODE, WS, WSCAT, "/usr/share/nodejs/https-proxy-agent", "/usr/share/nodejs/commander");
        try (Program server = Program.start(NODE, script("ws-server.js"));
                WiredProxy proxied = proxy(server, watched);
                Program wscat = Program.start(
                        WSCAT,
                        "-c",
                        "ws://127.0.0.1:" + proxied.port() + "/",
                        "-s",
                        "chat",
                        "-x",
                        "hello",
                        "-w",
                        "1")) {

            assertThat(String.join("\n", wscat.awaitEnd())).contains("hello").doesNotContain("rror");

            assertThat(server.awaitLine("closed ")).isEqualTo("1005 ");
            assertThat(proxied.awaitEnded(1).webSocket()).isEqualTo(new WebSocketSummary(1, 1, 1005, 1005));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void jettysClientTalksToNodesServer(boolean watched) throws Exception {
        Program.assumeInstalled(NODE, WS);
        WebSocketClient client = new WebSocketClient();
        client.setMaxBinaryMessageSize(4 * 1024 * 1024);
        client.start();
        Heard heard = new Heard();
        try (Program server = Program.start(NODE, script("ws-server.js"));
                WiredProxy proxied = proxy(server, watched)) {
            ClientUpgradeRequest asking =
                    new ClientUpgradeRequest(URI.create("ws://127.0.0.1:" + proxied.port() + "/"));
            asking.setSubProtocols("superchat");
            asking.addExtensions("permessage-deflate");
            Session session = client.connect(heard, asking).get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);

            session.sendText("hello", Callback.NOOP);
            session.sendBinary(ByteBuffer.allocate(2_000_000), Callback.NOOP);
            Await.until(() -> "two answers; heard " + heard.events, () -> heard.events.size() == 2);
            session.close(3000, "done", Callback.NOOP);

            Await.until(() -> "the close; heard " + heard.events, () -> heard.events.size() == 3);
            assertThat(heard.events).containsExactly("text hello", "binary 2000000", "close 3000 done");
            assertThat(session.getUpgradeResponse().getAcceptedSubProtocol()).isEqualTo("superchat");
            assertThat(server.awaitLine("closed ")).isEqualTo("3000 done");
        } finally {
            client.stop();
        }
    }

    private static List<String> converse(int port) {
        try (Program client = Program.start(NODE, script("ws-client.js"), "ws://127.0.0.1:" + port + "/chat")) {
            return client.awaitEnd();
        }
    }

    private static List<String> withoutExtensions(List<String> lines) {
        return lines.stream().filter(line -> !line.startsWith("extensions")).toList();
    }

    private static WiredProxy proxy(Program server, boolean watched) {
        String upstream = "http://127.0.0.1:" + server.awaitLine("port ");
        return WiredProxy.routing(
                pool -> pool.upstream(upstream),
                (config, pool) -> config.route(
                        (watched ? Route.any().webSocket(ws -> ws.maxMessage(4_000_000)) : Route.any()).to(pool)));
    }

    static String script(String name) {
        try {
            return Path.of(WebSocketPeersTest.class
                            .getResource("/peers/" + name)
                            .toURI())
                    .toString();
        } catch (java.net.URISyntaxException e) {
            throw new AssertionError(e);
        }
    }

    /** Public for Jetty, which calls it by reflection. */
    public static final class Heard implements Session.Listener.AutoDemanding {
        private final List<String> events = new CopyOnWriteArrayList<>();

        @Override
        public void onWebSocketText(String text) {
            events.add("text " + text);
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
