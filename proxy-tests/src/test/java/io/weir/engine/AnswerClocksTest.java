package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.testkit.Await;
import io.weir.testkit.H2Upstream;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UnresponsivePort;
import io.weir.testkit.UpstreamConnection;
import io.weir.upstream.Timeouts;
import java.io.IOException;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** {@code responseHead} and {@code firstByte} are not put off by a trickle, and run only while the upstream is waited for. */
class AnswerClocksTest {

    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final String SLOW_POST = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nfirst";

    @Test
    void aHeadThatTricklesTripsResponseHead() {
        try (var log = LogCapture.of("io.weir.error");
                var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nX-Long: ");
                    trickle(connection);
                });
                var proxy = with(
                        upstream.uri(),
                        clocks -> clocks.responseHead(ofMillis(300)).read(ofSeconds(5)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(504);
            assertFailure(proxy, "responseHead clock PT0.3S ran out");
            upstream.awaitClosed(1);
            assertThat(log.await(upstream.uri()).message())
                    .contains("responseHead clock PT0.3S ran out", "answered 504");
        }
    }

    @Test
    void interimResponsesDoNotPutResponseHeadOff() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 103 Early Hints\r\n\r\n");
                    connection.hang();
                });
                var proxy = with(upstream.uri(), clocks -> clocks.responseHead(ofMillis(200)));
                var client = proxy.client()) {

            assertThat(client.send(GET).readInterim().status()).isEqualTo(103);
            assertThat(client.readResponse().status()).isEqualTo(504);
        }
    }

    @Test
    void eachAttemptHasResponseHeadAnew() {
        try (var silent = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.hang();
                });
                var slow = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    pass(ofMillis(250));
                    connection.send(OK);
                });
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(silent.uri()).upstream(slow.uri(), u -> u.backup()),
                        config -> config.timeouts(clocks -> clocks.responseHead(ofMillis(400))))) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertFailureOfAttempt(proxy, "responseHead clock PT0.4S");
        }
    }

    @Test
    void aBodyMayTakeLongerThanResponseHead() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
                    pass(ofMillis(500));
                    connection.send("ok");
                });
                var proxy = with(upstream.uri(), clocks -> clocks.responseHead(ofMillis(200)))) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
        }
    }

    @Test
    void aHeadWithoutAFirstByteTripsFirstByteAndBreaksTheMessage() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
                    connection.hang();
                });
                var proxy = with(upstream.uri(), clocks -> clocks.firstByte(ofMillis(300)))) {

            RawResponse response = proxy.exchange(GET);

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.isTruncated()).isTrue();
            assertFailure(proxy, "firstByte clock PT0.3S ran out");
            upstream.awaitClosed(1);
        }
    }

    @Test
    void noHeadTripsFirstByteToo() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.hang();
                });
                var proxy = with(upstream.uri(), clocks -> clocks.firstByte(ofMillis(200)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(504);
            assertFailure(proxy, "firstByte clock PT0.2S");
        }
    }

    @Test
    void firstByteCountsConnecting() {
        try (var port = UnresponsivePort.open();
                var proxy = with(port.uri(), clocks -> clocks.firstByte(ofMillis(200)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(504);
            assertFailure(proxy, "firstByte clock PT0.2S");
        }
    }

    @Test
    void whatFollowsTheFirstByteMayTakeLongerThanFirstByte() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no");
                    pass(ofMillis(600));
                    connection.send("k");
                });
                var proxy = with(upstream.uri(), clocks -> clocks.firstByte(ofMillis(300)))) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
        }
    }

    @Test
    void aSlowClientTripsNeither() {
        int size = 32 * 1024 * 1024;
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
                    connection.sendFiller(size);
                });
                var proxy = with(upstream.uri(), AnswerClocksTest::both);
                var client = RawClient.connect(proxy.port(), 16 * 1024)) {

            client.send(GET).readHead();
            pass(ofMillis(1000));

            assertThat(client.discard(size)).isEqualTo(size);
            assertThat(proxy.awaitError(1)).isNull();
        }
    }

    @Test
    void aSlowUploadTripsNeither() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = with(upstream.uri(), AnswerClocksTest::both);
                var client = proxy.client()) {

            client.send(SLOW_POST);
            pass(ofMillis(1000));
            client.send("later");

            assertThat(client.readResponse().body()).isEqualTo("ok");
        }
    }

    @Test
    void anUploadThatStopsIsTheClientsFault() {
        try (var upstream = ScriptedUpstream.of(connection -> connection.readRequest());
                var proxy = with(upstream.uri(), clocks -> both(clocks).clientBody(ofMillis(700)));
                var client = proxy.client()) {

            client.send(SLOW_POST);

            assertThat(client.readResponse().status()).isEqualTo(408);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.REQUEST_TIMEOUT);
            assertThat(proxy.failures()).isEmpty();
        }
    }

    @Test
    void afterAnUploadBothRun() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.hang();
                });
                var proxy = with(upstream.uri(), clocks -> clocks.firstByte(ofMillis(200)));
                var client = proxy.client()) {

            client.send(SLOW_POST).send("later");

            assertThat(client.readResponse().status()).isEqualTo(504);
            assertFailure(proxy, "firstByte clock PT0.2S");
        }
    }

    @Test
    void anHttp2UpstreamThatDoesNotAnswerTripsResponseHead() {
        try (var upstream = H2Upstream.of(request -> {});
                var proxy = overHttp2(upstream, clocks -> clocks.responseHead(ofMillis(200)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(504);
            assertFailure(proxy, "responseHead clock PT0.2S");
        }
    }

    @Test
    void anHttp2UpstreamWithoutAFirstByteTripsFirstByte() {
        try (var upstream = H2Upstream.of(request -> request.answer(200, false));
                var proxy = overHttp2(upstream, clocks -> clocks.firstByte(ofMillis(300)))) {

            assertThat(proxy.exchange(GET).isTruncated()).isTrue();
            assertFailure(proxy, "firstByte clock PT0.3S");
        }
    }

    private static Timeouts.Builder both(Timeouts.Builder clocks) {
        return clocks.responseHead(ofMillis(300)).firstByte(ofMillis(300));
    }

    private static WiredProxy with(String url, UnaryOperator<Timeouts.Builder> clocks) {
        return WiredProxy.to(pool -> pool.upstream(url), config -> config.timeouts(clocks::apply));
    }

    private static WiredProxy overHttp2(H2Upstream upstream, UnaryOperator<Timeouts.Builder> clocks) {
        return WiredProxy.to(pool -> pool.upstream(upstream.uri()).http2(), config -> config.timeouts(clocks::apply));
    }

    private static void assertFailure(WiredProxy proxy, String detail) {
        assertFailureOfAttempt(proxy, detail);
        assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_TIMEOUT);
    }

    private static void assertFailureOfAttempt(WiredProxy proxy, String detail) {
        var failure = proxy.awaitFailure();
        assertThat(failure.failure().error()).isEqualTo(ProxyError.RESPONSE_TIMEOUT);
        assertThat(failure.line()).contains(detail);
    }

    /** Until the proxy has had enough. */
    private static void trickle(UpstreamConnection connection) throws IOException {
        while (true) {
            connection.send("x");
            pass(ofMillis(30));
        }
    }

    /** Lets time go by. It is what is tested here: that a clock does, or does not, run out meanwhile. */
    private static void pass(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        Await.until("time goes by", () -> System.nanoTime() - end >= 0);
    }
}
