package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.header.Upgrades;
import io.weir.testkit.Await;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.WebSocket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The JDK's own WebSocket client, which checks what it is answered, through the proxy. */
class WebSocketClientTest {

    private static final int CLOSE = 0x88;
    private static final int PING = 0x89;
    private static final int PONG = 0x8a;

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void subprotocolMessagesPingsAndCloseCodesAreTheEndsOwn(boolean watched) throws Exception {
        Heard heard = new Heard();
        try (var upstream = ScriptedUpstream.of(WebSocketClientTest::echo);
                var proxied =
                        watched ? WebSocketBridgeTest.bridged(upstream, ws -> {}) : WiredProxy.to(upstream.uri())) {
            WebSocket socket = HttpClient.newHttpClient()
                    .newWebSocketBuilder()
                    .subprotocols("superchat", "chat")
                    .buildAsync(URI.create("ws://127.0.0.1:" + proxied.port() + "/chat"), heard)
                    .get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);

            socket.sendText("hello", true).get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
            socket.sendPing(ByteBuffer.wrap(new byte[] {'?'})).get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
            socket.sendClose(4001, "enough").get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);

            Await.until(() -> "three events; heard " + heard.events, () -> heard.events.size() == 3);
            assertThat(socket.getSubprotocol()).isEqualTo("chat");
            assertThat(heard.events).containsExactly("text hello", "pong ?", "close 4001 enough");
            assertThat(proxied.awaitError(1)).isNull();
        }
    }

    /** A small WebSocket server: it says everything again, answers pings and returns the close. */
    private static void echo(UpstreamConnection connection) throws IOException {
        String key = connection.readHead().field("Sec-WebSocket-Key").orElseThrow();
        connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: " + Upgrades.acceptFor(key) + "\r\n\r\n");
        int opcode;
        do {
            byte[] head = connection.readBytes(2);
            byte[] mask = connection.readBytes(4);
            byte[] payload = connection.readBytes(head[1] & 0x7f);
            for (int i = 0; i < payload.length; i++) {
                payload[i] ^= mask[i % 4];
            }
            opcode = head[0] & 0xff;
            connection.send(new byte[] {(byte) (opcode == PING ? PONG : opcode), (byte) payload.length});
            connection.send(payload);
        } while (opcode != CLOSE);
        connection.close();
    }

    private static final class Heard implements WebSocket.Listener {
        private final List<String> events = new CopyOnWriteArrayList<>();

        @Override
        public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            events.add("text " + text);
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onPong(WebSocket socket, ByteBuffer payload) {
            events.add("pong " + StandardCharsets.US_ASCII.decode(payload));
            socket.request(1);
            return null;
        }

        @Override
        public CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            events.add("close " + code + " " + reason);
            return null;
        }
    }
}
