package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Response;
import io.weir.testkit.H2Stream;
import io.weir.testkit.H2Upstream;
import io.weir.testkit.Identity;
import io.weir.testkit.RawResponse;
import io.weir.testkit.RefusingPort;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import io.weir.upstream.UpstreamTls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Pools that speak HTTP/2 to their upstreams. */
class Http2UpstreamTest {

    private static final String LAST_GET = "GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n";
    private static final Field TEXT = new Field("content-type", "text/plain");

    private static WiredProxy inFrontOf(H2Upstream upstream) {
        return WiredProxy.to(pool -> pool.upstream(upstream.uri()).http2());
    }

    private static void awaitData(H2Stream stream, String whole) {
        StringBuilder data = new StringBuilder();
        while (data.length() < whole.length()) {
            data.append(stream.awaitData());
        }
        assertThat(data.toString()).isEqualTo(whole);
    }

    @Test
    void theRequestGoesOnByteForByteAndTheAnswerComesBack() {
        AtomicReference<String> seen = new AtomicReference<>();
        try (var upstream = H2Upstream.of(request -> {
                    seen.set(request.line() + " " + request.fields().get("x-a") + " " + request.hasEnded() + " "
                            + request.fields().get("connection") + " "
                            + request.fields().get("x-real-ip"));
                    request.answer(200, false, TEXT, new Field("x-b", "2")).send("hello", true);
                });
                var proxy = inFrontOf(upstream)) {

            RawResponse response = proxy.exchange(
                    "GET //a%2Fb|c?q={x} HTTP/1.1\r\nHost: a.test\r\nX-A: 1\r\nConnection: close, x-drop\r\nX-Drop: 1\r\n\r\n");

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("hello");
            assertThat(response.field("x-b")).contains("2");
            assertThat(seen.get()).isEqualTo("GET http://a.test//a%2Fb|c?q={x} 1 true null 127.0.0.1");
        }
    }

    @Test
    void manyRequestsShareOneConnection() throws Exception {
        CountDownLatch all = new CountDownLatch(20);
        try (var upstream = H2Upstream.of(request -> {
                    all.countDown();
                    all.await(); // they run at the same time, or never
                    request.answer(204, true);
                });
                var proxy = inFrontOf(upstream);
                var client = H2Client.connect(proxy.port())) {

            List<H2Stream> streams = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                streams.add(client.openStream("POST", "/" + i, List.of()).sendLast(""));
            }

            for (H2Stream stream : streams) {
                assertThat(stream.awaitResponse().status()).isEqualTo(204);
            }
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void aConnectionHasNoMoreStreamsThanTheUpstreamAllows() throws Exception {
        AtomicInteger running = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (var upstream = H2Upstream.of(2, request -> {
                    most.accumulateAndGet(running.incrementAndGet(), Math::max);
                    request.takeBody().awaitBody();
                    running.decrementAndGet();
                    request.answer(200, true);
                });
                var proxy = inFrontOf(upstream);
                var client = H2Client.connect(proxy.port())) {
            client.request("GET", "/settings-are-known", List.of());

            List<H2Stream> streams = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                streams.add(client.openStream("POST", "/" + i, List.of()).send("x"));
            }
            Await.until("six run", () -> running.get() == 6);
            streams.forEach(stream -> stream.sendLast("y"));

            for (H2Stream stream : streams) {
                assertThat(stream.awaitResponse().status()).isEqualTo(200);
            }
            assertThat(upstream.connectionCount()).isEqualTo(3);
        }
    }

    @Test
    void bodiesAndTrailersPassBothWaysAtTheSameTime() {
        try (var upstream = H2Upstream.of(request -> {
                    request.answer(200, false, TEXT).takeBody();
                    request.send("got " + request.awaitPiece(), false);
                    request.send(" got " + request.awaitPiece(), false);
                    request.awaitBody();
                    request.sendTrailers(
                            new Field("grpc-status", "0"),
                            new Field("x-sum", String.valueOf(request.trailers().get("x-sum"))));
                });
                var proxy = inFrontOf(upstream);
                var client = H2Client.connect(proxy.port())) {

            H2Stream stream = client.openStream("POST", "/", List.of(new Field("te", "trailers")))
                    .send("a");
            assertThat(stream.awaitHead().status()).isEqualTo(200);
            awaitData(stream, "got a");
            stream.send("b");
            awaitData(stream, " got b");
            stream.sendTrailers(new Field("x-sum", "7"));

            H2Response response = stream.awaitResponse();
            assertThat(response.trailers()).containsExactly(new Field("grpc-status", "0"), new Field("x-sum", "7"));
        }
    }

    @Test
    void aRefusedStreamIsTriedAgainEvenAPost() {
        AtomicInteger count = new AtomicInteger();
        try (var upstream = H2Upstream.of(request -> {
                    if (count.getAndIncrement() == 0) {
                        request.reset(0x7);
                    } else {
                        request.takeBody();
                        request.answer(200, false).send(request.awaitBody(), true);
                    }
                });
                var proxy = inFrontOf(upstream)) {

            RawResponse response = proxy.exchange(
                    "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("abc");
            assertThat(proxy.failures()).isEmpty();
        }
    }

    @Test
    void aPostWhoseStreamIsResetIsNotTriedAgain() {
        try (var upstream = H2Upstream.of(request -> request.reset(0x2));
                var proxy = inFrontOf(upstream)) {

            RawResponse response = proxy.exchange(
                    "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc");

            assertThat(response.status()).isEqualTo(502);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CONNECTION_TERMINATED);
            assertThat(upstream.streamCount()).isEqualTo(1);
        }
    }

    @Test
    void aBodyThatBreaksOffIsBrokenForTheClientToo() {
        try (var upstream = H2Upstream.of(request -> {
                    request.answer(200, false, TEXT).send("half", false);
                    request.reset(0x2);
                });
                var proxy = inFrontOf(upstream);
                var client = H2Client.connect(proxy.port())) {

            H2Response response = client.request("GET", "/", List.of());

            assertThat(response.isTruncated()).isTrue();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_INCOMPLETE);
        }
    }

    @Test
    void aBodyOfAnotherLengthThanItSaidIsBroken() {
        try (var upstream = H2Upstream.of(request -> request.answer(200, false, new Field("content-length", "10"))
                        .send("short", true));
                var proxy = inFrontOf(upstream);
                var client = H2Client.connect(proxy.port())) {

            H2Response response = client.request("GET", "/", List.of());

            assertThat(response.isTruncated()).isTrue();
        }
    }

    @Test
    void aHeadThatPromisesABodyAndEndsTheStreamIsABadGateway() {
        try (var upstream = H2Upstream.of(request -> request.answer(200, true, new Field("content-length", "10")));
                var proxy = inFrontOf(upstream)) {

            RawResponse response = proxy.exchange(LAST_GET);

            assertThat(response.status()).isEqualTo(502);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.PROTOCOL_ERROR);
            assertThat(proxy.awaitFailure().failure().detail()).endsWith("it said: 10");
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aHeadForHeadMaySayHowLongTheBodyWouldBe(boolean endsWithTheHead) {
        Field length = new Field("content-length", "10");
        try (var upstream = H2Upstream.of(request -> {
                    request.answer(200, endsWithTheHead, length);
                    if (!endsWithTheHead) {
                        request.send("", true);
                    }
                });
                var proxy = inFrontOf(upstream);
                var client = proxy.client()) {

            for (int i = 1; i <= 2; i++) {
                client.send("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n");
                RawResponse response = client.readHead();

                assertThat(response.status()).isEqualTo(200);
                assertThat(response.field("content-length")).contains("10");
                assertThat(proxy.awaitError(i)).isNull();
            }
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void aClientThatLeavesResetsTheStreamAndNotTheConnection() throws Exception {
        AtomicReference<Integer> reset = new AtomicReference<>();
        try (var upstream = H2Upstream.of(request -> {
                    if (request.line().endsWith("/stay")) {
                        request.answer(200, true);
                        return;
                    }
                    request.answer(200, false, TEXT).send("tick", false);
                    reset.set(request.awaitReset());
                });
                var proxy = inFrontOf(upstream);
                var client = H2Client.connect(proxy.port())) {

            H2Stream stream = client.openStream("GET", "/leave", List.of()).sendLast("");
            awaitData(stream, "tick");
            stream.reset();

            Await.until("the upstream's stream is reset", () -> reset.get() != null);
            assertThat(reset.get()).isEqualTo(0x8);
            assertThat(client.request("GET", "/stay", List.of()).status()).isEqualTo(200);
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void afterGoAwayNewRequestsGoToANewConnectionAndOldOnesEnd() {
        CountDownLatch goneAway = new CountDownLatch(1);
        try (var upstream = H2Upstream.of(request -> {
                    request.answer(200, false, TEXT).send("a", false);
                    if (request.line().endsWith("/old")) {
                        goneAway.await();
                    }
                    request.send("b", true);
                });
                var proxy = inFrontOf(upstream);
                var client = H2Client.connect(proxy.port())) {

            H2Stream old = client.openStream("GET", "/old", List.of()).sendLast("");
            awaitData(old, "a");
            upstream.goAway();

            Await.until("a new connection is used", () -> {
                assertThat(client.request("GET", "/new", List.of()).status()).isEqualTo(200);
                return upstream.connectionCount() > 1;
            });
            goneAway.countDown();
            assertThat(old.awaitResponse().body()).isEqualTo("ab");
        }
    }

    @Test
    void aKeptConnectionThatBreaksUnderAGetCostsNothing() {
        AtomicInteger count = new AtomicInteger();
        try (var upstream = H2Upstream.of(request -> {
                    if (count.getAndIncrement() == 1) {
                        request.breakConnection();
                    } else {
                        request.answer(200, true);
                    }
                });
                var proxy = inFrontOf(upstream);
                var client = H2Client.connect(proxy.port())) {

            assertThat(client.request("GET", "/1", List.of()).status()).isEqualTo(200);
            assertThat(client.request("GET", "/2", List.of()).status()).isEqualTo(200);
            assertThat(proxy.failures()).isEmpty();
            assertThat(upstream.connectionCount()).isEqualTo(2);
        }
    }

    @Test
    void aRefusedConnectionIs502AndTheNextUpstreamIsTried() {
        try (var upstream = H2Upstream.of(request -> request.answer(200, true));
                var refusing = RefusingPort.open();
                var proxy = WiredProxy.to(pool ->
                        pool.upstream(refusing.uri()).upstream(upstream.uri()).http2())) {

            assertThat(proxy.exchange(LAST_GET).status()).isEqualTo(200);
            assertThat(proxy.awaitFailure().failure().error()).isEqualTo(ProxyError.CONNECTION_REFUSED);
        }
    }

    @Test
    void theReadClockRunsWhileTheUpstreamIsSilent() {
        try (var upstream = H2Upstream.of(request -> {});
                var proxy = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()).http2(),
                        (config, pool) -> config.route(Route.any()
                                .timeouts(t -> t.read(Duration.ofMillis(100)))
                                .to(pool)))) {

            assertThat(proxy.exchange(LAST_GET).status()).isEqualTo(504);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CONNECTION_READ_TIMEOUT);
        }
    }

    @Test
    void anHttp1UpstreamIsABadGateway() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                var proxy = WiredProxy.to(pool -> pool.upstream(upstream.uri()).http2())) {

            assertThat(proxy.exchange(LAST_GET).status()).isEqualTo(502);
        }
    }

    @Test
    void aTlsUpstreamThatDoesNotAgreeToHttp2IsABadGateway() {
        Identity identity = Identity.of("ip:127.0.0.1");
        try (var upstream = ScriptedUpstream.secured(identity, connection -> connection.readRequest());
                var proxy = WiredProxy.to(pool -> pool.upstream(upstream.uri())
                        .tls(UpstreamTls.defaults().withTrust(identity.certificate()))
                        .http2())) {

            assertThat(proxy.exchange(LAST_GET).status()).isEqualTo(502);
            assertThat(proxy.awaitFailure().failure().detail()).contains("ALPN");
        }
    }

    @Test
    void anUpstreamThatAllowsNoStreamsIsAskedOnce() {
        try (var upstream = H2Upstream.of(0, request -> {});
                var proxy = inFrontOf(upstream)) {

            assertThat(proxy.exchange(LAST_GET).status()).isEqualTo(502);
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void aConnectionOnWhichNothingIsSaidHoldsNobodyUpForLongerThanItsClock() {
        try (var upstream = ScriptedUpstream.of(UpstreamConnection::hang, Http2UpstreamTest::answerInHttp2);
                var proxy = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()).http2(),
                        (config, pool) -> config.route(Route.any()
                                .timeouts(t -> t.connect(Duration.ofMillis(300)))
                                .to(pool)))) {

            assertThat(proxy.exchange(LAST_GET).status()).isEqualTo(504);
            assertThat(proxy.exchange(LAST_GET).status()).isEqualTo(204);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CONNECTION_TIMEOUT);
            upstream.awaitClosed(1);
        }
    }

    /** As little of HTTP/2 as there can be: its settings, and 204 to each request. */
    private static void answerInHttp2(UpstreamConnection connection) throws IOException {
        connection.readBytes(24); // the client's preface
        connection.send(new byte[] {0, 0, 0, 4, 0, 0, 0, 0, 0});
        while (true) {
            ByteBuffer frame = ByteBuffer.wrap(connection.readBytes(9));
            int typeAndLength = frame.getInt();
            int type = typeAndLength & 0xFF;
            frame.get();
            int stream = frame.getInt();
            connection.readBytes(typeAndLength >>> 8);
            if (type == 1) {
                byte[] headers = {0, 0, 1, 1, 5, 0, 0, 0, (byte) stream, (byte) 0x89};
                connection.send(headers);
            }
        }
    }

    @Test
    void aStoppedReaderHoldsOnlyItsOwnStreamBack() {
        AtomicInteger sent = new AtomicInteger();
        String kilobytes = "x".repeat(16 * 1024);
        try (var upstream = H2Upstream.of(request -> {
                    request.answer(200, false, TEXT);
                    if (request.line().endsWith("/small")) {
                        request.send("ok", true);
                        return;
                    }
                    for (int i = 0; i < 512; i++) {
                        request.send(kilobytes, i == 511);
                        sent.incrementAndGet();
                    }
                });
                var proxy = inFrontOf(upstream);
                var client = H2Client.connect(proxy.port(), 64 * 1024, 1024 * 1024)) {

            H2Stream stopped = client.openStream("GET", "/large", List.of()).sendLast("");
            stopped.awaitHead();
            Await.until("the windows are full", () -> sent.get() >= 8);

            assertThat(client.request("GET", "/small", List.of()).body()).isEqualTo("ok");
            assertThat(sent.get()).as("of 512 frames of 16 KiB").isLessThan(64);
            assertThat(stopped.awaitResponse().body()).hasSize(8 * 1024 * 1024);
        }
    }
}
