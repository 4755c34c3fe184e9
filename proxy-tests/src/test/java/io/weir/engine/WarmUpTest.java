package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.testkit.Await;
import io.weir.testkit.H2Upstream;
import io.weir.testkit.Identity;
import io.weir.testkit.RawResponse;
import io.weir.testkit.RefusingPort;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import io.weir.upstream.KeepAlive;
import io.weir.upstream.UpstreamTls;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Connections that are opened before a request needs them. */
class WarmUpTest {

    private static final KeepAlive TWO = KeepAlive.defaults().withWarmUp(2);
    private static final String LAST = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    /** The proxy may be slower than the upstream to know of them: a request in between has one of its own. */
    @Test
    void theyAreThereBeforeTheFirstRequestAndServe() {
        Set<Integer> served = ConcurrentHashMap.newKeySet();
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    served.add(connection.number());
                    connection.send(LAST);
                });
                var proxy = WiredProxy.to(pool -> pool.keepAlive(TWO).upstream(upstream.uri()))) {
            upstream.awaitConnections(2);

            Await.until("both serve", () -> {
                assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
                return served.containsAll(List.of(1, 2));
            });
        }
    }

    @Test
    void theyAreOpenedWhereTheProxySpeaksTls() {
        Identity identity = Identity.of("ip:127.0.0.1");
        try (var upstream = ScriptedUpstream.secured(identity, WarmUpTest::answerAll);
                var proxy = WiredProxy.to(pool -> pool.keepAlive(TWO)
                        .tls(UpstreamTls.defaults().withTrust(identity.certificate()))
                        .upstream(upstream.uri()))) {
            upstream.awaitConnections(2);

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(proxy.failures()).isEmpty();
        }
    }

    @Test
    void overHttp2ThereIsOne() {
        try (var upstream = H2Upstream.of(request -> request.answer(204, true));
                var proxy = WiredProxy.to(
                        pool -> pool.keepAlive(TWO).upstream(upstream.uri()).http2())) {
            Await.until("a connection", () -> upstream.connectionCount() == 1);

            assertThat(proxy.exchange(GET).status()).isEqualTo(204);
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void thoseThatTheUpstreamHasClosedCostNothing() {
        try (var upstream = ScriptedUpstream.of(
                        UpstreamConnection::close, UpstreamConnection::close, WarmUpTest::answerAll);
                var proxy = WiredProxy.to(pool -> pool.keepAlive(TWO).upstream(upstream.uri()))) {
            upstream.awaitConnections(2);

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(proxy.failures()).isEmpty();
        }
    }

    /** It takes the request and closes, as if it had closed before that came. */
    @Test
    void oneThatWasClosedAtTheMomentOfTheRequestCostsNoTry() {
        CountDownLatch stale = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            connection.readRequest();
                            connection.close();
                            stale.countDown();
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(LAST);
                        });
                var proxy = WiredProxy.to(pool ->
                        pool.keepAlive(KeepAlive.defaults().withWarmUp(1)).upstream(upstream.uri()))) {
            upstream.awaitConnections(1);

            Await.until("the stale one is used", () -> {
                assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
                return stale.getCount() == 0;
            });
            assertThat(proxy.slotsTaken()).isZero();
        }
    }

    @Test
    void anUpstreamThatIsNotThereIsNoFailureYet() {
        try (var refusing = RefusingPort.open();
                var proxy = WiredProxy.to(pool -> pool.keepAlive(TWO).upstream(refusing.uri()))) {

            RawResponse first = proxy.exchange(GET);

            assertThat(first.status()).isEqualTo(502);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CONNECTION_REFUSED);
            assertThat(proxy.failures()).hasSize(1);
        }
    }

    private static void answerAll(UpstreamConnection connection) throws IOException {
        while (true) {
            connection.readRequest();
            connection.send(OK);
        }
    }
}
