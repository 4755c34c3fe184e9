package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofNanos;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.weir.ProxyConfig;
import io.weir.http.ProxyError;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import io.weir.upstream.KeepAlive;
import io.weir.upstream.UpstreamPool;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which connections to an upstream are kept, for how long, and what happens to a request on one that was not. */
class UpstreamConnectionsTest {

    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final String POST = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi";
    private static final String EMPTY_POST = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n";
    private static final String PUT = "PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi";

    // ---- kept ones ----

    @Test
    void aConnectionServesOneRequestAfterTheOther() {
        try (var upstream = ScriptedUpstream.of(UpstreamConnectionsTest::numbered);
                var proxy = WiredProxy.to(upstream.uri())) {

            for (int i = 0; i < 20; i++) {
                assertThat(proxy.exchange(i % 2 == 0 ? GET : POST).body()).isEqualTo("1");
            }
        }
    }

    /** Clients are spread over the selectors in turn. By age alone, both would get the connection used last. */
    @Test
    void eachSelectorHasItsOwn() throws Exception {
        CountDownLatch both = new CountDownLatch(2);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    both.countDown();
                    both.await();
                    connection.send(numberOf(connection));
                    numbered(connection);
                });
                var proxy = WiredProxy.onSelectors(2, pool -> pool.upstream(upstream.uri()));
                var a = proxy.client();
                var b = proxy.client()) {
            a.send(GET);
            b.send(GET);
            String ofA = a.readResponse().body();
            String ofB = b.readResponse().body();

            for (int i = 0; i < 5; i++) {
                assertThat(a.send(GET).readResponse().body()).isEqualTo(ofA);
                assertThat(b.send(GET).readResponse().body()).isEqualTo(ofB);
            }
            assertThat(upstream.connectionCount()).isEqualTo(2);
        }
    }

    @Test
    void aSelectorWithoutOneUsesAnothers() {
        try (var upstream = ScriptedUpstream.of(UpstreamConnectionsTest::numbered);
                var proxy = WiredProxy.onSelectors(2, pool -> pool.upstream(upstream.uri()));
                var a = proxy.client();
                var b = proxy.client()) {

            assertThat(a.send(GET).readResponse().body()).isEqualTo("1");
            assertThat(b.send(GET).readResponse().body()).isEqualTo("1");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nConnection: keep-alive, Close\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
                "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
                "HTTP/1.0 200 OK\r\nConnection: close\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok"
            })
    void anUpstreamThatDoesNotWantToKeepItIsObeyed(String answer) {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(answer);
                    connection.hang();
                });
                var proxy = WiredProxy.to(upstream.uri())) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            upstream.awaitClosed(1);
            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(upstream.connectionCount()).isEqualTo(2);
        }
    }

    @Test
    void anHttp10UpstreamThatWantsToKeepItMay() {
        try (var upstream = ScriptedUpstream.answering(
                        "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nok");
                var proxy = WiredProxy.to(upstream.uri())) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void anHttp10UpstreamMayEndItsBodyByClosing() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nok");
                    connection.close();
                });
                var proxy = WiredProxy.to(upstream.uri())) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
        }
    }

    @Test
    void theOneUsedLastIsUsedNext() {
        CountDownLatch both = new CountDownLatch(2);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    both.countDown();
                    Await.on("two requests at once", both);
                    connection.send(OK);
                    numbered(connection);
                });
                var proxy = WiredProxy.to(upstream.uri())) {
            atOnce(proxy, 2);

            String last = proxy.exchange(GET).body();

            for (int i = 0; i < 5; i++) {
                assertThat(proxy.exchange(GET).body()).isEqualTo(last);
            }
            assertThat(upstream.connectionCount()).isEqualTo(2);
        }
    }

    // ---- KeepAlive ----

    @Test
    void noMoreAreKeptThanAllowed() {
        CountDownLatch all = new CountDownLatch(3);
        CountDownLatch closed = new CountDownLatch(2);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    all.countDown();
                    Await.on("three requests at once", all);
                    connection.send(OK);
                    try {
                        connection.hang();
                    } finally {
                        closed.countDown();
                    }
                });
                var proxy = keeping(upstream, KeepAlive.defaults().withIdle(1))) {

            atOnce(proxy, 3);

            Await.on("two connections are closed", closed);
        }
    }

    @Test
    void aConnectionServesNoMoreRequestsThanAllowed() {
        try (var upstream = ScriptedUpstream.of(UpstreamConnectionsTest::numbered);
                var proxy = keeping(upstream, KeepAlive.defaults().withRequests(2))) {

            assertThat(List.of(
                            proxy.exchange(GET).body(),
                            proxy.exchange(GET).body(),
                            proxy.exchange(GET).body()))
                    .containsExactly("1", "1", "2");
            upstream.awaitClosed(1);
        }
    }

    @Test
    void aConnectionIsNotKeptUnusedForLongerThanAllowed() {
        try (var upstream = ScriptedUpstream.of(UpstreamConnectionsTest::numbered);
                var proxy = keeping(upstream, KeepAlive.defaults().withTimeout(ofMillis(150)))) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("1");
            upstream.awaitClosed(1);
            assertThat(proxy.exchange(GET).body()).isEqualTo("2");
        }
    }

    @Test
    void aConnectionGrowsNoOlderThanAllowed() {
        try (var upstream = ScriptedUpstream.of(UpstreamConnectionsTest::numbered);
                var proxy = keeping(upstream, KeepAlive.defaults().withAge(ofNanos(1)))) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("1");
            assertThat(proxy.exchange(GET).body()).isEqualTo("2");
            upstream.awaitClosed(1);
        }
    }

    @Test
    void whereNoneIsKeptTheUpstreamIsToldSo() {
        try (var upstream = ScriptedUpstream.of(UpstreamConnectionsTest::numbered);
                var proxy = keeping(upstream, KeepAlive.off())) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("1");
            upstream.awaitClosed(1);
            assertThat(upstream.awaitRequest().fields("Connection")).containsExactly("close");
        }
    }

    // ---- stale ones ----

    @Test
    void oneThatClosedWhileIdleIsNotUsed() {
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            connection.readRequest();
                            connection.send(OK);
                            connection.shutdownOutput();
                        },
                        UpstreamConnectionsTest::numbered);
                var proxy = WiredProxy.to(upstream.uri())) {

            proxy.exchange(GET);
            upstream.awaitClosed(1); // the proxy has noticed: before that it could not know

            assertThat(proxy.exchange(EMPTY_POST).body()).isEqualTo("2");
            assertThat(proxy.failures()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aGetOnOneThatClosesAtThatMomentGoesToAFreshOne(boolean reset) {
        try (var upstream = ScriptedUpstream.of(stale(reset), UpstreamConnectionsTest::numbered);
                var proxy = WiredProxy.to(upstream.uri())) {
            proxy.exchange(GET);

            RawResponse response = proxy.exchange(GET);

            assertThat(response.body()).isEqualTo("2");
            assertThat(proxy.failures()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {POST, EMPTY_POST})
    void aRequestThatMayNotBeSentTwiceIsNot(String request) {
        try (var upstream = ScriptedUpstream.of(stale(false), UpstreamConnectionsTest::numbered);
                var proxy = WiredProxy.to(upstream.uri())) {
            proxy.exchange(GET);

            RawResponse response = proxy.exchange(request);

            assertThat(response.status()).isEqualTo(502);
            assertThat(proxy.awaitError(2)).isEqualTo(ProxyError.CONNECTION_TERMINATED);
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void aPutWhoseBodyIsKeptGoesToAFreshOne() {
        try (var upstream = ScriptedUpstream.of(stale(false), UpstreamConnectionsTest::numbered);
                var proxy = WiredProxy.to(upstream.uri())) {
            proxy.exchange(GET);

            assertThat(proxy.exchange(PUT).body()).isEqualTo("2");
            assertThat(proxy.failures()).isEmpty();
        }
    }

    @Test
    void aFreshOneThatClosesIsAFailure() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.close();
                });
                var proxy = WiredProxy.to(upstream.uri())) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void aKeptOneThatBeganToAnswerIsNotStale() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(OK);
                    connection.readRequest();
                    connection.send("HTTP/1.1 200");
                    connection.close();
                });
                var proxy = WiredProxy.to(upstream.uri())) {
            proxy.exchange(GET);

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    // ---- early answers ----

    @Test
    void anAnswerBeforeTheWholeRequestIsDeliveredAndTheConnectionIsNotUsedAgain() {
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            connection.readHead();
                            connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
                            connection.hang();
                        },
                        UpstreamConnectionsTest::numbered);
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nfirst");
            RawResponse response = client.readResponse();
            client.send("later" + GET);

            assertThat(response.status()).isEqualTo(403);
            assertThat(response.body()).isEqualTo("no");
            assertThat(client.readResponse().body()).isEqualTo("2");
            upstream.awaitClosed(1);
        }
    }

    @Test
    void anAnswerThatIsThereBeforeTheRequestIsNoReasonToWait() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.send(OK);
                    connection.hang();
                });
                var proxy = WiredProxy.to(upstream.uri())) {

            RawResponse response = proxy.exchange(GET);

            assertThat(response.status()).isIn(200, 502);
        }
    }

    // ---- the client gone ----

    @Test
    void aClientThatLeavesClosesTheUpstreamsConnection() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
                    connection.hang();
                });
                var proxy = WiredProxy.to(upstream.uri())) {
            try (var client = proxy.client()) {
                client.send(GET).readHead();
            }

            upstream.awaitClosed(1);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CLIENT_GONE);
        }
    }

    // ---- reload, stop ----

    @Test
    void aReloadClosesTheKeptConnectionsOfUpstreamsThatAreNoMore() {
        try (var gone = ScriptedUpstream.of(UpstreamConnectionsTest::numbered);
                var stays = ScriptedUpstream.of(UpstreamConnectionsTest::numbered);
                var proxy = WiredProxy.to(pool -> pool.upstream(gone.uri()).upstream(stays.uri()))) {
            proxy.exchange(GET);
            proxy.exchange(GET);

            proxy.reload(ProxyConfig.builder()
                    .route(Route.any()
                            .to(UpstreamPool.named("app").upstream(stays.uri()).build()))
                    .build());

            gone.awaitClosed(1);
            assertThat(proxy.exchange(GET).body()).isEqualTo("1");
            assertThat(stays.requests()).hasSize(2);
        }
    }

    @Test
    void aConnectionThatOutlivesAReloadIsNotKept() {
        CountDownLatch reloaded = new CountDownLatch(1);
        try (var gone = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    Await.on("the reload", reloaded);
                    connection.send(OK);
                    connection.hang();
                });
                var stays = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(gone.uri());
                var client = proxy.client()) {
            client.send(GET);
            gone.awaitRequest();

            proxy.reload(ProxyConfig.builder()
                    .route(Route.any().to(UpstreamPool.of("app", stays.uri())))
                    .build());
            reloaded.countDown();

            assertThat(client.readResponse().body()).isEqualTo("ok");
            gone.awaitClosed(1);
        }
    }

    @Test
    void aStopClosesTheKeptConnections() {
        try (var upstream = ScriptedUpstream.of(UpstreamConnectionsTest::numbered)) {
            try (var proxy = WiredProxy.to(upstream.uri())) {
                proxy.exchange(GET);
            }

            upstream.awaitClosed(1);
        }
    }

    // ---- addresses ----

    @Test
    void anUpstreamMayHaveAnIpv6Address() throws IOException {
        try (var server = new ServerSocket()) {
            try {
                server.bind(new java.net.InetSocketAddress(InetAddress.getByName("::1"), 0));
            } catch (IOException e) {
                assumeThat(e).as("this machine has IPv6").isNull();
            }
            Thread upstream = new Thread(() -> answerOnce(server));
            upstream.start();
            try (var proxy = WiredProxy.to("http://[::1]:" + server.getLocalPort())) {

                assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            }
        }
    }

    @Test
    void anUpstreamMayHaveAName() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to("http://localhost:" + upstream.port())) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
        }
    }

    private static WiredProxy keeping(ScriptedUpstream upstream, KeepAlive keepAlive) {
        return WiredProxy.to(pool -> pool.upstream(upstream.uri()).keepAlive(keepAlive));
    }

    /** Answers every request with the number of the connection. */
    private static void numbered(UpstreamConnection connection) throws IOException {
        while (true) {
            connection.readRequest();
            connection.send(numberOf(connection));
        }
    }

    private static String numberOf(UpstreamConnection connection) {
        String number = String.valueOf(connection.number());
        return "HTTP/1.1 200 OK\r\nContent-Length: " + number.length() + "\r\n\r\n" + number;
    }

    /** Takes the second request and closes, as if it had closed before it came. */
    private static ScriptedUpstream.Script stale(boolean reset) {
        return connection -> {
            connection.readRequest();
            connection.send(OK);
            connection.readRequest();
            if (reset) {
                connection.reset();
            } else {
                connection.close();
            }
        };
    }

    private static void atOnce(WiredProxy proxy, int count) {
        List<RawClient> clients = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            clients.add(proxy.client().send(GET));
        }
        for (RawClient client : clients) {
            assertThat(client.readResponse().body()).isEqualTo("ok");
            client.close();
        }
    }

    private static void answerOnce(ServerSocket server) {
        try (Socket socket = server.accept()) {
            socket.getInputStream().read();
            socket.getOutputStream().write(OK.getBytes(java.nio.charset.StandardCharsets.ISO_8859_1));
            socket.getInputStream().readAllBytes();
        } catch (IOException e) {
            // The test fails by itself.
        }
    }
}
