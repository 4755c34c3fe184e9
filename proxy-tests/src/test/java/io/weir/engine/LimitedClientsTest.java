package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.ProxyConfig;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.jetty.JettyProxyServer;
import io.weir.jetty.Listener;
import io.weir.jetty.Tls;
import io.weir.middleware.ConnectionLimit;
import io.weir.middleware.RateLimit;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Stream;
import io.weir.testkit.Identity;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.UpstreamPool;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How much clients may take, on real connections. */
class LimitedClientsTest {

    @Test
    void oneTooManyIsRefusedAtOnceAndOneTooEarlyWaits() {
        RateLimit slow = RateLimit.of(1, Duration.ofHours(1)).burst(1);
        try (EchoUpstream upstream = EchoUpstream.start();
                WiredProxy proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()),
                        config -> config.use(slow)
                                .headers(h -> h.response().always().set("X-Limit", "$limit_req_status")))) {
            RawResponse first = proxy.exchange(WiredProxy.GET);
            RawClient waiting = proxy.client().send(WiredProxy.GET);
            Await.until(
                    "the second is held back",
                    () -> proxy.explain(RequestHead.get("/", "a.test")).gates().contains("RateLimit: answer 429"));
            RawResponse third = proxy.exchange(WiredProxy.GET);
            waiting.reset();
            proxy.awaitEnded(3);

            assertThat(first.field("X-Limit")).contains("PASSED");
            assertThat(third.status()).isEqualTo(429);
            assertThat(third.field("X-Limit")).contains("REJECTED");
            assertThat(third.field("Retry-After").map(Integer::parseInt))
                    .hasValueSatisfying(seconds -> assertThat(seconds).isBetween(1, 3600));
            assertThat(upstream.requests()).hasSize(1);
        }
    }

    @Test
    void aDelayEnds() {
        RateLimit limit = RateLimit.of(1, Duration.ofMillis(200)).burst(1);
        try (EchoUpstream upstream = EchoUpstream.start();
                WiredProxy proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()),
                        config -> config.use(limit)
                                .headers(h -> h.response().always().set("X-Limit", "$limit_req_status")))) {
            Await.until("one is held back and then answered", () -> {
                RawResponse response = proxy.exchange(WiredProxy.GET);
                assertThat(response.status()).isEqualTo(200);
                return response.field("X-Limit").orElse("").equals("DELAYED");
            });
        }
    }

    @Test
    void streamsOfOneConnectionCountEachAndEveryEndMakesRoom() {
        CountDownLatch goOn = new CountDownLatch(1);
        ScriptedUpstream holding = ScriptedUpstream.of(connection -> {
            connection.readRequest();
            Await.on("the test goes on", goOn);
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
            connection.close();
        });
        try (WiredProxy proxy = WiredProxy.to(
                        pool -> pool.upstream(holding.uri(), u -> u.maxFails(0)),
                        config -> config.use(ConnectionLimit.of(2)));
                H2Client client = H2Client.connect(proxy.port())) {
            H2Stream one = client.openStream("GET", "/1", List.of());
            H2Stream two = client.openStream("GET", "/2", List.of());
            one.sendLast("");
            two.sendLast("");
            Await.until("both are at the upstream", () -> holding.requests().size() == 2);

            assertThat(client.request("GET", "/3", List.of()).status()).isEqualTo(503);
            assertThat(proxy.exchange(WiredProxy.GET).status()).isEqualTo(503);
            goOn.countDown();
            assertThat(one.awaitResponse().status()).isEqualTo(200);
            assertThat(two.awaitResponse().status()).isEqualTo(200);
            Await.until(
                    "there is room again",
                    () -> client.request("GET", "/4", List.of()).status() == 200);
        } finally {
            goOn.countDown();
            holding.close();
        }
    }

    @Test
    void aClientThatLeavesMakesRoom() {
        ScriptedUpstream holding = ScriptedUpstream.of(connection -> {
            connection.readRequest();
            connection.hang();
        });
        try (WiredProxy proxy =
                WiredProxy.to(pool -> pool.upstream(holding.uri()), config -> config.use(ConnectionLimit.of(1)))) {
            RawClient client = proxy.client().send(WiredProxy.GET);
            Await.until("it is at the upstream", () -> holding.requests().size() == 1);
            assertThat(proxy.exchange(WiredProxy.GET).status()).isEqualTo(503);

            client.reset();
            proxy.awaitEnded(2);

            RawClient next = proxy.client().send(WiredProxy.GET);
            Await.until("the next is at the upstream", () -> holding.requests().size() == 2);
            next.reset();
        } finally {
            holding.close();
        }
    }

    @Test
    void aListenerTakesNoMoreConnectionsThanItMay() {
        try (EchoUpstream upstream = EchoUpstream.start();
                JettyProxyServer server = JettyProxyServer.builder(ProxyConfig.builder()
                                .route(Route.any().to(UpstreamPool.of("app", upstream.uri())))
                                .build())
                        .listen("127.0.0.1", 0)
                        .maxConnections(2)
                        .start();
                RawClient one = RawClient.connect(server.port());
                RawClient two = RawClient.connect(server.port())) {
            assertThat(one.send(get("/1")).readResponse().status()).isEqualTo(200);
            assertThat(two.send(get("/2")).readResponse().status()).isEqualTo(200);

            try (RawClient three = RawClient.connect(server.port())) {
                three.send(get("/3"));
                assertThat(one.send(get("/4")).readResponse().status()).isEqualTo(200);
                ServerConnector connector = (ServerConnector) server.server().getConnectors()[0];
                assertThat(connector.getConnectedEndPoints()).hasSize(2);
                assertThat(upstream.requests())
                        .extracting(request -> request.target())
                        .doesNotContain("/3");
                one.close();

                assertThat(three.readResponse().status()).isEqualTo(200);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"tls", "proxy", "unix"})
    void aListenerHasALimitOfItsOwnOverAnyTransport(String kind, @TempDir Path directory) throws IOException {
        Identity identity = Identity.of("dns:a.test");
        Listener listener = Listener.on("127.0.0.1", 0).maxConnections(1);
        Path socket = directory.resolve("s");
        listener = switch (kind) {
            case "tls" -> listener.tls(Tls.pem(identity.certificate(), identity.key()));
            case "proxy" -> listener.proxyProtocol("127.0.0.1");
            default -> Listener.unix(socket).maxConnections(1);
        };
        try (JettyProxyServer server = JettyProxyServer.builder(ProxyConfig.builder()
                                .route(Route.any().answer(Reply.text(200, "ok")))
                                .build())
                        .listen(listener)
                        .listen("127.0.0.1", 0)
                        .maxConnections(5)
                        .start();
                SocketChannel one = connected(server, kind, socket)) {
            ServerConnector connector = (ServerConnector) server.server().getConnectors()[0];
            Await.until(
                    "the first is taken",
                    () -> connector.getConnectedEndPoints().size() == 1);
            try (SocketChannel two = connected(server, kind, socket)) {
                for (int i = 0; i < 3; i++) { // the other listener has a limit of its own
                    assertThat(RawClient.exchange(server.ports().get(1), get("/"))
                                    .status())
                            .isEqualTo(200);
                }
                EndPoint taken = connector.getConnectedEndPoints().iterator().next();
                assertThat(connector.getConnectedEndPoints()).hasSize(1);

                one.close();

                Await.until(
                        "the second is taken",
                        () -> connector.getConnectedEndPoints().stream().anyMatch(endPoint -> endPoint != taken));
                assertThat(two.isOpen()).isTrue();
            }
        }
    }

    private static SocketChannel connected(JettyProxyServer server, String kind, Path socket) throws IOException {
        return kind.equals("unix")
                ? SocketChannel.open(UnixDomainSocketAddress.of(socket))
                : SocketChannel.open(new InetSocketAddress(
                        InetAddress.getLoopbackAddress(), server.ports().get(0)));
    }

    @Test
    void aLimitOfNoConnectionsIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Listener.on(0).maxConnections(0))
                .withMessage("maxConnections: 0 (expected: >= 1)");
    }

    private static String get(String path) {
        return "GET " + path + " HTTP/1.1\r\nHost: a.test\r\n\r\n";
    }
}
