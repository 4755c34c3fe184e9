package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.Await;
import io.weir.testkit.H2Stream;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/**
 * A reader that stops makes its sender stop: what lies in between, in the kernel's buffers and in the proxy, stays small
 * however large the body is. Then the reader goes on, and gets all.
 */
class BackPressureTest {

    private static final long MIB = 1024 * 1024;
    private static final long LARGE = 200 * MIB;
    static final long BOUND = 16 * MIB;

    @Test
    void aClientThatStopsReadingHoldsTheUpstreamBack() {
        try (var proxied = Proxied.to(download(LARGE));
                var client = proxied.client()) {
            client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").readHead();
            AtomicLong sent = proxied.upstream().bytesSent();

            awaitStandstill(sent::get);

            assertThat(sent.get() - client.bytesRead()).isLessThan(BOUND);
            assertThat(client.discard(LARGE)).isEqualTo(LARGE);
            assertThat(proxied.awaitEnded(1).outcome().bodyBytes()).isEqualTo(LARGE);
        }
    }

    @Test
    void anUpstreamThatStopsReadingHoldsTheClientBack() {
        CountDownLatch goOn = new CountDownLatch(1);
        try (var proxied = Proxied.to(connection -> {
                    connection.readHead();
                    Await.on("the client has come to a standstill", goOn);
                    connection.discard(LARGE);
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                });
                var client = proxied.client()) {
            AtomicLong sent = new AtomicLong();
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + LARGE + "\r\n\r\n");
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> upload(client, sent));

            awaitStandstill(sent::get);

            assertThat(sent.get() - proxied.upstream().bytesReceived().get()).isLessThan(BOUND);
            goOn.countDown();
            sending.join();
            assertThat(client.readResponse().body()).isEqualTo("ok");
            assertThat(proxied.upstream().bytesReceived().get()).isGreaterThan(LARGE);
        }
    }

    @Test
    void anHttp2ClientThatStopsReadingHoldsTheUpstreamBack() {
        long size = 64 * MIB;
        try (var proxied = Proxied.to(download(size));
                var client = proxied.h2Client(256 * 1024, 256 * 1024)) {
            H2Stream stream = client.openStream("POST", "/", List.of()).sendLast("");
            stream.awaitHead();
            AtomicLong sent = proxied.upstream().bytesSent();

            awaitStandstill(sent::get);

            assertThat(sent.get()).isLessThan(BOUND);
            assertThat(stream.discardAll()).isEqualTo(size);
        }
    }

    @Test
    void anUpstreamThatStopsReadingHoldsAnHttp2ClientBack() {
        long size = 2 * BOUND; // the upstream's script has one deadline for all of it
        CountDownLatch goOn = new CountDownLatch(1);
        try (var proxied = Proxied.to(connection -> {
                    var head = connection.readHead();
                    Await.on("the client has come to a standstill", goOn);
                    connection.readBody(head);
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                });
                var client = proxied.h2Client()) {
            AtomicLong sent = new AtomicLong();
            H2Stream stream = client.openStream("POST", "/", List.of());
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                byte[] piece = new byte[(int) MIB / 4];
                while (sent.get() < size) {
                    stream.send(piece);
                    sent.addAndGet(piece.length);
                }
            });

            awaitStandstill(sent::get);

            assertThat(sent.get()).isLessThan(BOUND);
            goOn.countDown();
            sending.join();
            assertThat(stream.sendLast("").awaitResponse().body()).isEqualTo("ok");
            assertThat(proxied.upstream().bytesReceived().get()).isGreaterThan(size);
        }
    }

    private static ScriptedUpstream.Script download(long size) {
        return connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
            connection.sendFiller(size);
        };
    }

    private static void upload(RawClient client, AtomicLong sent) {
        byte[] piece = new byte[16 * 1024];
        while (sent.get() < LARGE) {
            client.send(piece);
            sent.addAndGet(piece.length);
        }
    }

    /** Until the sender has not got on for a while, or has sent more than it ever should. A busy machine only proves less. */
    static void awaitStandstill(LongSupplier sent) {
        long[] last = {-1, 0};
        Await.until("the sender stands still", () -> {
            long now = sent.getAsLong();
            last[1] = now == last[0] && now > 0 ? last[1] + 1 : 0;
            last[0] = now;
            return last[1] == 200 || now >= 2 * BOUND;
        });
    }
}
