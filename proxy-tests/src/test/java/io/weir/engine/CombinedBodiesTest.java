package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.body.BodyTransformer;
import io.weir.body.Buffering;
import io.weir.body.Compression;
import io.weir.body.SizeLimit;
import io.weir.body.TextReplacement;
import io.weir.http.ProxyError;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Response;
import io.weir.testkit.H2Upstream;
import io.weir.testkit.RawRequest;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.RetryPolicy;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bodies that are buffered, transformed and compressed on one way: each has to leave the next what that one needs. */
class CombinedBodiesTest {
    private static final int MIB = 1024 * 1024;
    private static final int SMALL_WINDOW = 16 * 1024;
    private static final String UPLOAD =
            "POST / HTTP/1.1\r\nHost: a.test\r\nAccept-Encoding: gzip\r\n" + "Transfer-Encoding: chunked\r\n\r\n";

    @TempDir
    Path directory;

    private final AtomicInteger made = new AtomicInteger();
    private final AtomicInteger closed = new AtomicInteger();

    @AfterEach
    void everyTransformerAndFileIsClosed() {
        Await.until("transformers are closed", () -> closed.get() == made.get());
        Await.until(
                "files are closed",
                () -> BufferedResponsesTest.openFiles(directory).isEmpty());
    }

    // ---- everything at once ----

    /** Collected, made upper case, echoed, replaced, packed, and taken by a client that has stopped reading. */
    @Test
    void anUploadAndItsAnswerGoThroughAll() throws IOException {
        String body = letters(2 * MIB);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    while (true) {
                        String echo = connection.readRequest().body();
                        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nETag: \"1\"\r\nContent-Length: "
                                + echo.length() + "\r\n\r\n");
                        connection.send(echo);
                    }
                });
                var proxy = proxy(upstream, route -> everything(route));
                var slow = proxy.client(SMALL_WINDOW)) {
            slow.send(UPLOAD + chunk(body.substring(0, MIB)));
            Await.until(
                    "what came is kept",
                    () -> BufferedResponsesTest.openFiles(directory).size() == 1);
            assertThat(upstream.connectionCount()).isZero();
            slow.send(chunk(body.substring(MIB)) + "0\r\n\r\n");

            RawRequest request = upstream.awaitRequest();
            Await.until("the upstream is free while the client still has to read", () -> proxy.slotsTaken() == 0);
            assertThat(proxy.exchange(GET).status()).isEqualTo(200);
            assertThat(upstream.connectionCount()).isOne();
            RawResponse response = slow.readResponse();

            assertThat(request.body()).isEqualTo(body.toUpperCase(Locale.ROOT));
            assertThat(response.isTruncated()).isFalse();
            assertThat(response.field("Content-Encoding")).contains("gzip");
            assertThat(response.field("Content-Length")).isEmpty();
            assertThat(response.field("ETag")).contains("W/\"1\"");
            assertThat(unpacked(response.bodyBytes())).isEqualTo(replaced(body));
        }
    }

    @Test
    void overHttp2OnBothSidesAsWell() throws IOException {
        String body = letters(2 * MIB);
        try (var upstream = H2Upstream.of(request -> {
                    String echo = request.takeBody().awaitBody();
                    request.answer(200, false, new Field("content-type", "text/plain"))
                            .send(echo, false)
                            .sendTrailers(new Field("x-sum", "42"));
                });
                var proxy = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()).http2(),
                        (config, pool) -> config.route(everything(Route.any()).to(pool)));
                var client = H2Client.connect(proxy.port(), 64 * 1024)) {
            var stream = client.openStream("POST", "/", List.of(new Field("accept-encoding", "gzip")));
            stream.send(body.substring(0, MIB));
            assertThat(upstream.streamCount()).isZero();
            stream.sendLast(body.substring(MIB));

            Await.until("the upstream has sent all", () -> upstream.streamCount() == 1 && proxy.slotsTaken() == 0);
            H2Response response = stream.awaitResponse();

            assertThat(response.isTruncated()).isFalse();
            assertThat(unpacked(response.body().getBytes(ISO_8859_1))).isEqualTo(replaced(body));
            assertThat(response.trailers()).containsExactly(new Field("x-sum", "42"));
        }
    }

    // ---- what fails on the way ----

    @Test
    void aCollectedUploadIsTransformedAnewForTheNextUpstream() {
        String body = letters(MIB);
        try (var ill = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    connection.discard(100_000);
                    connection.reset();
                });
                var well = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                var proxy = WiredProxy.routing(
                        pool -> pool.upstream(ill.uri()).upstream(well.uri()).retry(RetryPolicy.defaults()),
                        (config, pool) -> config.route(everything(Route.any()).to(pool)));
                var client = proxy.client()) {
            client.send(UPLOAD.replace("POST", "PUT") + chunk(body) + "0\r\n\r\n");

            assertThat(client.readResponse().body()).isEqualTo("ok");
            assertThat(well.awaitRequest().body()).isEqualTo(body.toUpperCase(Locale.ROOT));
            assertThat(proxy.failures()).hasSize(1);
        }
    }

    @Test
    void aRequestTransformerThatFailsOnACollectedBodyIsItsAnswer() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                var proxy = proxy(
                        upstream,
                        route -> route.requestBuffering(Buffering.on(1000, MIB).directory(directory))
                                .transformRequest(SizeLimit.of(100_000)));
                var client = proxy.client()) {
            client.send(UPLOAD + chunk(letters(200_000)) + "0\r\n\r\n");

            assertThat(client.readResponse().status()).isEqualTo(413);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.BODY_TOO_LARGE);
            assertThat(proxy.failures()).isEmpty();
        }
    }

    @Test
    void aTransformerThatFailsBeforeTheBufferHasAnythingIsA502() {
        try (var upstream = ScriptedUpstream.answering(
                        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 4\r\nX: y\r\n\r\nbody");
                var proxy = proxy(upstream, route -> buffered(route.transformResponse((rq, rs) -> failingAfter(0))));
                var client = proxy.client()) {
            for (int i = 0; i < 2; i++) {
                RawResponse response = client.send(GET).readResponse();

                assertThat(response.status()).isEqualTo(502);
                assertThat(response.field("X")).isEmpty();
                assertThat(response.field("Content-Encoding")).isEmpty();
                assertThat(proxy.awaitError(i + 1)).isEqualTo(ProxyError.TRANSFORM_FAILED);
            }
            assertThat(proxy.failures()).isEmpty();
        }
    }

    /** The client gets what had been buffered before, and no end. The upstream is let go at once. */
    @Test
    void oneThatFailsLaterBreaksTheResponseOffBehindTheBuffer() {
        String body = letters(8 * MIB);
        CountDownLatch hold = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + 2L * body.length() + "\r\n\r\n");
                    connection.send(body);
                    connection.awaitEnd();
                    hold.countDown();
                });
                var proxy = proxy(
                        upstream, route -> buffered(route.transformResponse((rq, rs) -> failingAfter(8 * MIB - 1))));
                var slow = proxy.client(SMALL_WINDOW)) {
            RawResponse head = slow.send(GET).readHead();
            assertThat(head.status()).isEqualTo(200);

            String all = slow.readAll();

            assertThat(all).doesNotEndWith("0\r\n\r\n");
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.TRANSFORM_FAILED);
            upstream.awaitClosed(1);
            assertThat(proxy.slotsTaken()).isZero();
        }
    }

    @Test
    void aClientThatLeavesLetsGoOfAll() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(
                            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: " + 64L * MIB + "\r\n\r\n");
                    connection.send(letters(8 * MIB));
                    connection.hang();
                });
                var proxy = proxy(
                        upstream,
                        route -> buffered(route.transformResponse((rq, rs) -> failingAfter(64 * MIB))
                                .compress(Compression.gzip(1))));
                var slow = proxy.client(SMALL_WINDOW)) {
            slow.send(GET.replace("\r\n\r\n", "\r\nAccept-Encoding: gzip\r\n\r\n"))
                    .readHead();
            Await.until(
                    "the file is used",
                    () -> BufferedResponsesTest.openFiles(directory).size() == 1);

            slow.close();

            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CLIENT_GONE);
            upstream.awaitClosed(1);
        }
    }

    // ---- helpers ----

    private Route.Draft everything(Route.Draft route) {
        return buffered(route.requestBuffering(Buffering.on(10_000, 64 * MIB).directory(directory))
                .transformRequest(request -> upperCase())
                .transformResponse(TextReplacement.of("A", "aa").types("text/*"))
                .compress(Compression.gzip(1)));
    }

    private Route.Draft buffered(Route.Draft route) {
        return route.buffering(Buffering.on(10_000, 64 * MIB).directory(directory));
    }

    private static WiredProxy proxy(ScriptedUpstream upstream, UnaryOperator<Route.Draft> route) {
        return WiredProxy.routing(
                pool -> pool.upstream(upstream.uri()),
                (config, pool) -> config.route(route.apply(Route.any()).to(pool)));
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

    /** What hardly gets smaller in gzip. */
    private static String letters(int length) {
        Random random = new Random(4);
        StringBuilder letters = new StringBuilder(length);
        for (int i = 0; i < length; i++) {
            letters.append((char) ('a' + random.nextInt(26)));
        }
        return letters.toString();
    }

    private static String replaced(String body) {
        return body.toUpperCase(Locale.ROOT).replace("A", "aa");
    }

    private static String chunk(String data) {
        return Integer.toHexString(data.length()) + "\r\n" + data + "\r\n";
    }

    private static String unpacked(byte[] packed) throws IOException {
        return new String(new GZIPInputStream(new ByteArrayInputStream(packed)).readAllBytes(), ISO_8859_1);
    }
}
