package io.weir.engine;

import static io.weir.engine.TunnelTest.ASKING;
import static io.weir.engine.TunnelTest.switching;
import static io.weir.engine.TunnelTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.http.ProxyError;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whether a tunnel is opened at all, how long it lasts, and how much it takes. */
class TunnelLifeTest {

    private static final long MIB = 1024 * 1024;
    private static final int PIECES = 30;

    @ParameterizedTest
    @ValueSource(strings = {"h2c", "foo", "TLS/1.3"})
    void anyOtherTokenIsDroppedAndTheRequestGoesOn(String token) {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                var proxied = WiredProxy.to(upstream.uri())) {

            RawResponse response = proxied.exchange("GET / HTTP/1.1\r\nHost: a.test\r\n"
                    + "Connection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nUpgrade: "
                    + token + "\r\n\r\n");

            assertThat(response.body()).isEqualTo("ok");
            assertThat(upstream.awaitRequest().fields())
                    .extracting(field -> field.name().toLowerCase())
                    .doesNotContain("upgrade", "connection", "http2-settings");
        }
    }

    @Test
    void aRouteWithoutUpgradeSendsItOnAsPlainHttp() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 426 No\r\nContent-Length: 2\r\n\r\nno");
                var proxied = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()),
                        (config, pool) -> config.route(Route.any().noUpgrade().to(pool)))) {

            RawResponse response = proxied.exchange(ASKING);

            assertThat(response.status()).isEqualTo(426);
            assertThat(upstream.awaitRequest().field("Upgrade")).isEmpty();
        }
    }

    @Test
    void aSwitchToAnotherProtocolIs502() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n");
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {

            RawResponse response = client.send(ASKING).readResponse();

            assertThat(response.status()).isEqualTo(502);
            assertThat(proxied.awaitError(1)).isEqualTo(ProxyError.UPGRADE_FAILED);
            upstream.awaitClosed(1);
        }
    }

    @Test
    void anUpstreamThatDiesBeforeTheSwitchIsReplaced() {
        try (var dying = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    connection.reset();
                });
                var well = switching(connection -> connection.send("hello"));
                var proxied = WiredProxy.to(
                        pool -> pool.upstream(dying.uri()).upstream(well.uri(), settings -> settings.backup()));
                var client = proxied.client()) {

            client.send(ASKING).readInterim();

            assertThat(client.readBytes(5)).isEqualTo("hello");
        }
    }

    @Test
    void aKeptConnectionIsSwitchedAsWell() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                    connection.readHead();
                    connection.send(TunnelTest.SWITCHED + "hello");
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(WiredProxy.GET).readResponse();

            client.send(ASKING).readInterim();

            assertThat(client.readBytes(5)).isEqualTo("hello");
            assertThat(upstream.connectionCount()).isOne();
        }
    }

    @Test
    void silenceInBothDirectionsClosesBoth() {
        try (var upstream = switching(UpstreamConnection::hang);
                var proxied = withClocks(upstream, t -> t.tunnel(Duration.ofMillis(50)));
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            assertThat(client.isClosedByPeer()).isTrue();
            upstream.awaitClosed(1);
            assertThat(proxied.awaitEnded(1).outcome().detail()).isEqualTo("tunnel clock PT0.05S ran out");
            assertThat(proxied.awaitEnded(1).outcome().status()).isEqualTo(101);
        }
    }

    /** What passes in one direction alone, each time well within the clock, takes several times as long as it. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void eitherDirectionKeepsItOpen(boolean byClient) {
        AtomicLong lastSent = new AtomicLong();
        try (var upstream = switching(connection -> {
                    if (!byClient) {
                        trickle(() -> connection.send("x"), lastSent);
                    }
                    connection.hang();
                });
                var proxied = withClocks(
                        upstream,
                        t -> t.tunnel(Duration.ofSeconds(2))
                                .read(Duration.ofMillis(500)) // the 101 takes a while on a busy machine
                                .clientBody(Duration.ofMillis(20))
                                .keepAlive(Duration.ofMillis(20))
                                .clientHead(Duration.ofSeconds(2)));
                var client = proxied.client()) {
            client.send(ASKING).readInterim();
            if (byClient) {
                trickle(() -> client.send("x"), lastSent);
            }

            client.readAllThatComes();

            assertThat(lastSent.get())
                    .as("pieces that were sent before it closed")
                    .isEqualTo(PIECES);
            assertThat(proxied.awaitEnded(1).outcome().detail()).contains("tunnel clock");
        }
    }

    private interface Step {
        void run() throws Exception;
    }

    private static void trickle(Step step, AtomicLong sent) {
        for (int i = 0; i < PIECES; i++) {
            long until = System.nanoTime() + Duration.ofMillis(100).toNanos();
            Await.until("the next piece is due", () -> System.nanoTime() - until > 0);
            try {
                step.run();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            sent.incrementAndGet();
        }
    }

    @Test
    void aClientThatStopsReadingHoldsTheUpstreamBack() {
        long size = 64 * MIB;
        try (var upstream = switching(connection -> {
                    connection.sendFiller(size);
                    connection.close();
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client(64 * 1024)) {
            client.send(ASKING).readInterim();
            AtomicLong sent = upstream.bytesSent();

            BackPressureTest.awaitStandstill(sent::get);

            assertThat(sent.get()).isLessThan(BackPressureTest.BOUND);
            assertThat(client.discard(size)).isEqualTo(size);
        }
    }

    @Test
    void anUpstreamThatStopsReadingHoldsTheClientBack() {
        int size = 64 * (int) MIB;
        CountDownLatch goOn = new CountDownLatch(1);
        try (var upstream = switching(connection -> {
                    Await.on("the client has come to a standstill", goOn);
                    connection.discard(size);
                    connection.send("all");
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();
            AtomicLong sent = new AtomicLong();
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                byte[] piece = new byte[(int) MIB / 4];
                while (sent.get() < size) {
                    client.send(piece);
                    sent.addAndGet(piece.length);
                }
            });

            BackPressureTest.awaitStandstill(sent::get);

            assertThat(sent.get()).isLessThan(BackPressureTest.BOUND);
            goOn.countDown();
            sending.join();
            assertThat(client.readBytes(3)).isEqualTo("all");
        }
    }

    @Test
    void aThousandTunnelsAreOpenAtATimeAndLeaveNothing() {
        int count = 1_000;
        try (var upstream = switching(connection -> {
                    connection.send(text(connection.readBytes(4)));
                    connection.awaitEnd();
                    connection.close();
                });
                var proxied = WiredProxy.to(upstream.uri())) {
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                RawClient client = proxied.client();
                clients.add(client);
                client.send(ASKING + "ping").readInterim();
                assertThat(client.readBytes(4)).isEqualTo("ping");
            }

            assertThat(proxied.slotsTaken()).isEqualTo(count);
            clients.forEach(RawClient::close);

            assertThat(proxied.awaitEnded(count).outcome().status()).isEqualTo(101);
        }
    }

    @Test
    void nothingIsLostWhereTheTwoSidesAreOnDifferentThreads() {
        int threads = 4;
        int each = 100;
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                    connection.readHead();
                    connection.send(TunnelTest.SWITCHED + "hello");
                    connection.send(text(connection.readBytes(5)));
                    connection.awaitEnd();
                    connection.send("bye");
                    connection.close();
                });
                var proxied = WiredProxy.onSelectors(3, pool -> pool.upstream(upstream.uri()))) {

            List<CompletableFuture<Void>> clients = new ArrayList<>();
            for (int i = 0; i < threads; i++) {
                clients.add(CompletableFuture.runAsync(
                        () -> {
                            for (int k = 0; k < each; k++) {
                                // Each upstream connection serves one plain request and then a tunnel, whoever comes
                                // first.
                                try (RawClient client = proxied.client()) {
                                    converse(client);
                                }
                            }
                        },
                        task -> new Thread(task, "tunnel-client").start()));
            }
            clients.forEach(CompletableFuture::join);

            assertThat(proxied.failures()).isEmpty();
        }
    }

    private static void converse(RawClient client) {
        RawResponse head = client.send(ASKING + "early").readResponse();
        if (head.status() == 200) {
            return; // "early" is no request: the connection is closed
        }
        assertThat(client.readBytes(10)).isEqualTo("helloearly");
        client.shutdownOutput();
        assertThat(client.readAll()).isEqualTo("bye");
    }

    @Test
    void aStopWaitsForTheTunnelToCloseByItself() throws Exception {
        try (var upstream = switchingToFoo(connection -> {
                    connection.awaitEnd();
                    connection.close();
                });
                var server = JettyProxyServer.builder(foo(upstream.uri()))
                        .listen("127.0.0.1", 0)
                        .start();
                var client = RawClient.connect(server.port())) {
            client.send(ASKING.replace("websocket", "foo")).readInterim();

            CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> server.stop(Duration.ofMinutes(5)));
            Await.until("no new connection is taken", () -> server.server().isStopping());
            assertThat(stopped).isNotDone();
            client.shutdownOutput();

            assertThat(client.isClosedByPeer()).isTrue();
            stopped.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
        }
    }

    @Test
    void whenTheGraceEndsTheTunnelIsClosed() {
        try (var upstream = switchingToFoo(UpstreamConnection::hang);
                var proxied = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()),
                        (config, pool) ->
                                config.route(Route.any().upgrades("foo").to(pool)));
                var client = proxied.client()) {
            client.send(ASKING.replace("websocket", "foo")).readInterim();

            CompletableFuture<Void> closed = CompletableFuture.runAsync(() -> proxied.stop(Duration.ofMillis(100)));

            assertThat(client.isClosedByPeer()).isTrue();
            upstream.awaitClosed(1);
            closed.join();
            assertThat(proxied.awaitEnded(1).outcome().status()).isEqualTo(101);
        }
    }

    private static ProxyConfig foo(String upstream) {
        return ProxyConfig.builder()
                .route(Route.any().upgrades("foo").to(UpstreamPool.of("app", upstream)))
                .build();
    }

    /** To a protocol in which nobody can be told that the proxy goes away. */
    private static ScriptedUpstream switchingToFoo(ScriptedUpstream.Script then) {
        return ScriptedUpstream.of(connection -> {
            connection.readHead();
            connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: foo\r\n\r\n");
            then.run(connection);
        });
    }

    private static WiredProxy withClocks(ScriptedUpstream upstream, Consumer<Timeouts.Builder> set) {
        Timeouts.Builder clocks = Timeouts.builder();
        set.accept(clocks);
        return WiredProxy.to(pool -> pool.upstream(upstream.uri()), config -> config.timeouts(clocks.build()));
    }
}
