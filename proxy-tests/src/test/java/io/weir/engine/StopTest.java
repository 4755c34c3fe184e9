package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.testkit.Await;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Stopping with grace: what runs ends, what does not run keeps nobody waiting. */
class StopTest {

    @Test
    void theRunningExchangeEndsAndIdleClientsAreNotWaitedFor() throws Exception {
        CountDownLatch stopping = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            connection.readRequest();
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nidle");
                        },
                        connection -> {
                            connection.readRequest();
                            Await.on("the server stops", stopping);
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone");
                        });
                var server = JettyProxyServer.builder(ProxyConfig.forwardingTo(upstream.uri()))
                        .listen("127.0.0.1", 0)
                        .start();
                var idle = RawClient.connect(server.port());
                var running = RawClient.connect(server.port())) {
            // The first closes its upstream connection's turn; the second exchange needs one of its own.
            idle.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").readResponse();
            upstream.connection(1).close();
            upstream.awaitRequest();
            running.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
            upstream.awaitRequest();

            CompletableFuture<Void> stopped = CompletableFuture.runAsync(() -> server.stop(Duration.ofMinutes(5)));
            Await.until("no new connection is taken", () -> server.server().isStopping());
            stopping.countDown();
            RawResponse response = running.readResponse();

            assertThat(response.body()).isEqualTo("done");
            stopped.get(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
            assertThat(idle.isClosedByPeer()).isTrue();
        }
    }
}
