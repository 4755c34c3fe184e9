package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.jetty.Tls;
import io.weir.route.Route;
import io.weir.testkit.Identity;
import io.weir.testkit.Leaks;
import io.weir.testkit.RawClient;
import io.weir.upstream.Timeouts;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Clients that are slow before their first request, or between two, over TLS. */
class TlsClocksTest {
    private static final Identity IDENTITY = Identity.of("dns:a.test");
    private static final Duration SOON = Duration.ofMillis(300);

    private final ArrayByteBufferPool.Tracking buffers = new ArrayByteBufferPool.Tracking();

    @AfterEach
    void everyBufferIsBack() {
        Leaks.assertNone(buffers);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", // says nothing
                "\u0016", // the type of a record
                "\u0016\u0003\u0001\u0002\u0000\u0001\u0000", // a ClientHello that breaks off
            })
    void aHandshakeThatDoesNotGetOnIsClosed(String bytes) {
        try (JettyProxyServer proxy = start(clocks -> clocks.clientHead(SOON));
                RawClient client = RawClient.connect(proxy.port())) {

            // Two alerts at most: user_canceled and close_notify.
            assertThat(client.send(bytes).readAllThatComes()).matches("(\\x15\\x03\\x03\\x00\\x02..){0,2}");
        }
    }

    @Test
    void aHandshakeThatTricklesIsClosed() {
        try (JettyProxyServer proxy = start(clocks -> clocks.clientHead(SOON));
                RawClient client = RawClient.connect(proxy.port())) {
            client.send("\u0016\u0003\u0001\u0002\u0000");

            assertThat(sendsUntilClosed(client)).isTrue();
        }
    }

    @Test
    void aClientThatSaysNothingAfterItsHandshakeIsClosed() {
        try (JettyProxyServer proxy = start(clocks -> clocks.clientHead(Duration.ofSeconds(2)));
                RawClient client = connect(proxy)) {

            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void aConnectionThatWaitsForItsNextRequestIsEndedByAGoodbyeOfTls() {
        try (JettyProxyServer proxy = start(clocks -> clocks.keepAlive(SOON));
                RawClient client = connect(proxy)) {
            client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").readResponse();

            assertThat(client.readAll()).isEmpty(); // fails where TCP ends first
        }
    }

    private static RawClient connect(JettyProxyServer proxy) {
        return RawClient.connectTls(proxy.port(), Identity.trustingAll(), "a.test");
    }

    /** Each byte comes in time for an idle clock. */
    private static boolean sendsUntilClosed(RawClient client) {
        long end = System.nanoTime() + Duration.ofSeconds(10).toNanos();
        try {
            while (System.nanoTime() < end) {
                client.send(new byte[] {1});
                LockSupport.parkNanos(10_000_000);
            }
            return false;
        } catch (UncheckedIOException e) {
            return true;
        }
    }

    private JettyProxyServer start(Consumer<Timeouts.Builder> clocks) {
        ProxyConfig config = ProxyConfig.builder()
                .timeouts(clocks)
                .route(Route.any().answer(Reply.status(200)))
                .build();
        return JettyProxyServer.builder(config)
                .listenTls("127.0.0.1", 0, Tls.pem(IDENTITY.certificate(), IDENTITY.key()))
                .buffers(buffers)
                .start();
    }
}
