package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamStatus;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** One upstream of a running server is taken out of service, and put back. */
class DrainTest {
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    private static final String LAST = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";

    @Test
    void whatDrainsEndsWhatItHasAndTakesNothingNewUntilItMayAgain() {
        CountDownLatch answer = new CountDownLatch(1);
        try (ScriptedUpstream a = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    answer.await();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: close\r\n\r\na");
                });
                ScriptedUpstream b = ScriptedUpstream.of(connection -> {
                    while (true) {
                        connection.readRequest();
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nb");
                    }
                });
                JettyProxyServer proxy = start(a.uri(), b.uri());
                RawClient early = RawClient.connect(proxy.port())) {
            early.send(GET);
            a.awaitRequest();

            proxy.drain("app", a.uri());
            List<String> meanwhile = bodies(proxy, 4);
            UpstreamStatus.Standing standing = standingOfA(proxy);
            answer.countDown();
            String old = early.readResponse().body();
            Await.until("a is idle", () -> statusOfA(proxy).inFlight() == 0);
            proxy.undrain("app", a.uri());

            assertThat(meanwhile).containsOnly("b");
            assertThat(standing).isEqualTo(UpstreamStatus.Standing.DRAINING);
            assertThat(old).isEqualTo("a");
            assertThat(bodies(proxy, 4)).contains("a", "b");
        }
    }

    @Test
    void aNameThatIsUnknownIsAnsweredWithThoseThatAreKnown() {
        try (JettyProxyServer proxy = start("http://127.0.0.1:1", "http://127.0.0.1:2")) {

            assertThatIllegalArgumentException()
                    .isThrownBy(() -> proxy.drain("shop", "http://127.0.0.1:1"))
                    .withMessage("drain: pool \"shop\" (expected: one of [app])");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> proxy.drain("app", "http://127.0.0.1:3"))
                    .withMessageContaining("one of [http://127.0.0.1:1, http://127.0.0.1:2]");
        }
    }

    private static JettyProxyServer start(String... upstreams) {
        ProxyConfig config = ProxyConfig.builder()
                .route(Route.any().to(UpstreamPool.of("app", upstreams)))
                .build();
        return JettyProxyServer.builder(config).listen("127.0.0.1", 0).start();
    }

    private static List<String> bodies(JettyProxyServer proxy, int requests) {
        return IntStream.range(0, requests)
                .mapToObj(i -> RawClient.exchange(proxy.port(), LAST).body())
                .toList();
    }

    private static UpstreamStatus statusOfA(JettyProxyServer proxy) {
        return proxy.status().pools().get(0).upstreams().get(0);
    }

    private static UpstreamStatus.Standing standingOfA(JettyProxyServer proxy) {
        return statusOfA(proxy).standing();
    }
}
