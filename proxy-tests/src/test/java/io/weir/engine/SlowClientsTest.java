package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawRequest;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.MinimumRate;
import io.weir.upstream.Timeouts;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** A client that never falls silent for long, but is far too slow, is not waited for without end. */
class SlowClientsTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final String SLOW_POST = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1000000\r\n\r\n";

    /** Faster than any of these clients, and impatient, while no single wait is long enough for a clock of the defaults. */
    private static final MinimumRate RATE = new MinimumRate(100_000_000, Duration.ofMillis(300));

    @Test
    void aBodyThatTricklesIs408AndTheUpstreamSeesNoEnd() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    RawRequest head = connection.readHead();
                    connection.readBody(head);
                });
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()), config -> config.timeouts(t -> t.clientRate(RATE)));
                var client = proxy.client()) {
            client.send(SLOW_POST);
            ScheduledExecutorService trickle = trickle(client);

            assertThat(client.readResponse().status()).isEqualTo(408);
            trickle.shutdownNow();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.REQUEST_TIMEOUT);
            assertThat(proxy.awaitEnded(1).outcome().detail()).contains("clientRate 100000000 bytes/s after PT0.3S");
            upstream.awaitClosed(1);
        }
    }

    @Test
    void aResponseThatIsTakenTooSlowlyIsBrokenOff() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n");
                    connection.sendFiller(100_000_000);
                });
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()), config -> config.timeouts(t -> t.clientRate(RATE)));
                var client = RawClient.connect(proxy.port(), 4096)) {
            client.send(GET).readBytes(100);

            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CLIENT_SEND_TIMEOUT);
            upstream.awaitClosed(1);
        }
    }

    @Test
    void theTimeInWhichTheUpstreamIsWaitedForDoesNotCount() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.hang();
                });
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()),
                        config -> config.timeouts(both(t -> t.read(Duration.ofSeconds(1)))));
                var client = proxy.client()) {
            client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi");

            assertThat(client.readResponse().status()).isEqualTo(504);
        }
    }

    @Test
    void aClientThatIsFastEnoughIsServed() {
        MinimumRate low = new MinimumRate(1, Duration.ofSeconds(5));
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()), config -> config.timeouts(t -> t.clientRate(low)));
                var client = proxy.client()) {
            client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nhi");
            upstream.awaitConnections(1);
            client.send("ho");

            assertThat(client.readResponse().status()).isEqualTo(200);
            assertThat(upstream.awaitRequest().body()).isEqualTo("hiho");
        }
    }

    private static Consumer<Timeouts.Builder> both(Consumer<Timeouts.Builder> more) {
        return timeouts -> more.accept(timeouts.clientRate(RATE));
    }

    /** Sends a byte now and then, and always before a clock between two operations could run out. */
    private static ScheduledExecutorService trickle(RawClient client) {
        ScheduledExecutorService trickle = Executors.newSingleThreadScheduledExecutor();
        trickle.scheduleAtFixedRate(() -> client.send("x"), 0, 20, TimeUnit.MILLISECONDS); // ends when the proxy closes
        return trickle;
    }
}
