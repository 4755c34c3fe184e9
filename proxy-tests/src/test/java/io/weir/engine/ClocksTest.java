package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawResponse;
import io.weir.testkit.RefusingPort;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UnresponsivePort;
import io.weir.testkit.UpstreamConnection;
import io.weir.upstream.Timeouts;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Each clock sets off what it should, says so by name and value, and runs only while its side is waited for. */
class ClocksTest {

    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final int MEBIBYTE = 1024 * 1024;

    // ---- connect ----

    @Test
    void anUpstreamThatDoesNotConnectIs504() {
        try (var port = UnresponsivePort.open();
                var proxy = with(port.uri(), clocks -> clocks.connect(ofMillis(150)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(504);
            assertFailure(proxy, ProxyError.CONNECTION_TIMEOUT, "connect clock PT0.15S");
        }
    }

    @Test
    void aConnectClockLongerThanJettysCounts() {
        try (var port = UnresponsivePort.open();
                var proxy = with(port.uri(), clocks -> clocks.connect(ofMillis(6_000)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(504);
            assertFailure(proxy, ProxyError.CONNECTION_TIMEOUT, "connect clock PT6S");
        }
    }

    @Test
    void aClientThatLeavesWhileConnectingLeavesNothingBehind() {
        try (var port = UnresponsivePort.open();
                var proxy = WiredProxy.to(port.uri())) {
            try (var client = proxy.client()) {
                client.send(GET);
                Await.until("the attempt runs", () -> proxy.slotsTaken() == 1);
            }

            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CLIENT_GONE);
            assertThat(proxy.failures()).isEmpty();
        }
    }

    @Test
    void anUpstreamThatRefusesIs502() {
        try (var port = RefusingPort.open();
                var proxy = WiredProxy.to(port.uri())) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            assertFailure(proxy, ProxyError.CONNECTION_REFUSED, port.uri());
        }
    }

    @Test
    void anUpstreamWithoutAddressIs502() {
        try (var proxy = with("http://no-such-host.invalid", clocks -> clocks.connect(ofSeconds(8)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            assertFailure(proxy, ProxyError.DNS_ERROR, "no-such-host.invalid");
        }
    }

    // ---- read ----

    @Test
    void anUpstreamThatDoesNotAnswerIs504() {
        try (var log = LogCapture.of("io.weir.error");
                var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.hang();
                });
                var proxy = with(upstream.uri(), clocks -> clocks.read(ofMillis(150)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(504);
            assertFailure(proxy, ProxyError.CONNECTION_READ_TIMEOUT, "read clock PT0.15S");
            upstream.awaitClosed(1);
            assertThat(log.await(upstream.uri()).message())
                    .contains("read clock PT0.15S ran out", "answered 504", "site \"\"", "route \"prefix /\"");
        }
    }

    @Test
    void anUpstreamThatStopsInsideTheHeadIs504() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Le");
                    connection.hang();
                });
                var proxy = with(upstream.uri(), clocks -> clocks.read(ofMillis(150)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(504);
            upstream.awaitClosed(1);
        }
    }

    @Test
    void anUpstreamThatStopsAfterAnInterimHeadIs504() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 103 Early Hints\r\n\r\n");
                    connection.hang();
                });
                var proxy = with(upstream.uri(), clocks -> clocks.read(ofMillis(150)));
                var client = proxy.client()) {

            assertThat(client.send(GET).readInterim().status()).isEqualTo(103);
            assertThat(client.readResponse().status()).isEqualTo(504);
        }
    }

    @Test
    void anUpstreamThatStopsInsideTheBodyBreaksTheMessage() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
                    connection.hang();
                });
                var proxy = with(upstream.uri(), clocks -> clocks.read(ofMillis(150)))) {

            RawResponse response = proxy.exchange(GET);

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("half");
            assertThat(response.isTruncated()).isTrue();
            assertFailure(proxy, ProxyError.CONNECTION_READ_TIMEOUT, "read clock PT0.15S");
            upstream.awaitClosed(1);
        }
    }

    @Test
    void anUpstreamThatTricklesIsInTime() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    trickle(connection, "HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\nbyte after byte");
                });
                var proxy = with(upstream.uri(), clocks -> clocks.read(ofSeconds(1)))) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("byte after byte");
        }
    }

    @Test
    void aSlowClientDoesNotTripTheReadClock() {
        int size = 32 * MEBIBYTE;
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
                    connection.sendFiller(size);
                });
                var proxy = with(upstream.uri(), clocks -> clocks.read(ofMillis(700)));
                var client = proxy.client(16 * 1024)) {

            client.send(GET).readHead();
            pass(ofMillis(1500));

            assertThat(upstream.bytesSent().get()).isLessThan(size);
            assertThat(client.discard(size)).isEqualTo(size);
            assertThat(proxy.awaitError(1)).isNull();
        }
    }

    @Test
    void aSlowUploadDoesNotTripTheReadClock() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = with(upstream.uri(), clocks -> clocks.read(ofMillis(700)));
                var client = proxy.client()) {

            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nfirst");
            pass(ofMillis(1500));
            client.send("later");

            assertThat(client.readResponse().body()).isEqualTo("ok");
            assertThat(upstream.awaitRequest().body()).isEqualTo("firstlater");
        }
    }

    // ---- send ----

    @Test
    void anUpstreamThatStopsReadingIs504() {
        int size = 32 * MEBIBYTE;
        try (var upstream = ScriptedUpstream.of(UpstreamConnection::stall);
                var proxy = with(upstream.uri(), clocks -> clocks.send(ofMillis(200)));
                var client = proxy.client()) {

            client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + size + "\r\n\r\n");
            client.send(new byte[size]);

            assertThat(client.readResponse().status()).isEqualTo(504);
            assertFailure(proxy, ProxyError.CONNECTION_WRITE_TIMEOUT, "send clock PT0.2S");
        }
    }

    @Test
    void anUpstreamThatHasAnsweredNeedNotReadOn() {
        int size = 32 * MEBIBYTE;
        CountDownLatch clockIsOver = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 413 Too Large\r\nContent-Length: 8\r\n\r\ntoo ");
                    Await.on("the send clock is over", clockIsOver);
                    connection.send("much");
                    connection.stall();
                });
                var proxy = with(upstream.uri(), clocks -> clocks.send(ofMillis(150)));
                var client = proxy.client()) {

            client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + size + "\r\n\r\n");
            Thread upload = new Thread(() -> client.send(new byte[size]));
            upload.start();
            RawResponse head = client.readHead();
            pass(ofMillis(500));
            clockIsOver.countDown();

            assertThat(head.status()).isEqualTo(413);
            assertThat(client.readBytes(8)).isEqualTo("too much");
            Await.until("the rest of the upload is thrown away", () -> !upload.isAlive());
        }
    }

    // ---- total ----

    @Test
    void aTotalThatRunsOutBeforeTheHeadIs504() {
        try (var upstream = ScriptedUpstream.of(UpstreamConnection::hang);
                var proxy = with(upstream.uri(), clocks -> clocks.total(ofMillis(150)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(504);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_TIMEOUT);
            assertThat(proxy.awaitEnded(1).outcome().detail()).contains("total clock PT0.15S");
            upstream.awaitClosed(1);
        }
    }

    @Test
    void aTotalThatRunsOutWhileConnectingIs504() {
        try (var port = UnresponsivePort.open();
                var proxy = with(port.uri(), clocks -> clocks.total(ofMillis(150)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(504);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_TIMEOUT);
        }
    }

    @Test
    void aTotalThatRunsOutInsideTheBodyBreaksTheMessage() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\n\r\n");
                    while (true) {
                        connection.send("on and on");
                        pass(ofMillis(5));
                    }
                });
                var proxy = with(upstream.uri(), clocks -> clocks.total(ofMillis(1500)))) {

            RawResponse response = proxy.exchange(GET);

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.isTruncated()).isTrue();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_TIMEOUT);
            upstream.awaitClosed(1);
        }
    }

    @Test
    void aTotalThatRunsOutAtAnyMomentLeavesNoConnectionBehind() {
        try (var upstream = ScriptedUpstream.of(UpstreamConnection::hang);
                var proxy = with(upstream.uri(), clocks -> clocks.total(ofMillis(1)));
                var client = proxy.client()) {

            for (int i = 0; i < 200; i++) {
                assertThat(client.send(GET).readResponse().status()).isEqualTo(504);
            }

            for (int i = 1; i <= upstream.connectionCount(); i++) {
                upstream.awaitClosed(i);
            }
        }
    }

    // ---- the client's ----

    @Test
    void aClientThatStopsSendingIs408() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                });
                var proxy = with(upstream.uri(), clocks -> clocks.clientBody(ofMillis(150)));
                var client = proxy.client()) {

            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nfirst");

            assertThat(client.readResponse().status()).isEqualTo(408);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.REQUEST_TIMEOUT);
            assertThat(proxy.awaitEnded(1).outcome().detail()).contains("clientBody clock PT0.15S");
            upstream.awaitClosed(1);
        }
    }

    @Test
    void aClientThatStopsReadingIsClosed() {
        int size = 64 * MEBIBYTE;
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
                    connection.sendFiller(size);
                });
                var proxy = with(upstream.uri(), clocks -> clocks.clientSend(ofMillis(200)));
                var client = proxy.client(16 * 1024)) {

            client.send(GET).readHead();

            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CLIENT_SEND_TIMEOUT);
            assertThat(proxy.awaitEnded(1).outcome().detail()).contains("clientSend clock PT0.2S");
            upstream.awaitClosed(1);
        }
    }

    // ---- routes ----

    @Test
    void eachRouteHasItsOwn() {
        CountDownLatch answer = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    Await.on("the other route has given up", answer);
                    connection.send(OK);
                });
                var proxy = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()),
                        (config, pool) -> config.route(Route.prefix("/short/")
                                        .timeouts(clocks -> clocks.read(ofMillis(150)))
                                        .to(pool))
                                .route(Route.any().to(pool)));
                var patient = proxy.client()) {

            patient.send("GET /long HTTP/1.1\r\nHost: a.test\r\n\r\n");
            upstream.awaitRequest();
            int status = proxy.exchange("GET /short/ HTTP/1.1\r\nHost: a.test\r\n\r\n")
                    .status();
            answer.countDown();

            assertThat(status).isEqualTo(504);
            assertThat(patient.readResponse().body()).isEqualTo("ok");
        }
    }

    @Test
    void aKeptConnectionTakesTheClockOfTheRouteItServes() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(OK);
                    connection.readRequest();
                    connection.hang();
                });
                var proxy = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()),
                        (config, pool) -> config.route(Route.prefix("/short/")
                                        .timeouts(clocks -> clocks.read(ofMillis(150)))
                                        .to(pool))
                                .route(Route.any().to(pool)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(200);
            assertThat(proxy.exchange("GET /short/ HTTP/1.1\r\nHost: a.test\r\n\r\n")
                            .status())
                    .isEqualTo(504);
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    private static WiredProxy with(String url, UnaryOperator<Timeouts.Builder> clocks) {
        return WiredProxy.to(
                pool -> pool.upstream(url),
                config -> config.timeouts(clocks.apply(Timeouts.builder()).build()));
    }

    private static void assertFailure(WiredProxy proxy, ProxyError error, String detail) {
        var failure = proxy.awaitFailure();
        assertThat(failure.failure().error()).isEqualTo(error);
        assertThat(failure.line()).contains(detail);
        assertThat(proxy.awaitError(1)).isEqualTo(error);
    }

    /** Byte after byte, for longer altogether than the clock runs, with far less than that in between. */
    private static void trickle(UpstreamConnection connection, String bytes) throws IOException {
        for (int i = 0; i < bytes.length(); i++) {
            connection.send(bytes.substring(i, i + 1));
            pass(ofMillis(30));
        }
    }

    /** Lets time go by. It is what is tested here: that a clock does not run out although it could have. */
    private static void pass(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        Await.until("time goes by", () -> System.nanoTime() - end >= 0);
    }
}
