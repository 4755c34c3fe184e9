package io.weir.engine;

import static io.weir.engine.TunnelTest.ASKING;
import static io.weir.engine.TunnelTest.switching;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.header.Upgrades;
import io.weir.log.WebSocketSummary;
import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.Frame;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Stream;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** WebSockets in a tunnel: what is counted of them, and how they learn that the proxy is going away. */
class WebSocketDrainTest {

    private static final Duration LONG = Duration.ofMinutes(5);

    @Test
    void messagesAndCloseCodesOfEitherSideAreInTheSummary() {
        try (var upstream = switching(connection -> {
                    Frame.read(connection);
                    connection.send(Frame.text("a").unfinished().bytes());
                    connection.send(Frame.text("b").continuing().bytes());
                    connection.send(Frame.binary(new byte[300]).bytes());
                    Frame.read(connection);
                    connection.send(Frame.close().bytes());
                    connection.close();
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            client.send(Frame.text("hello").masked());
            Frame.read(client);
            Frame.read(client);
            Frame.read(client);
            client.send(Frame.close(4001, "bye").masked());
            Frame.read(client);
            client.close();

            assertThat(proxied.awaitEnded(1).webSocket())
                    .isEqualTo(new WebSocketSummary(1, 2, 4001, WebSocketSummary.NO_CODE));
        }
    }

    @Test
    void anAbruptEndHasNoCodes() {
        try (var upstream = switching(UpstreamConnection::hang);
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            client.reset();

            assertThat(proxied.awaitEnded(1).webSocket()).isEqualTo(new WebSocketSummary(0, 0, null, null));
        }
    }

    @Test
    void anIdleWebSocketIsTold1001OnBothSidesAndClosedWhenBothHaveAnswered() throws Exception {
        try (var upstream = switching(connection -> {
                    Frame close = Frame.read(connection);
                    connection.send(close.bytes());
                    connection.hang();
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> proxied.stop(LONG));
            Frame told = Frame.read(client);
            client.send(told.masked());

            assertThat(told).hasToString("close 1001");
            assertThat(client.isClosedByPeer()).isTrue();
            upstream.awaitClosed(1);
            stopped.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
            assertThat(proxied.awaitError(1)).isNull();
            assertThat(proxied.awaitEnded(1).webSocket()).isEqualTo(new WebSocketSummary(0, 0, 1001, 1001));
        }
    }

    /** Both peers are in the middle of a frame: it has to pass whole before they are told. */
    @Test
    void nobodyIsToldInsideOfAFrame() throws Exception {
        CountDownLatch stopping = new CountDownLatch(1);
        byte[] down = Frame.text("from the upstream").unfinished().bytes();
        byte[] up = Frame.text("from the client").unfinished().masked();
        try (var upstream = switching(connection -> {
                    assertThat(connection.readBytes(9)).isEqualTo(Arrays.copyOf(up, 9));
                    connection.send(Arrays.copyOf(down, 7)); // so the client knows that its part has passed
                    Await.on("the stop", stopping);
                    connection.send(Arrays.copyOfRange(down, 7, down.length));
                    assertThat(connection.readBytes(up.length - 9)).isEqualTo(Arrays.copyOfRange(up, 9, up.length));
                    assertThat(Frame.read(connection)).hasToString("close 1001");
                    connection.send(Frame.text("too late").bytes());
                    connection.send(Frame.close(1001, "").bytes());
                    connection.hang();
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();
            client.send(Arrays.copyOf(up, 9));
            String begun = client.readBytes(7);

            CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> proxied.stop(LONG));
            Await.until("the stop has begun", () -> proxied.isStopping());
            stopping.countDown();
            String rest = client.readBytes(down.length - 7);
            Frame told = Frame.read(client);
            client.send(Arrays.copyOfRange(up, 9, up.length));
            client.send(Frame.text("too late").masked()).send(told.masked());

            assertThat(begun + rest).isEqualTo(new String(down, StandardCharsets.ISO_8859_1));
            assertThat(told).hasToString("close 1001");
            assertThat(client.isClosedByPeer()).as("nothing after the close").isTrue();
            stopped.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    @Test
    void aCloseThatIsUnderWayIsNotDisturbed() throws Exception {
        CountDownLatch closing = new CountDownLatch(1);
        CountDownLatch stopping = new CountDownLatch(1);
        try (var upstream = switching(connection -> {
                    Frame close = Frame.read(connection);
                    closing.countDown();
                    Await.on("the stop", stopping);
                    connection.send(close.bytes());
                    connection.close();
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();
            client.send(Frame.close(4000, "enough").masked());
            Await.on("the close has arrived", closing);

            CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> proxied.stop(LONG));
            Await.until("the stop has begun", () -> proxied.isStopping());
            stopping.countDown();

            assertThat(Frame.read(client)).hasToString("close 4000 enough");
            client.close();
            stopped.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    @Test
    void whoDoesNotAnswerIsClosedWhenTheGraceEnds() {
        try (var upstream = switching(UpstreamConnection::hang);
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> proxied.stop(Duration.ofMillis(100)));

            assertThat(Frame.read(client)).hasToString("close 1001");
            assertThat(client.isClosedByPeer()).isTrue();
            upstream.awaitClosed(1);
            stopped.join();
        }
    }

    @Test
    void aClientOverHttp2IsToldAsWell() throws Exception {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    String key =
                            connection.readHead().field("Sec-WebSocket-Key").orElseThrow();
                    connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                            + "Sec-WebSocket-Accept: " + Upgrades.acceptFor(key) + "\r\n\r\n");
                    Frame close = Frame.read(connection);
                    connection.send(close.bytes());
                    connection.hang();
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = H2Client.connect(proxied.port())) {
            H2Stream stream = client.openWebSocket("/chat", List.of(new Field("sec-websocket-version", "13")));
            stream.awaitHead();

            CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> proxied.stop(LONG));
            byte[] told = stream.awaitData().getBytes(StandardCharsets.ISO_8859_1);
            stream.send(new String(Frame.close(1001, "").masked(), StandardCharsets.ISO_8859_1));

            assertThat(told).isEqualTo(Frame.close(1001, "").bytes());
            upstream.awaitClosed(1);
            stopped.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
        }
    }
}
