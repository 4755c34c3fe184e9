package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.body.MessageHook;
import io.weir.body.WebSocketMessage;
import io.weir.header.Upgrades;
import io.weir.http.ProxyError;
import io.weir.log.WebSocketSummary;
import io.weir.route.Route;
import io.weir.route.WebSocketPolicy;
import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.Frame;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Response;
import io.weir.testkit.H2Stream;
import io.weir.testkit.Identity;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawRequest;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UnixUpstream;
import io.weir.testkit.UpstreamConnection;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamTls;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** WebSockets that a route watches over, between peers that write and read their frames byte by byte. */
class WebSocketBridgeTest {

    static final String ASKING = "GET /chat|room HTTP/1.1\r\nHost: a.test\r\nConnection: keep-alive, Upgrade\r\n"
            + "Upgrade: foo, WebSocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

    private static final int MIB = 1024 * 1024;

    // ---- the handshake ----

    @Test
    void eachSideHasAHandshakeOfItsOwnWithoutExtensions() {
        try (var upstream = speaking(UpstreamConnection::hang);
                var proxied = bridged(upstream, ws -> {});
                var client = proxied.client()) {

            RawResponse head = client.send(ASKING).readInterim();

            RawRequest request = upstream.awaitRequest();
            assertThat(head.status()).isEqualTo(101);
            assertThat(head.fields("Connection")).containsExactly("Upgrade");
            assertThat(head.fields("Upgrade")).containsExactly("websocket");
            assertThat(head.fields("Sec-WebSocket-Accept")).containsExactly("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            assertThat(head.fields("Sec-WebSocket-Protocol")).containsExactly("chat");
            assertThat(head.field("Sec-WebSocket-Extensions")).isEmpty();
            assertThat(head.field("X-Upstream")).hasValue("yes");
            assertThat(head.field("Server")).isEmpty();
            assertThat(request.requestLine()).isEqualTo("GET /chat|room HTTP/1.1");
            assertThat(request.field("Sec-WebSocket-Extensions")).isEmpty();
            assertThat(request.field("Sec-WebSocket-Protocol")).hasValue("chat, superchat");
        }
    }

    @Test
    void aRefusalReachesTheClientWhole() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nnot today");
                var proxied = bridged(upstream, ws -> {})) {

            RawResponse refusal = proxied.exchange(ASKING);

            assertThat(refusal.status()).isEqualTo(403);
            assertThat(refusal.body()).isEqualTo("not today");
        }
    }

    @Test
    void onlyAllowedSubprotocolsAreOffered() {
        try (var upstream = speaking(UpstreamConnection::hang);
                var proxied = bridged(upstream, ws -> ws.subprotocols("superchat", "mqtt"));
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            assertThat(upstream.awaitRequest().field("Sec-WebSocket-Protocol")).hasValue("superchat");
        }
    }

    @Test
    void aForeignOriginIsRefusedBeforeAnUpstreamIsAsked() {
        try (var upstream = speaking(UpstreamConnection::hang);
                var proxied = bridged(upstream, ws -> ws.origins("https://a.test"));
                var client = proxied.client()) {

            RawResponse refused = proxied.exchange(ASKING.replace("\r\n\r\n", "\r\nOrigin: https://evil.test\r\n\r\n"));

            assertThat(refused.status()).isEqualTo(403);
            assertThat(upstream.connectionCount()).isZero();
            client.send(ASKING.replace("\r\n\r\n", "\r\nOrigin: https://a.test\r\n\r\n"))
                    .readInterim();
        }
    }

    @Test
    void anExtensionThatNobodyOfferedIs502() {
        try (var upstream = TunnelTest.switching(UpstreamConnection::hang);
                var proxied = bridged(upstream, ws -> {})) {

            assertThat(proxied.exchange(ASKING).status()).isEqualTo(502);
            assertThat(proxied.awaitError(1)).isEqualTo(ProxyError.UPGRADE_FAILED);
            upstream.awaitClosed(1);
        }
    }

    // ---- what passes ----

    @Test
    void messagesPassBothWaysAndAreMaskedForTheUpstreamOnly() {
        try (var upstream = speaking(connection -> {
                    connection.send(Frame.text("early").bytes());
                    Frame heard = Frame.read(connection);
                    connection.send(Frame.binary(heard.payload()).bytes());
                    connection.hang();
                });
                var proxied = bridged(upstream, ws -> {});
                var client = proxied.client()) {
            client.send(ASKING).send(Frame.text("h\u00e9llo").masked());
            client.readInterim();

            assertThat(Frame.read(client)).hasToString("text early");
            assertThat(Frame.read(client)).hasToString("binary h\u00e9llo");
        }
    }

    @Test
    void messagesPassFromATlsClientToATlsUpstream() {
        Edge.overTls(true);
        Identity identity = Identity.of("ip:127.0.0.1");
        try (var upstream = ScriptedUpstream.secured(identity, answering(WebSocketBridgeTest::echo));
                var proxied = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri())
                                .tls(UpstreamTls.defaults().withTrust(identity.certificate())),
                        WebSocketBridgeTest::bridging);
                var client = proxied.client()) {
            converse(client);

            assertThat(proxied.awaitEnded(1).outcome().error()).isNull();
        } finally {
            Edge.overTls(false);
        }
    }

    @Test
    void messagesPassToAnUpstreamInTheFileSystem() {
        try (var behind = speaking(WebSocketBridgeTest::echo);
                var upstream = UnixUpstream.relayingTo(behind.port());
                var proxied = WiredProxy.routing(
                        pool -> pool.upstream("unix:" + upstream.path()), WebSocketBridgeTest::bridging);
                var client = proxied.client()) {
            converse(client);

            assertThat(proxied.awaitEnded(1).outcome().error()).isNull();
        }
    }

    @Test
    void fragmentsPassAsTheyComeWithPingsBetweenThem() {
        try (var upstream = speaking(connection -> {
                    assertThat(Frame.read(connection)).hasToString("unfinished text one");
                    connection.send(Frame.ping("are you there").bytes());
                    assertThat(Frame.read(connection)).hasToString("pong are you there");
                    assertThat(Frame.read(connection)).hasToString("continued two");
                    connection.send(Frame.text("got it").bytes());
                    connection.hang();
                });
                var proxied = bridged(upstream, ws -> {});
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            client.send(Frame.text("one").unfinished().masked());
            assertThat(Frame.read(client)).hasToString("ping are you there");
            client.send(new Frame(true, 10, "are you there".getBytes(StandardCharsets.US_ASCII)).masked());
            client.send(Frame.text("two").continuing().masked());

            assertThat(Frame.read(client)).hasToString("text got it");
        }
    }

    /** The sender is held back long before the 64 MiB, for nobody reads them: nothing is collected. */
    @Test
    void aMessageOf64MibPassesWithBoundedMemory() {
        int size = 64 * MIB;
        CountDownLatch goOn = new CountDownLatch(1);
        try (var upstream = speaking(connection -> {
                    Await.on("the client has come to a standstill", goOn);
                    long got = 0;
                    Frame frame;
                    do {
                        frame = Frame.read(connection);
                        got += frame.payload().length;
                    } while (!frame.fin());
                    connection.send(Frame.text(Long.toString(got)).bytes());
                    connection.hang();
                });
                var proxied = bridged(upstream, ws -> ws.maxMessage(64L * MIB));
                var client = proxied.client()) {
            client.send(ASKING).readInterim();
            byte[] message = Frame.binary(new byte[size]).masked();
            AtomicLong sent = new AtomicLong();
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                for (int at = 0; at < message.length; at += MIB / 4) {
                    client.send(java.util.Arrays.copyOfRange(message, at, Math.min(message.length, at + MIB / 4)));
                    sent.addAndGet(MIB / 4);
                }
            });

            BackPressureTest.awaitStandstill(sent::get);

            assertThat(sent.get()).isLessThan(BackPressureTest.BOUND);
            goOn.countDown();
            sending.join();
            assertThat(Frame.read(client).text()).isEqualTo(Integer.toString(size));
            client.close();
            assertThat(proxied.awaitEnded(1).webSocket().messagesFromClient()).isOne();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aMessageThatIsTooLargeIs1009OnBothSides(boolean byClient) {
        Frame half = Frame.text("x".repeat(600));
        List<Frame> heard = new CopyOnWriteArrayList<>();
        try (var upstream = speaking(connection -> {
                    if (!byClient) {
                        connection.send(half.unfinished().bytes());
                        connection.send(half.continuing().bytes());
                    }
                    hear(connection, heard);
                });
                var proxied = bridged(upstream, ws -> ws.maxMessage(1000));
                var client = proxied.client()) {
            client.send(ASKING).readInterim();
            if (byClient) {
                client.send(half.unfinished().masked()).send(half.continuing().masked());
            } else {
                assertThat(Frame.read(client).fin()).isFalse();
            }

            String said = "close 1009 a message of more than 1000 bytes from the " + (byClient ? "client" : "upstream");
            assertThat(Frame.read(client)).hasToString(said);
            Await.until("the upstream hears of it", () -> heard.stream().anyMatch(frame -> frame.opcode() == 8));
            assertThat(heard.get(heard.size() - 1)).hasToString(said);
        }
    }

    // ---- pings ----

    @Test
    void aSideThatAnswersPingsStaysAndTheOtherSeesNothingOfThem() {
        AtomicInteger pings = new AtomicInteger();
        try (var upstream = speaking(connection -> {
                    while (true) {
                        Frame frame = Frame.read(connection);
                        if (frame.opcode() == 9) {
                            pings.incrementAndGet();
                            connection.send(new Frame(true, 10, frame.payload()).bytes());
                        } else {
                            connection.send(frame.bytes());
                        }
                    }
                });
                var proxied = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()),
                        (config, pool) -> config.route(Route.any()
                                .timeouts(t -> t.tunnel(Duration.ofSeconds(2)))
                                .webSocket(ws -> ws.pings(Duration.ofMillis(500)))
                                .to(pool)));
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            // Six silences are longer than the tunnel clock: it is the answers that keep it from running out.
            for (int i = 0; i < 6; i++) {
                Frame ping = Frame.read(client);
                assertThat(ping.opcode()).isEqualTo(9);
                client.send(new Frame(true, 10, ping.payload()).masked());
            }
            client.send(Frame.text("still here").masked());

            Frame next;
            do {
                next = Frame.read(client);
            } while (next.opcode() == 9);
            assertThat(next).hasToString("text still here");
            assertThat(pings.get()).isPositive();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aSideThatDoesNotAnswerPingsIsDroppedAndTheOtherIsTold(boolean client) {
        List<Frame> heard = new CopyOnWriteArrayList<>();
        CountDownLatch gone = new CountDownLatch(1);
        try (var upstream = speaking(connection -> {
                    try {
                        Frame frame;
                        do {
                            frame = Frame.read(connection);
                            heard.add(frame);
                            if (client && frame.opcode() == 9) {
                                connection.send(new Frame(true, 10, frame.payload()).bytes());
                            }
                        } while (frame.opcode() != 8);
                        connection.close();
                    } finally {
                        gone.countDown();
                    }
                });
                var proxied = bridged(upstream, ws -> ws.pings(Duration.ofMillis(300)));
                var raw = proxied.client()) {
            raw.send(ASKING).readInterim();
            if (client) {
                assertThat(raw.readAllThatComes()).startsWith("\u0089\b");
                Await.on("the upstream is closed", gone);
                assertThat(heard.get(heard.size() - 1)).hasToString("close 1001");
                assertThat(proxied.awaitError(1)).isEqualTo(ProxyError.CLIENT_GONE);
            } else {
                Frame frame = Frame.read(raw);
                while (frame.opcode() == 9) {
                    raw.send(new Frame(true, 10, frame.payload()).masked());
                    frame = Frame.read(raw);
                }
                assertThat(frame).hasToString("close 1001");
                Await.on("the upstream is closed", gone);
                assertThat(proxied.awaitEnded(1).outcome().detail()).contains("no answer to a ping within PT0.3S");
            }
        }
    }

    // ---- hooks ----

    @Test
    void aHookObservesDropsAndReplaces() {
        List<String> seen = new CopyOnWriteArrayList<>();
        MessageHook hook = MessageHook.of(message -> {
            seen.add(message + ": " + message.text());
            return switch (message.text()) {
                case "drop" -> null;
                case "replace" -> message.withText("replaced");
                case "bytes" -> message.withBytes(new byte[] {'b'});
                default -> message;
            };
        });
        try (var upstream = speaking(WebSocketBridgeTest::echo);
                var proxied = bridged(upstream, ws -> ws.onMessage(hook));
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            client.send(Frame.text("drop").masked());
            client.send(Frame.text("he").unfinished().masked());
            client.send(Frame.text("llo").continuing().masked());
            client.send(Frame.text("replace").masked());
            client.send(Frame.text("bytes").masked());

            assertThat(Frame.read(client)).hasToString("text hello");
            assertThat(Frame.read(client)).hasToString("text replaced");
            assertThat(Frame.read(client)).hasToString("binary b");
            assertThat(seen)
                    .contains(
                            "text message of 4 bytes from the client: drop",
                            "text message of 5 bytes from the client: hello",
                            "text message of 5 bytes from the upstream: hello",
                            "binary message of 1 bytes from the upstream: b");
        }
    }

    @Test
    void aHookThatTakesItsTimeHoldsTheSenderBack() {
        CompletableFuture<WebSocketMessage> later = new CompletableFuture<>();
        AtomicInteger calls = new AtomicInteger();
        AtomicLong sent = new AtomicLong();
        MessageHook hook = (message, request) -> {
            if (!message.isFromClient()) {
                return CompletableFuture.completedFuture(message);
            }
            return calls.getAndIncrement() == 0 ? later : CompletableFuture.completedFuture(null);
        };
        int count = 600;
        try (var upstream = speaking(WebSocketBridgeTest::echo);
                var proxied = bridged(upstream, ws -> ws.onMessage(hook));
                var client = proxied.client()) {
            client.send(ASKING).readInterim();
            byte[] message = Frame.binary(new byte[MIB / 8]).masked();
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                for (int i = 0; i < count; i++) {
                    client.send(message);
                    sent.addAndGet(message.length);
                }
            });

            BackPressureTest.awaitStandstill(sent::get);

            assertThat(sent.get()).isLessThan(BackPressureTest.BOUND);
            assertThat(calls.get()).isOne();
            later.complete(WebSocketMessage.received(true, true, new byte[] {'!'}));
            sending.join();
            assertThat(Frame.read(client)).hasToString("text !");
            Await.until("all have been seen", () -> calls.get() == count);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"throws", "fails later", "forgets its answer"})
    void aHookThatFailsIs1011OnBothSides(String how) {
        MessageHook hook = (message, request) -> {
            if (how.equals("throws")) {
                throw new IllegalStateException("a bug");
            }
            return how.equals("fails later")
                    ? CompletableFuture.failedFuture(new IllegalStateException("a bug"))
                    : null;
        };
        List<Frame> heard = new CopyOnWriteArrayList<>();
        try (var upstream = speaking(connection -> hear(connection, heard));
                var proxied = bridged(upstream, ws -> ws.onMessage(hook));
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            client.send(Frame.text("hello").masked());

            assertThat(Frame.read(client)).hasToString("close 1011");
            Await.until("the upstream hears of it", () -> !heard.isEmpty());
            assertThat(heard.get(0)).hasToString("close 1011");
        }
    }

    @Test
    void textThatIsNotUtf8NeverReachesAHook() {
        AtomicInteger calls = new AtomicInteger();
        try (var upstream = speaking(WebSocketBridgeTest::echo);
                var proxied = bridged(
                        upstream,
                        ws -> ws.onMessage(MessageHook.of(message -> {
                            calls.incrementAndGet();
                            return message;
                        })));
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            client.send(new Frame(true, 1, new byte[] {(byte) 0xc3, '('}).masked());

            assertThat(Frame.read(client).toString()).startsWith("close 1007");
            assertThat(calls.get()).isZero();
        }
    }

    @Test
    void withAHookAMessageIsLimitedThoughNothingWasSaid() {
        try (var upstream = speaking(WebSocketBridgeTest::echo);
                var proxied = bridged(upstream, ws -> ws.onMessage(MessageHook.of(message -> message)));
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            client.send(Frame.binary(new byte[MIB + 1]).masked());

            assertThat(Frame.read(client).toString()).startsWith("close 1009");
        }
    }

    // ---- ends ----

    @Test
    void countsAndCodesAreInTheSummary() {
        try (var upstream = speaking(connection -> {
                    Frame.read(connection);
                    connection.send(Frame.binary(new byte[300]).bytes());
                    Frame.read(connection);
                    connection.send(Frame.close().bytes());
                    connection.close();
                });
                var proxied = bridged(upstream, ws -> {});
                var client = proxied.client()) {
            client.send(ASKING).readInterim();
            client.send(Frame.text("hello").masked());
            Frame.read(client);

            client.send(Frame.close(4001, "bye").masked());

            assertThat(Frame.read(client)).hasToString("close");
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(proxied.awaitEnded(1).webSocket())
                    .isEqualTo(new WebSocketSummary(1, 1, 4001, WebSocketSummary.NO_CODE));
            assertThat(proxied.awaitEnded(1).outcome().bodyBytes()).isEqualTo(300);
            assertThat(proxied.awaitError(1)).isNull();
        }
    }

    @Test
    void aFrameThatBreaksTheRulesIs1002AndTheOtherSideIsTold() {
        List<Frame> heard = new CopyOnWriteArrayList<>();
        try (var upstream = speaking(connection -> hear(connection, heard));
                var proxied = bridged(upstream, ws -> {});
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            client.send(Frame.text("not masked").bytes());

            assertThat(Frame.read(client).toString()).startsWith("close 1002");
            Await.until("the upstream hears of it", () -> !heard.isEmpty());
            assertThat(heard.get(0)).hasToString("close 1001");
        }
    }

    @Test
    void silenceClosesBoth() {
        try (var upstream = speaking(UpstreamConnection::hang);
                var proxied = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()),
                        (config, pool) -> config.route(Route.any()
                                .timeouts(t -> t.tunnel(Duration.ofMillis(50)))
                                .webSocket(ws -> {})
                                .to(pool)));
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            assertThat(client.isClosedByPeer()).isTrue();
            upstream.awaitClosed(1);
            assertThat(proxied.awaitEnded(1).outcome().detail()).isEqualTo("tunnel clock PT0.05S ran out");
        }
    }

    /** Jetty would have its own word with sessions that it knows of, at the same time; over TLS that was often the last one. */
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aStopTellsBothSides1001(boolean tls) throws Exception {
        Edge.overTls(tls);
        List<Frame> heard = new CopyOnWriteArrayList<>();
        try (var upstream = speaking(connection -> hear(connection, heard));
                var proxied = bridged(upstream, ws -> {});
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> proxied.stop(Duration.ofMinutes(5)));

            assertThat(Frame.read(client).toString()).startsWith("close 1001");
            stopped.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
            assertThat(heard.get(0).toString()).startsWith("close 1001");
        } finally {
            Edge.overTls(false);
        }
    }

    @Test
    void aClientOverHttp2IsBridgedAsWell() {
        try (var upstream = speaking(WebSocketBridgeTest::echo);
                var proxied = bridged(upstream, ws -> ws.onMessage(MessageHook.of(m -> m)));
                var client = H2Client.connect(proxied.port())) {
            H2Stream stream = client.openWebSocket(
                    "/chat",
                    List.of(new Field("sec-websocket-version", "13"), new Field("sec-websocket-protocol", "chat")));
            H2Response head = stream.awaitHead();

            stream.send(new String(Frame.text("hello").masked(), StandardCharsets.ISO_8859_1));

            assertThat(head.status()).isEqualTo(200);
            assertThat(head.field("sec-websocket-protocol")).hasValue("chat");
            assertThat(head.field("sec-websocket-accept")).isEmpty();
            assertThat(stream.awaitData())
                    .isEqualTo(new String(Frame.text("hello").bytes(), StandardCharsets.ISO_8859_1));
        }
    }

    @Test
    void manyAtATimeLeaveNothing() {
        int count = 100;
        try (var upstream = speaking(WebSocketBridgeTest::echo);
                var proxied = bridged(upstream, ws -> {})) {
            List<RawClient> clients = new java.util.ArrayList<>();
            for (int i = 0; i < count; i++) {
                RawClient client = proxied.client();
                clients.add(client);
                client.send(ASKING).send(Frame.text("ping").masked()).readInterim();
                assertThat(Frame.read(client)).hasToString("text ping");
            }
            for (int i = 0; i < count; i++) {
                if (i % 2 == 0) {
                    clients.get(i).send(Frame.close(1000, "").masked());
                }
                clients.get(i).close();
            }

            assertThat(proxied.awaitEnded(count).outcome().status()).isEqualTo(101);
        }
    }

    // ---- helpers ----

    static WiredProxy bridged(ScriptedUpstream upstream, Consumer<WebSocketPolicy.Builder> settings) {
        return WiredProxy.routing(
                pool -> pool.upstream(upstream.uri()),
                (config, pool) -> config.route(Route.any().webSocket(settings).to(pool)));
    }

    private static ProxyConfig.Builder bridging(ProxyConfig.Builder config, UpstreamPool pool) {
        return config.route(Route.any().webSocket(ws -> {}).to(pool));
    }

    /** A small and a large message there and back, then a close. */
    private static void converse(RawClient client) {
        String large = "x".repeat(MIB);
        client.send(ASKING).readInterim();
        client.send(Frame.text("small").masked());
        assertThat(Frame.read(client)).hasToString("text small");
        client.send(Frame.binary(large.getBytes(StandardCharsets.ISO_8859_1)).masked());
        StringBuilder back = new StringBuilder();
        Frame frame;
        do {
            frame = Frame.read(client);
            back.append(new String(frame.payload(), StandardCharsets.ISO_8859_1));
        } while (!frame.fin());
        assertThat(back.toString()).isEqualTo(large);
        client.send(Frame.close(3000, "bye").masked());
        assertThat(Frame.read(client)).hasToString(Frame.close(3000, "bye").toString());
    }

    /** Answers as a WebSocket server without extensions has to, and goes on as told. */
    static ScriptedUpstream speaking(ScriptedUpstream.Script then) {
        return ScriptedUpstream.of(answering(then));
    }

    private static ScriptedUpstream.Script answering(ScriptedUpstream.Script then) {
        return connection -> {
            RawRequest request = connection.readHead();
            String key = request.field("Sec-WebSocket-Key").orElseThrow();
            String offered = request.field("Sec-WebSocket-Protocol").orElse("");
            connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + (offered.isEmpty() ? "" : "Sec-WebSocket-Protocol: " + offered.split(",")[0] + "\r\n")
                    + "X-Upstream: yes\r\nSec-WebSocket-Accept: " + Upgrades.acceptFor(key) + "\r\n\r\n");
            then.run(connection);
        };
    }

    /** Reads all up to the close, and answers that. */
    private static void hear(UpstreamConnection connection, List<Frame> heard) throws java.io.IOException {
        do {
            heard.add(Frame.read(connection));
        } while (heard.get(heard.size() - 1).opcode() != 8);
        connection.send(heard.get(heard.size() - 1).bytes());
        connection.close();
    }

    private static void echo(UpstreamConnection connection) throws java.io.IOException {
        Frame frame;
        do {
            frame = Frame.read(connection);
            connection.send(frame.bytes());
        } while (frame.opcode() != 8);
        connection.close();
    }
}
