package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.body.BodyTransformer;
import io.weir.body.Gzipped;
import io.weir.body.SizeLimit;
import io.weir.body.Tee;
import io.weir.body.TextReplacement;
import io.weir.http.ProxyError;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Response;
import io.weir.testkit.H2Upstream;
import io.weir.testkit.Identity;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawRequest;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.UpstreamTls;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Bodies that are changed, watched or limited on their way, in both directions. */
class TransformersTest {
    private static final long MIB = 1024 * 1024;
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final String POST = "POST / HTTP/1.1\r\nHost: a.test\r\n";

    private final AtomicInteger made = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();

    // ---- responses ----

    @Test
    void aTextIsReplacedAndTheConnectionGoesOn() {
        try (var upstream = ScriptedUpstream.answering(
                        "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
                                + "Content-Length: 26\r\nETag: \"1\"\r\nAccept-Ranges: bytes\r\n\r\n<a href=http://INTERNAL/>\n");
                var proxy = proxy(
                        upstream, r -> r.transformResponse(TextReplacement.of("http://internal/", "https://a.test/")));
                var client = proxy.client()) {
            for (int i = 0; i < 2; i++) {
                RawResponse response = client.send(GET).readResponse();

                assertThat(response.isTruncated()).isFalse();
                assertThat(response.body()).isEqualTo("<a href=https://a.test/>\n");
                assertThat(response.field("Content-Length")).isEmpty();
                assertThat(response.field("Accept-Ranges")).isEmpty();
                assertThat(response.field("ETag")).contains("W/\"1\"");
            }
            assertThat(upstream.connectionCount()).isOne();
        }
    }

    @Test
    void insideGzipATextIsReplaced() throws IOException {
        byte[] packed = gzip("Hello ".repeat(50_000));
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n"
                            + "Content-Length: " + packed.length + "\r\n\r\n");
                    connection.send(packed);
                });
                var proxy = proxy(
                        upstream,
                        r -> r.transformResponse(Gzipped.responses(TextReplacement.of("hello", "Goodbye"))))) {

            RawResponse response =
                    proxy.exchange("GET / HTTP/1.1\r\nHost: a.test\r\nAccept-Encoding: br, gzip\r\n\r\n");

            assertThat(response.field("Content-Encoding")).contains("gzip");
            assertThat(gunzip(response.bodyBytes())).isEqualTo("Goodbye ".repeat(50_000));
            assertThat(upstream.awaitRequest().field("Accept-Encoding")).contains("gzip");
        }
    }

    @Test
    void aBombPassesWithoutBeingHeld() throws IOException {
        byte[] bomb = gzip("\0".repeat((int) (64 * MIB)));
        AtomicLong seen = new AtomicLong();
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(
                            "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: " + bomb.length + "\r\n\r\n");
                    connection.send(bomb);
                });
                var proxy = proxy(
                        upstream,
                        r -> r.transformResponse(Gzipped.responses(Tee.responses(
                                (request, response) -> (copy, last) -> seen.addAndGet(copy.remaining())))))) {

            RawResponse response = proxy.exchange(GET);

            assertThat(response.isTruncated()).isFalse();
            assertThat(seen.get()).isEqualTo(64 * MIB);
            assertThat(response.body().length()).isLessThan((int) MIB);
        }
    }

    @Test
    void whatOnlyClaimsToBeGzipIsA502() {
        try (var upstream = ScriptedUpstream.answering(
                        "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 14\r\n\r\nno gzip at all");
                var proxy = proxy(upstream, r -> r.transformResponse(Gzipped.responses((rq, rs) -> identity())));
                var client = proxy.client()) {

            RawResponse response = client.send(GET).readResponse();

            assertThat(response.status()).isEqualTo(502);
            assertThat(response.field("Content-Encoding")).isEmpty();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_CODING);
            assertThat(client.send(GET).readResponse().status()).isEqualTo(502);
        }
    }

    @Test
    void aTransformerThatFailsAtOnceIsA502() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX: y\r\n\r\nbody");
                var proxy = proxy(upstream, r -> r.transformResponse((rq, rs) -> failingAfter(0)))) {

            RawResponse response = proxy.exchange(GET);

            assertThat(response.status()).isEqualTo(502);
            assertThat(response.field("X")).isEmpty();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.TRANSFORM_FAILED);
            assertThat(closed).hasValue(1);
            assertThat(proxy.failures()).isEmpty();
        }
    }

    @Test
    void anHttp2ClientHasA502AsWell() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nX: y\r\n\r\nbody");
                var proxy = proxy(upstream, r -> r.transformResponse((rq, rs) -> failingAfter(0)));
                var client = H2Client.connect(proxy.port())) {

            H2Response response = client.request("GET", "/", List.of());

            assertThat(response.status()).isEqualTo(502);
            assertThat(response.isTruncated()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 8", "Transfer-Encoding: chunked"})
    void oneThatFailsLaterBreaksTheResponseOff(String framing) {
        CountDownLatch goOn = new CountDownLatch(1);
        boolean chunked = framing.startsWith("T");
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\n" + framing + "\r\n\r\n");
                    connection.send(chunked ? "4\r\nbody\r\n" : "body");
                    Await.on("the client has the first half", goOn);
                    connection.send(chunked ? "4\r\nbody\r\n0\r\n\r\n" : "body");
                    connection.hang();
                });
                var proxy = proxy(upstream, r -> r.transformResponse((rq, rs) -> failingAfter(4)));
                var client = proxy.client()) {
            client.send(GET).readHead();
            assertThat(client.readBytes(7)).isEqualTo("4\r\nbody");
            goOn.countDown();

            assertThat(client.readAllThatComes()).isEmpty();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.TRANSFORM_FAILED);
            assertThat(closed).hasValue(1);
        }
    }

    @Test
    void aMistakeInOneIsLogged() {
        try (var log = LogCapture.of("io.weir.jetty");
                var upstream = ScriptedUpstream.answering(OK);
                var proxy = proxy(
                        upstream,
                        r -> r.transformResponse((rq, rs) -> (chunk, last, out) -> {
                            throw new IllegalStateException("mistaken");
                        }))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            log.await("response transform of route \"prefix /\" failed");
        }
    }

    @Test
    void aResponseLongerThanAllowedIsRefusedOrBroken() {
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            connection.readRequest();
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\n");
                            connection.hang();
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
                            connection.send("a\r\n0123456789\r\n");
                            connection.send("1\r\nx\r\n0\r\n\r\n");
                            connection.close();
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789");
                        });
                var proxy = proxy(upstream, r -> r.transformResponse(SizeLimit.of(10)))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            RawResponse broken = proxy.exchange(GET);
            assertThat(broken.status() == 502 || broken.isTruncated()).isTrue();
            RawResponse whole = proxy.exchange(GET);

            assertThat(whole.body()).isEqualTo("0123456789");
            assertThat(whole.field("Content-Length")).contains("10");
            assertThat(proxy.awaitError(2)).isEqualTo(ProxyError.RESPONSE_BODY_TOO_LARGE);
        }
    }

    @Test
    void aTeeSeesBothDirectionsAndChangesNothing() {
        List<String> seen = new CopyOnWriteArrayList<>();
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = proxy(
                        upstream,
                        r -> r.transformRequest(Tee.requests(request -> noting("> ", seen)))
                                .transformResponse(Tee.responses((request, response) -> noting("< ", seen))))) {

            RawResponse response = proxy.exchange(POST + "Content-Length: 4\r\nContent-MD5: x\r\n\r\nbody");

            RawRequest request = upstream.awaitRequest();
            assertThat(request.field("Content-Length")).contains("4");
            assertThat(request.field("Content-MD5")).contains("x");
            assertThat(response.field("Content-Length")).contains("2");
            assertThat(seen).startsWith("> body.").contains("< ok.");
            Await.until("both are ended", () -> seen.containsAll(List.of("> ended", "< ended")));
        }
    }

    @Test
    void anUpstreamThatDiesIsSeenThroughATransformer() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbody");
                    connection.reset();
                });
                var proxy = proxy(upstream, r -> r.transformResponse((rq, rs) -> identity()))) {

            RawResponse response = proxy.exchange(GET);

            assertThat(response.isTruncated()).isTrue();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_INCOMPLETE);
            assertThat(closed).hasValue(1);
        }
    }

    @Test
    void aClientThatLeavesClosesTheTransformer() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbody");
                    connection.hang();
                });
                var proxy = proxy(upstream, r -> r.transformResponse((rq, rs) -> identity()))) {
            try (var client = proxy.client()) {
                client.send(GET).readHead();
            }

            upstream.awaitClosed(1);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CLIENT_GONE);
            assertThat(closed).hasValue(1);
        }
    }

    @Test
    void headAndNotModifiedHaveNoBodyButFieldsThatFit() {
        try (var upstream =
                        ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: \"1\"\r\n\r\nbody");
                var proxy = proxy(upstream, r -> r.transformResponse((rq, rs) -> identity()));
                var client = proxy.client()) {

            RawResponse head =
                    client.send("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n").readHead();
            RawResponse next = client.send(GET).readResponse();

            assertThat(head.field("Content-Length")).isEmpty();
            assertThat(head.field("ETag")).contains("W/\"1\"");
            assertThat(next.body()).isEqualTo("body");
        }
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 304 Not Modified\r\nETag: \"1\"\r\n\r\n");
                var proxy = proxy(upstream, r -> r.transformResponse((rq, rs) -> identity()));
                var client = proxy.client()) {

            RawResponse response = client.send(GET).readResponse();

            assertThat(response.field("ETag")).contains("W/\"1\"");
            assertThat(client.send(GET).readResponse().status()).isEqualTo(304);
        }
    }

    @Test
    void trailersStayAtTheEnd() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
                        + "Content-Type: text/html\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n");
                var proxy = proxy(upstream, r -> r.transformResponse(TextReplacement.of("bcd", "!")))) {

            RawResponse response = proxy.exchange(GET);

            assertThat(response.body()).isEqualTo("abc"); // of which the end was held back
            assertThat(response.trailers()).containsExactly(new Field("X-Sum", "1"));
        }
    }

    @Test
    void eachTokenLeavesAtOnce() {
        CountDownLatch[] seen = {new CountDownLatch(1), new CountDownLatch(1)};
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
                    connection.send("data: a\n\n");
                    Await.on("the first is seen", seen[0]);
                    connection.send("data: secret\n\n");
                    Await.on("the second is seen", seen[1]);
                    connection.close();
                });
                var proxy = proxy(
                        upstream,
                        r -> r.transformResponse(
                                TextReplacement.of("secret", "***").types("text/event-stream")));
                var client = proxy.client()) {
            client.send(GET).readHead();

            assertThat(client.readBytes(12)).isEqualTo("9\r\ndata: a\n\n");
            seen[0].countDown();
            assertThat(client.readBytes(16)).isEqualTo("\r\nB\r\ndata: ***\n\n");
            seen[1].countDown();
            assertThat(client.readBytes(7)).isEqualTo("\r\n0\r\n\r\n");
        }
    }

    // ---- requests ----

    @Test
    void aRequestIsTransformedAndItsLengthIsLeftToTheChunks() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = proxy(upstream, r -> r.transformRequest(request -> upperCase()));
                var client = proxy.client()) {

            client.send(POST + "Content-Length: 4\r\nContent-MD5: x\r\nDigest: y\r\n\r\nbody")
                    .readResponse();
            client.send(POST + "Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nX-Sum: 1\r\n\r\n")
                    .readResponse();
            client.send(POST + "Content-Length: 0\r\n\r\n").readResponse();

            RawRequest first = upstream.awaitRequest();
            assertThat(first.body()).isEqualTo("BODY");
            assertThat(first.field("Transfer-Encoding")).contains("chunked");
            assertThat(first.field("Content-Length")).isEmpty();
            assertThat(first.field("Content-MD5")).isEmpty();
            assertThat(first.field("Digest")).isEmpty();
            RawRequest second = upstream.awaitRequest();
            assertThat(second.body()).isEqualTo("BODY");
            assertThat(second.trailers()).containsExactly(new Field("X-Sum", "1"));
            assertThat(upstream.awaitRequest().field("Content-Length")).contains("0");
            assertThat(made).hasValue(2);
            Await.until("both are closed", () -> closed.get() == 2);
        }
    }

    @Test
    void aRequestWithoutABodyEngagesNothing() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = proxy(upstream, r -> r.transformRequest(request -> upperCase()));
                var client = H2Client.connect(proxy.port())) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(client.request("POST", "/", List.of()).body()).isEqualTo("ok");

            assertThat(made).hasValue(0);
            assertThat(upstream.awaitRequest().field("Transfer-Encoding")).isEmpty();
        }
    }

    @Test
    void aRequestMayWaitToBeAskedFor() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    RawRequest head = connection.readHead();
                    connection.send("HTTP/1.1 100 Continue\r\n\r\n");
                    assertThat(connection.readBody(head).body()).isEqualTo("BODY");
                    connection.send(OK);
                });
                var proxy = proxy(upstream, r -> r.transformRequest(request -> upperCase()));
                var client = proxy.client()) {

            client.send(POST + "Content-Length: 4\r\nExpect: 100-continue\r\n\r\n")
                    .readInterim();

            assertThat(client.send("body").readResponse().body()).isEqualTo("ok");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 4})
    void aTransformerThatFailsOnARequestIsA400(int after) {
        CountDownLatch goOn = new CountDownLatch(after == 0 ? 0 : 1);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    connection.readBytes(9);
                    goOn.countDown();
                    connection.hang();
                });
                var proxy = proxy(upstream, r -> r.transformRequest(request -> failingAfter(after)));
                var client = proxy.client()) {

            client.send(POST + "Content-Length: 8\r\n\r\nbody");
            Await.on("the first half is there", goOn);
            if (after > 0) {
                client.send("body");
            }
            RawResponse response = client.readResponse();

            client.close(); // or the rest of the body would be waited for

            assertThat(response.status()).isEqualTo(400);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.BAD_REQUEST);
            assertThat(closed).hasValue(1);
            if (after > 0) {
                upstream.awaitClosed(1);
            }
        }
    }

    @Test
    void aRequestLongerThanAllowedInsideGzipIsA413() throws IOException {
        byte[] bomb = gzip("\0".repeat((int) (8 * MIB)));
        try (var upstream = ScriptedUpstream.of(connection -> connection.hang());
                var proxy = proxy(upstream, r -> r.transformRequest(Gzipped.requests(SizeLimit.of(MIB))));
                var client = proxy.client()) {

            client.send(POST + "Content-Encoding: gzip\r\nContent-Length: " + bomb.length + "\r\n\r\n");
            RawResponse response = client.send(bomb).readResponse();

            assertThat(response.status()).isEqualTo(413);
        }
    }

    @Test
    void anotherAttemptTransformsTheOriginalAnew() {
        try (var first = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.reset();
                });
                var second = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.routing(
                        pool -> pool.retry(RetryPolicy.defaults()
                                        .withNonIdempotent()
                                        .withTries(2))
                                .upstream(first.uri(), u -> u.maxFails(0))
                                .upstream(second.uri(), u -> u.backup()),
                        (config, pool) -> config.route(Route.any()
                                .transformRequest(request -> numbering())
                                .to(pool)))) {

            RawResponse response = proxy.exchange(POST + "Content-Length: 4\r\n\r\nbody");

            assertThat(response.body()).isEqualTo("ok");
            assertThat(first.awaitRequest().body()).isEqualTo("1:body");
            assertThat(second.awaitRequest().body()).isEqualTo("2:body");
            assertThat(closed).hasValue(2);
        }
    }

    @Test
    void aRequestIsTransformedOnItsWayToATlsUpstream() {
        Identity identity = Identity.of("ip:127.0.0.1");
        try (var upstream = ScriptedUpstream.secured(identity, connection -> {
                    connection.readRequest();
                    connection.send(OK);
                });
                var proxy = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri())
                                .tls(UpstreamTls.defaults().withTrust(identity.certificate())),
                        (config, pool) -> config.route(Route.any()
                                .transformRequest(request -> identity())
                                .transformRequest(request -> upperCase())
                                .to(pool)))) {

            assertThat(proxy.exchange(POST + "Content-Length: 100000\r\n\r\n" + "x".repeat(100_000))
                            .body())
                    .isEqualTo("ok");

            assertThat(upstream.awaitRequest().body()).isEqualTo("X".repeat(100_000));
        }
    }

    @Test
    void anHttp2ClientIsAnsweredWhenItsBodyFails() {
        try (var upstream = ScriptedUpstream.of(connection -> connection.hang());
                var proxy = proxy(upstream, r -> r.transformRequest(request -> failingAfter(4)));
                var client = H2Client.connect(proxy.port())) {

            H2Response response = client.request("POST", "/", List.of(), "body", "body");

            assertThat(response.status()).isEqualTo(400);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.BAD_REQUEST);
        }
    }

    // ---- HTTP/2 ----

    @Test
    void overHttp2BothDirectionsAreTransformed() {
        try (var upstream = H2Upstream.of(request -> {
                    String body = request.takeBody().awaitBody();
                    request.answer(
                                    200,
                                    false,
                                    new Field("content-type", "text/html"),
                                    new Field("content-length", "" + (body.length() + 6)),
                                    new Field(
                                            "x-length",
                                            String.valueOf(request.fields().get("content-length"))),
                                    new Field(
                                            "x-trailer",
                                            String.valueOf(request.trailers().get("x-sum"))))
                            .send("Hello ", false)
                            .send(body, false)
                            .sendTrailers(new Field("x-out", "2"));
                });
                var proxy = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()).http2(),
                        (config, pool) -> config.route(Route.any()
                                .transformRequest(request -> upperCase())
                                .transformResponse(TextReplacement.of("hello", "Goodbye"))
                                .to(pool)));
                var client = H2Client.connect(proxy.port())) {

            H2Response response = client.openStream("POST", "/", List.of(new Field("Content-Length", "4")))
                    .send("body")
                    .sendTrailers(new Field("x-sum", "1"))
                    .awaitResponse();

            assertThat(response.isTruncated()).isFalse();
            assertThat(response.body()).isEqualTo("Goodbye BODY");
            assertThat(response.field("content-length")).isEmpty();
            assertThat(response.field("x-length")).contains("null");
            assertThat(response.field("x-trailer")).contains("1");
            assertThat(response.trailers()).containsExactly(new Field("x-out", "2"));
            assertThat(made).hasValue(1);
            Await.until("it is closed", () -> closed.get() == 1);
        }
    }

    @Test
    void overHttp2AFailureIsAReset() {
        CountDownLatch goOn = new CountDownLatch(1);
        try (var upstream = H2Upstream.of(request -> {
                    request.answer(200, false).send("body", false);
                    Await.on("the first half is seen", goOn);
                    request.send("body", true);
                });
                var proxy = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()).http2(),
                        (config, pool) -> config.route(Route.any()
                                .transformResponse((rq, rs) -> failingAfter(4))
                                .to(pool)));
                var client = H2Client.connect(proxy.port())) {
            var stream = client.openStream("POST", "/", List.of()).sendLast("");
            stream.awaitHead();
            assertThat(stream.awaitData()).isEqualTo("body");
            goOn.countDown();

            stream.awaitReset();

            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.TRANSFORM_FAILED);
        }
    }

    // ---- back-pressure ----

    @Test
    void aSlowClientHoldsTheUpstreamBackThroughTransformers() {
        long size = 200 * MIB;
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
                    connection.sendFiller(size);
                });
                var proxy = proxy(
                        upstream,
                        r -> r.transformResponse((rq, rs) -> identity())
                                .transformResponse(SizeLimit.of(size))
                                .transformResponse((rq, rs) -> identity()));
                var client = proxy.client()) {
            client.send(GET).readHead();
            AtomicLong sent = upstream.bytesSent();

            BackPressureTest.awaitStandstill(sent::get);

            assertThat(sent.get() - client.bytesRead()).isLessThan(BackPressureTest.BOUND);
            assertThat(client.discard(size)).isEqualTo(size);
            client.close();
            assertThat(proxy.awaitEnded(1).outcome().bodyBytes()).isGreaterThan(size - 16 * MIB);
        }
    }

    @Test
    void aSlowUpstreamHoldsTheClientBackThroughATransformer() {
        long size = 200 * MIB;
        CountDownLatch goOn = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    Await.on("the client has come to a standstill", goOn);
                    connection.discard(size);
                    connection.send(OK);
                });
                var proxy = proxy(upstream, r -> r.transformRequest(request -> identity()));
                var client = proxy.client()) {
            AtomicLong sent = new AtomicLong();
            client.send(POST + "Content-Length: " + size + "\r\n\r\n");
            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> upload(client, sent, size));

            BackPressureTest.awaitStandstill(sent::get);

            assertThat(sent.get() - upstream.bytesReceived().get()).isLessThan(BackPressureTest.BOUND);
            goOn.countDown();
            sending.join();
            assertThat(client.readResponse().body()).isEqualTo("ok");
        }
    }

    @Test
    void muchThatComesOfLittleWaitsForTheClient() {
        long size = 64 * MIB;
        AtomicLong written = new AtomicLong();
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx");
                var proxy = proxy(
                        upstream,
                        r -> r.transformResponse((rq, rs) -> (chunk, last, out) -> {
                            if (last && written.get() < size) {
                                out.write(ByteBuffer.allocate((int) MIB / 4));
                                written.addAndGet(MIB / 4);
                                out.again();
                            }
                        }));
                var client = proxy.client()) {
            client.send(GET).readHead();

            BackPressureTest.awaitStandstill(written::get);

            assertThat(written.get() - client.bytesRead()).isLessThan(BackPressureTest.BOUND);
            assertThat(client.discard(size)).isEqualTo(size);
        }
    }

    // ---- what the tests put in ----

    private static WiredProxy proxy(ScriptedUpstream upstream, UnaryOperator<Route.Draft> bodies) {
        return WiredProxy.routing(
                pool -> pool.upstream(upstream.uri(), u -> u.maxFails(0)),
                (config, pool) -> config.route(bodies.apply(Route.any()).to(pool)));
    }

    private static void upload(RawClient client, AtomicLong sent, long size) {
        byte[] piece = new byte[16 * 1024];
        while (sent.get() < size) {
            client.send(piece);
            sent.addAndGet(piece.length);
        }
    }

    private static Tee.Observer noting(String direction, List<String> seen) {
        return new Tee.Observer() {
            private final StringBuilder all = new StringBuilder();

            @Override
            public void saw(ByteBuffer copy, boolean last) {
                all.append(ISO_8859_1.decode(copy));
                if (last) {
                    seen.add(direction + all + ".");
                }
            }

            @Override
            public void ended() {
                seen.add(direction + "ended");
            }
        };
    }

    private BodyTransformer identity() {
        return counted((chunk, last, out) -> out.write(chunk));
    }

    private BodyTransformer upperCase() {
        return counted((chunk, last, out) -> {
            ByteBuffer changed = ByteBuffer.allocate(chunk.remaining());
            while (chunk.hasRemaining()) {
                changed.put((byte) Character.toUpperCase(chunk.get()));
            }
            out.write(changed.flip());
        });
    }

    /** Says which of those that were made it is. */
    private BodyTransformer numbering() {
        ByteBuffer number = ByteBuffer.wrap((made.get() + 1 + ":").getBytes(ISO_8859_1));
        return counted((chunk, last, out) -> {
            out.write(number.slice());
            number.position(number.limit());
            out.write(chunk);
        });
    }

    private BodyTransformer failingAfter(int bytes) {
        int[] left = {bytes};
        return counted((chunk, last, out) -> {
            left[0] -= chunk.remaining();
            if (left[0] < 0) {
                throw new IOException("no more of this");
            }
            out.write(chunk);
        });
    }

    private BodyTransformer counted(BodyTransformer transformer) {
        made.incrementAndGet();
        return new BodyTransformer() {
            @Override
            public void transform(ByteBuffer chunk, boolean last, Output out) throws IOException {
                transformer.transform(chunk, last, out);
            }

            @Override
            public void close() {
                closed.incrementAndGet();
            }
        };
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write(text.getBytes(ISO_8859_1));
        }
        return packed.toByteArray();
    }

    private static String gunzip(byte[] packed) throws IOException {
        return new String(new GZIPInputStream(new ByteArrayInputStream(packed)).readAllBytes(), ISO_8859_1);
    }
}
