package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.testkit.Identity;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.AddressResolver;
import io.weir.upstream.KeepAlive;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamTls;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A resolver of the application's, in front of real sockets. */
class AddressesOfUpstreamsTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /** All of 127.0.0.0/8 is this machine; the upstream listens at one address of it. */
    private static final List<InetAddress> DEAD_THEN_ALIVE = List.of(address(9), address(1));

    @Test
    void theNextAddressIsTriedWhereOneIsDead() {
        AtomicInteger asked = new AtomicInteger();
        try (var upstream = ScriptedUpstream.answering(OK);
                var server = server("http://app.internal:" + upstream.port(), host -> {
                    asked.incrementAndGet();
                    assertThat(host).isEqualTo("app.internal");
                    return DEAD_THEN_ALIVE;
                })) {

            for (int i = 0; i < 4; i++) {
                assertThat(get(server)).isEqualTo(200);
            }
            assertThat(upstream.connectionCount()).isEqualTo(4);
            assertThat(asked).hasValue(1);
        }
    }

    @Test
    void theNextAddressIsTriedWhereOneSpeaksNoTls() throws IOException {
        Identity identity = Identity.of("dns:app.internal");
        try (var upstream = ScriptedUpstream.secured(identity, connection -> {
                    connection.readRequest();
                    connection.send(OK);
                });
                ServerSocket mute = new ServerSocket(upstream.port(), 10, address(2))) {
            Thread closing = new Thread(() -> closeAll(mute));
            closing.start();
            UpstreamPool pool = UpstreamPool.named("app")
                    .keepAlive(KeepAlive.off())
                    .tls(UpstreamTls.defaults().withTrust(identity.certificate()))
                    .upstream("https://app.internal:" + upstream.port())
                    .build();
            try (var server = server(pool, host -> List.of(address(2), address(1)))) {

                assertThat(get(server)).isEqualTo(200);
                assertThat(get(server)).isEqualTo(200);
            }
        }
    }

    private static void closeAll(ServerSocket listening) {
        try {
            while (true) {
                listening.accept().close();
            }
        } catch (IOException e) {
            return; // it has been closed
        }
    }

    @Test
    void aNameWithoutAddressIsABadGateway() {
        try (var server = server("http://app.internal:80", host -> {
            throw new UnknownHostException(host);
        })) {

            assertThat(get(server)).isEqualTo(502);
        }
    }

    @Test
    void anAddressIsNoName() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var server = server(upstream.uri(), host -> {
                    throw new AssertionError("asked for " + host);
                })) {

            assertThat(get(server)).isEqualTo(200);
        }
    }

    /** Had the patience with the 100 been spent on a sender that there was not yet, nobody would ask for the body. */
    @Test
    void aBodyIsAskedForThoughTheUpstreamIsFoundLateAndSaysNoContinue() {
        CountDownLatch never = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(OK);
                });
                var server = server("http://app.internal:" + upstream.port(), host -> {
                    outlastPatience(never);
                    return List.of(address(1));
                });
                var client = RawClient.connect(server.port())) {

            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");

            assertThat(client.readInterim().status()).isEqualTo(100);
            assertThat(client.send("abc").readResponse().status()).isEqualTo(200);
        }
    }

    /** The engine asks for a body after 1 s; there is no word of it that could be waited for. */
    private static void outlastPatience(CountDownLatch never) {
        try {
            assertThat(never.await(1500, MILLISECONDS)).isFalse();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static JettyProxyServer server(String url, AddressResolver resolver) {
        UpstreamPool pool = UpstreamPool.named("app")
                .keepAlive(KeepAlive.off())
                .upstream(url)
                .build();
        return server(pool, resolver);
    }

    private static JettyProxyServer server(UpstreamPool pool, AddressResolver resolver) {
        return JettyProxyServer.builder(
                        ProxyConfig.builder().route(Route.any().to(pool)).build())
                .resolver(resolver)
                .listen("127.0.0.1", 0)
                .start();
    }

    private static int get(JettyProxyServer server) {
        return RawClient.exchange(server.port(), GET).status();
    }

    private static InetAddress address(int last) {
        try {
            return InetAddress.getByAddress(new byte[] {127, 0, 0, (byte) last});
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }
}
