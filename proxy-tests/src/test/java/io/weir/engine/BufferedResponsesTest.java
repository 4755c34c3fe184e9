package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.body.Buffering;
import io.weir.http.ProxyError;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Stream;
import io.weir.testkit.H2Upstream;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Responses that are buffered: the upstream is done with as fast as it can, the client gets the same bytes in its own time,
 * and nothing is left behind however it ends.
 */
class BufferedResponsesTest {
    private static final int MIB = 1024 * 1024;

    /** Above what the kernel holds between two processes that are on the same machine. */
    private static final int LARGE = 24 * MIB;

    private static final int PART = 16 * 1024;
    private static final int SMALL_WINDOW = 16 * 1024;

    @TempDir
    Path directory;

    // ---- what it is for ----

    @Test
    void theUpstreamsConnectionIsFreeWhileTheClientIsStillReading() {
        String body = noise(LARGE);
        try (var upstream = sized(body);
                var proxy = buffering(upstream, Buffering.on(MIB, 64 * MIB).directory(directory));
                var slow = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
            slow.send(GET).readHead();

            Await.until("the attempt ends", () -> proxy.slotsTaken() == 0);
            String second = proxy.exchange(GET).body();

            assertThat(slow.bytesRead()).isLessThan(LARGE / 2);
            assertThat(upstream.requests()).hasSize(2);
            assertThat(upstream.connectionCount()).isEqualTo(1);
            assertThat(second).isEqualTo(body);
            assertThat(slow.readBytes(LARGE)).isEqualTo(body);
        }
    }

    @Test
    void anHttp2ClientThatStopsReadingHoldsNoUpstream() {
        try (var upstream = large("");
                var proxy = buffering(upstream, Buffering.on(MIB, 64 * MIB).directory(directory));
                var client = H2Client.connect(proxy.port(), MIB)) {
            H2Stream stream = client.openStream("POST", "/", List.of()).sendLast("");
            stream.awaitHead();

            Await.until("the attempt ends", () -> proxy.slotsTaken() == 0);

            assertThat(stream.discardAll()).isEqualTo(LARGE);
        }
    }

    @Test
    void anHttp2UpstreamIsFreeToo() {
        String body = noise(LARGE);
        try (var upstream = H2Upstream.of(request -> request.answer(200, false).send(body, true));
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()).http2(),
                        config -> config.buffering(Buffering.on(MIB, 64 * MIB).directory(directory)));
                var slow = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
            slow.send(GET).readHead();

            Await.until("the attempt ends", () -> proxy.slotsTaken() == 0);

            assertThat(slow.discard(LARGE)).isEqualTo(LARGE);
        }
    }

    // ---- limits ----

    @ParameterizedTest
    @CsvSource({"0, 8", "8, 0", "4, 4", "1, 8"})
    void beyondMemoryAndFileTheUpstreamIsHeldBack(int memoryMib, int fileMib) {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + 200L * MIB + "\r\n\r\n");
                    connection.sendFiller(200L * MIB);
                });
                var proxy = buffering(
                        upstream,
                        Buffering.on((long) memoryMib * MIB, (long) fileMib * MIB)
                                .directory(directory));
                var client = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
            client.send(GET).readHead();

            BackPressureTest.awaitStandstill(upstream.bytesSent()::get);
            long lag = upstream.bytesSent().get();

            assertThat(lag).isGreaterThan((long) (memoryMib + fileMib) * MIB - MIB / 2);
            assertThat(lag).isLessThan((long) (memoryMib + fileMib) * MIB + BackPressureTest.BOUND);
            assertThat(client.discard(200L * MIB)).isEqualTo(200L * MIB);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0,     100000,  16384", // all through a small circle of a file
        "1,     1,       16384",
        "70000, 0,       16384",
        "70000, 200000,  1000",
        "1000000, 300000, 65536"
    })
    void theBytesComeInOrderWhateverTheClientsPace(long memory, long file, int step) {
        String body = noise(3 * MIB);
        try (var upstream = sized(body);
                var proxy = buffering(upstream, Buffering.on(memory, file).directory(directory));
                var client = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
            client.send(GET).readHead();

            StringBuilder got = new StringBuilder();
            for (int i = 1; got.length() < body.length(); i++) {
                got.append(client.readBytes(Math.min(body.length() - got.length(), step * (i % 5 + 1))));
                if (i % 7 == 0 && i < 30) {
                    BackPressureTest.awaitStandstill(upstream.bytesSent()::get); // all buffers are full
                }
            }

            assertThat(got.toString()).isEqualTo(body);
        }
    }

    // ---- who decides ----

    @ParameterizedTest
    @CsvSource({"on, yes, true", "on, no, false", "ifAsked, yes, true", "ifAsked, no, false", "off, yes, false"})
    void theUpstreamDecidesWhereItMayAndTheClientDoesNotSeeIt(String given, String asked, boolean buffered) {
        Buffering buffering = switch (given) {
            case "on" -> Buffering.on(MIB, 64 * MIB);
            case "ifAsked" -> Buffering.ifAsked(MIB, 64 * MIB);
            default -> Buffering.off();
        };
        try (var upstream = large("X-Accel-Buffering: " + asked + "\r\n");
                var proxy = buffering(upstream, buffering.directory(directory));
                var client = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
            RawResponse head = client.send(GET).readHead();

            if (buffered) {
                Await.until("the attempt ends", () -> proxy.slotsTaken() == 0);
            } else {
                BackPressureTest.awaitStandstill(upstream.bytesSent()::get);
                assertThat(proxy.slotsTaken()).isEqualTo(1);
            }

            assertThat(head.field("X-Accel-Buffering")).isEmpty();
            assertThat(client.discard(LARGE)).isEqualTo(LARGE);
        }
    }

    @Test
    void anEventStreamIsNotBufferedThoughItIsOn() {
        try (var upstream = large("Content-Type: text/event-stream\r\nX-Accel-Buffering: yes\r\n");
                var proxy = buffering(upstream, Buffering.on(MIB, 64 * MIB).directory(directory));
                var client = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
            client.send(GET).readHead();

            BackPressureTest.awaitStandstill(upstream.bytesSent()::get);

            assertThat(upstream.bytesSent().get()).isLessThan(LARGE);
            assertThat(proxy.slotsTaken()).isEqualTo(1);
            assertThat(client.discard(LARGE)).isEqualTo(LARGE);
        }
    }

    // ---- what stays as it was ----

    @Test
    void aTokenReachesTheClientBeforeTheNextIsMade() {
        CountDownLatch seen = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\n"
                            + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n");
                    Await.on("the client has the first", seen);
                    connection.send("2\r\n[]\r\n0\r\n\r\n");
                });
                var proxy = buffering(upstream, Buffering.on(MIB, MIB).directory(directory));
                var client = proxy.client()) {
            client.send(GET).readHead();

            assertThat(client.readBytes(5)).isEqualTo("2\r\n{}");
            seen.countDown();
            assertThat(client.readBytes(14)).isEqualTo("\r\n2\r\n[]\r\n0\r\n\r\n");
        }
    }

    @Test
    void headsWithoutABodyStayAsTheyAre() {
        for (String answer :
                List.of("HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n")) {
            try (var upstream = ScriptedUpstream.answering(answer);
                    var proxy = buffering(upstream, Buffering.on(10, 10).directory(directory));
                    var client = proxy.client()) {
                RawResponse first = client.send(GET).readResponse();
                RawResponse second = client.send(GET).readResponse();

                assertThat(first).isEqualTo(second);
                assertThat(answer).contains(String.valueOf(first.status()));
            }
        }
    }

    @Test
    void aHeadRequestGetsTheHeadAlone() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nbody...");
                var proxy = buffering(upstream, Buffering.on(10, 10).directory(directory))) {
            RawResponse head = proxy.exchange("HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n");

            assertThat(head.field("Content-Length")).hasValue("7");
        }
    }

    @Test
    void anEmptyBodyIsOne() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                var proxy = buffering(upstream, Buffering.on(10, 10).directory(directory))) {
            assertThat(proxy.exchange(GET).body()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({"100, 0", "3000000, 0", "3000000, 4000000"})
    void trailersAreKept(int size, long file) {
        String body = noise(size);
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\n"
                        + "Transfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(size) + "\r\n" + body
                        + "\r\n0\r\nX-Sum: 42\r\n\r\n");
                var proxy = buffering(upstream, Buffering.on(100_000, file).directory(directory));
                var client = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
            RawResponse response = client.send(GET).readResponse();

            assertThat(response.body()).isEqualTo(body);
            assertThat(response.trailers()).containsExactly(new Field("X-Sum", "42"));
        }
    }

    // ---- the file ----

    @Test
    void noFileIsSeenWhileOneIsUsed() {
        try (var upstream = large("");
                var proxy = buffering(upstream, Buffering.on(0, 64 * MIB).directory(directory));
                var client = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
            client.send(GET).readHead();

            Await.until("the attempt ends", () -> proxy.slotsTaken() == 0);

            assertThat(openFiles(directory)).hasSize(1);
            assertThat(listed(directory)).isEmpty();
            assertThat(client.discard(LARGE)).isEqualTo(LARGE);
            Await.until("the file is closed", () -> openFiles(directory).isEmpty());
        }
    }

    @Test
    void aDirectoryThatIsNotThereLetsTheBodyGoOnUnbuffered() {
        Path missing = directory.resolve("missing");
        String body = noise(LARGE);
        try (LogCapture log = LogCapture.of("io.weir.buffering");
                var upstream = sized(body);
                var proxy = buffering(upstream, Buffering.on(100_000, 64 * MIB).directory(missing));
                var client = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
            client.send(GET).readHead();

            BackPressureTest.awaitStandstill(upstream.bytesSent()::get);

            assertThat(proxy.slotsTaken()).isEqualTo(1);
            assertThat(client.readBytes(LARGE)).isEqualTo(body);
            assertThat(log.lines(missing.toString())).singleElement().satisfies(line -> {
                assertThat(line.level()).hasToString("WARN");
                assertThat(line.message()).contains("GET /").contains("goes on unbuffered");
            });
            assertThat(proxy.awaitError(1)).isNull();
        }
    }

    @Test
    void manyBodiesWithoutAFileAreNotManyLines() {
        Path missing = directory.resolve("missing");
        long started = System.nanoTime();
        try (LogCapture log = LogCapture.of("io.weir.buffering");
                var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()),
                        config -> config.requestBuffering(Buffering.on(0, MIB).directory(missing)));
                var client = proxy.client()) {
            for (int i = 0; i < 50; i++) {
                client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 40000\r\n\r\n" + noise(40_000));
                assertThat(client.readResponse().body()).isEqualTo("ok");
            }
            long seconds = Duration.ofNanos(System.nanoTime() - started).toSeconds();
            assertThat(log.lines(missing.toString())).hasSizeBetween(1, (int) Math.min(49, seconds + 1));
        }
    }

    // ---- ends that are none ----

    @Test
    void aClientThatLeavesFreesTheUpstreamAndTheFile() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + 200L * MIB + "\r\n\r\n");
                    connection.sendFiller(20L * MIB);
                    connection.hang();
                });
                var proxy = buffering(upstream, Buffering.on(MIB, 64 * MIB).directory(directory))) {
            try (RawClient client = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
                client.send(GET).readHead();
                Await.until(
                        "the upstream has sent its part",
                        () -> upstream.bytesSent().get() >= 20L * MIB);
                Await.until("a file is used", () -> !openFiles(directory).isEmpty());
                client.reset();
            }

            upstream.awaitClosed(1);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CLIENT_GONE);
            Await.until("the file is closed", () -> openFiles(directory).isEmpty());
        }
    }

    @Test
    void aClientThatLeavesLongAfterTheUpstreamFreesTheFile() {
        try (var upstream = large("");
                var proxy = buffering(upstream, Buffering.on(MIB, 64 * MIB).directory(directory))) {
            try (RawClient client = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
                client.send(GET).readHead();
                Await.until("the attempt ends", () -> proxy.slotsTaken() == 0);
                client.reset();
            }

            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CLIENT_GONE);
            Await.until("the file is closed", () -> openFiles(directory).isEmpty());
        }
    }

    @ParameterizedTest
    @CsvSource({"Content-Length: 50000000, 1000", "Transfer-Encoding: chunked, 0"})
    void anUpstreamThatDiesIsBlamedAtOnceAndItsClientGetsWhatHadComeAndNoEnd(String framing, int memory) {
        int sent = 20 * MIB;
        String chunk = framing.startsWith("T") ? Integer.toHexString(sent) + "\r\n" : "";
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\n" + framing + "\r\n\r\n" + chunk);
                    connection.sendFiller(sent);
                    connection.close();
                });
                var proxy = buffering(upstream, Buffering.on(memory, 64 * MIB).directory(directory));
                var client = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
            client.send(GET).readHead();

            proxy.awaitFailure();
            Await.until("the slot comes back", () -> proxy.slotsTaken() == 0);
            String rest = client.readAllThatComes();

            assertThat(rest.chars().filter(c -> c == 'x').count()).isEqualTo(sent);
            assertThat(rest).doesNotEndWith("0\r\n\r\n");
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_INCOMPLETE);
            Await.until("the file is closed", () -> openFiles(directory).isEmpty());
        }
    }

    @Test
    void anHttp2ClientSeesAResetWhereTheUpstreamDied() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart");
                    connection.reset();
                });
                var proxy = buffering(upstream, Buffering.on(MIB, MIB).directory(directory));
                var client = H2Client.connect(proxy.port())) {
            H2Stream stream = client.openStream("POST", "/", List.of()).sendLast("");

            assertThat(stream.awaitReset()).isPositive();
        }
    }

    @Test
    void aStopInTheMidstLeavesNothing() {
        try (var upstream = large("");
                var proxy = buffering(upstream, Buffering.on(MIB, 64 * MIB).directory(directory));
                var client = RawClient.connect(proxy.port(), SMALL_WINDOW)) {
            client.send(GET).readHead();
            Await.until("the attempt ends", () -> proxy.slotsTaken() == 0);

            proxy.stop(Duration.ZERO);

            Await.until("the file is closed", () -> openFiles(directory).isEmpty());
        }
    }

    // ---- helpers ----

    private static WiredProxy buffering(ScriptedUpstream upstream, Buffering buffering) {
        return WiredProxy.routing(
                pool -> pool.upstream(upstream.uri()),
                (config, pool) -> config.route(Route.any().buffering(buffering).to(pool)));
    }

    private static ScriptedUpstream sized(String body) {
        byte[] bytes = body.getBytes(ISO_8859_1);
        return ScriptedUpstream.of(connection -> {
            while (true) {
                connection.readRequest();
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + bytes.length + "\r\n\r\n");
                for (int at = 0; at < bytes.length; at += PART) {
                    connection.send(Arrays.copyOfRange(bytes, at, Math.min(bytes.length, at + PART)));
                }
            }
        });
    }

    private static ScriptedUpstream large(String fields) {
        return ScriptedUpstream.of(connection -> {
            while (true) {
                connection.readRequest();
                connection.send("HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + LARGE + "\r\n\r\n");
                connection.sendFiller(LARGE);
            }
        });
    }

    private static String noise(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return new String(bytes, ISO_8859_1);
    }

    static List<Path> listed(Path directory) {
        try (Stream<Path> files = Files.list(directory)) {
            return files.toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What this process has open in the directory, names or not. */
    static List<String> openFiles(Path directory) {
        return openFiles(Path.of("/proc/self/fd"), directory);
    }

    static List<String> openFiles(Path descriptorsOf, Path directory) {
        try (Stream<Path> descriptors = Files.list(descriptorsOf)) {
            return descriptors
                    .map(BufferedResponsesTest::target)
                    .filter(target -> target.startsWith(directory + "/"))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String target(Path descriptor) {
        try {
            return Files.readSymbolicLink(descriptor).toString();
        } catch (IOException e) {
            return ""; // it has been closed meanwhile
        }
    }
}
