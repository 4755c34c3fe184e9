package io.weir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.UpstreamPool;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Another configuration comes into force at once, and nobody notices who does not ask anew. */
class ReloadTest {

    private static final int RELOADS = 50;
    private static final int CLIENTS = 4;

    @Test
    void noRequestFailsWhileConfigurationsComeAndGo() throws Exception {
        try (EchoUpstream first = EchoUpstream.start();
                EchoUpstream second = EchoUpstream.start();
                JettyProxyServer weir = start(configuration("0", first.uri()))) {
            AtomicBoolean over = new AtomicBoolean();
            AtomicInteger answered = new AtomicInteger();
            ConcurrentLinkedQueue<Object> failures = new ConcurrentLinkedQueue<>();
            List<Thread> clients = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                Thread client = new Thread(() -> askUntil(over, weir.port(), answered, failures), "reload-client-" + i);
                client.start();
                clients.add(client);
            }

            try {
                for (int i = 1; i <= RELOADS; i++) {
                    int before = answered.get();
                    Await.until("requests between two reloads", () -> answered.get() >= before + 2 * CLIENTS);
                    weir.reload(configuration(String.valueOf(i), i % 2 == 0 ? first.uri() : second.uri()));
                }
            } finally {
                over.set(true);
                for (Thread client : clients) {
                    client.join();
                }
            }

            assertThat(failures).isEmpty();
            assertThat(get(weir.port()).field("X-Config")).hasValue(String.valueOf(RELOADS));
            assertThat(second.requests()).isNotEmpty();
        }
    }

    @Test
    void anExchangeThatRunsEndsAsItBegan() {
        CountDownLatch reloaded = new CountDownLatch(1);
        try (ScriptedUpstream slow = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    Await.on("the reload", reloaded);
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nold");
                });
                EchoUpstream other = EchoUpstream.start();
                JettyProxyServer weir = start(configuration("before", slow.uri()));
                RawClient client = RawClient.connect(weir.port())) {
            client.send("GET /x HTTP/1.1\r\nHost: any.test\r\n\r\n");
            slow.awaitRequest();

            weir.reload(configuration("after", other.uri()));
            RawResponse meanwhile = get(weir.port());
            reloaded.countDown();
            RawResponse response = client.readResponse();

            assertThat(meanwhile.field("X-Config")).hasValue("after");
            assertThat(response.field("X-Config")).hasValue("before");
            assertThat(response.body()).isEqualTo("old");
        }
    }

    @Test
    void aStreamAndATunnelGoOn() {
        CountDownLatch reloaded = new CountDownLatch(1);
        try (ScriptedUpstream upstream = ScriptedUpstream.of(connection -> {
                    if (connection.readHead().target().equals("/ws")) {
                        connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n"
                                + "Upgrade: websocket\r\n\r\n");
                        connection.send(connection.readBytes(4));
                    } else {
                        connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
                        Await.on("the reload", reloaded);
                        connection.send("3\r\ntwo\r\n0\r\n\r\n");
                    }
                });
                EchoUpstream other = EchoUpstream.start();
                JettyProxyServer weir = start(configuration("before", upstream.uri()));
                RawClient stream = RawClient.connect(weir.port());
                RawClient tunnel = RawClient.connect(weir.port())) {
            stream.send("GET /events HTTP/1.1\r\nHost: any.test\r\n\r\n").readHead();
            tunnel.send("GET /ws HTTP/1.1\r\nHost: any.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n")
                    .readInterim();

            weir.reload(configuration("after", other.uri()));
            reloaded.countDown();

            assertThat(stream.readBytes(21)).isEqualTo("3\r\none\r\n3\r\ntwo\r\n0\r\n\r\n");
            assertThat(tunnel.send("ping").readBytes(4)).isEqualTo("ping");
        }
    }

    @Test
    void aPoolThatIsBuiltAnewKeepsItsConnections() {
        try (ScriptedUpstream upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                JettyProxyServer weir = start(configuration("0", upstream.uri()))) {
            for (int i = 1; i <= 5; i++) {
                get(weir.port());
                weir.reload(configuration(String.valueOf(i), upstream.uri()));
            }

            assertThat(get(weir.port()).field("X-Config")).hasValue("5");
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void anUpstreamThatIsUsedNoMoreIsLetGo() {
        try (ScriptedUpstream gone = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                EchoUpstream other = EchoUpstream.start();
                JettyProxyServer weir = start(configuration("before", gone.uri()))) {
            get(weir.port());

            weir.reload(configuration("after", other.uri()));

            gone.awaitClosed(1);
        }
    }

    @Test
    void aConfigurationThatMakesNoSenseLeavesTheOldOneInForce() {
        try (EchoUpstream upstream = EchoUpstream.start();
                JettyProxyServer weir = start(configuration("good", upstream.uri()))) {
            assertThatThrownBy(() -> weir.reload(ProxyConfig.builder().build())).isInstanceOf(ConfigException.class);

            assertThat(get(weir.port()).field("X-Config")).hasValue("good");
        }
    }

    private static void askUntil(
            AtomicBoolean over, int port, AtomicInteger answered, ConcurrentLinkedQueue<Object> failures) {
        try (RawClient client = RawClient.connect(port)) {
            while (!over.get()) {
                client.send("GET /x HTTP/1.1\r\nHost: any.test\r\n\r\n");
                RawResponse response = client.readResponse();
                if (response.status() != 200 || response.isTruncated()) {
                    failures.add(response);
                }
                answered.incrementAndGet();
            }
        } catch (RuntimeException | AssertionError e) {
            failures.add(e);
        }
    }

    private static RawResponse get(int port) {
        return RawClient.exchange(port, "GET /x HTTP/1.1\r\nHost: any.test\r\n\r\n");
    }

    private static JettyProxyServer start(ProxyConfig config) {
        return JettyProxyServer.builder(config).listen("127.0.0.1", 0).start();
    }

    private static ProxyConfig configuration(String name, String url) {
        return ProxyConfig.builder()
                .headers(h -> h.response().set("X-Config", name))
                .route(Route.any().to(UpstreamPool.of("app", url)))
                .build();
    }
}
