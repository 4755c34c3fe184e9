package io.weir.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.body.Buffering;
import io.weir.http.ProxyError;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Response;
import io.weir.testkit.H2Stream;
import io.weir.testkit.H2Upstream;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawRequest;
import io.weir.testkit.RefusingPort;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.RetryPolicy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests whose body is read whole before any upstream hears of them. */
class BufferedRequestsTest {
    private static final int MIB = 1024 * 1024;
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    @TempDir
    Path directory;

    // ---- what it is for ----

    @Test
    void theUpstreamHearsOfAChunkedUploadWhenItIsWholeAndHowLongItIs() {
        String body = noise(300_000);
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = buffering(upstream, Buffering.on(100_000, MIB));
                var client = proxy.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.send(chunk(body.substring(0, 200_000)));
            Await.until(
                    "what came is kept",
                    () -> BufferedResponsesTest.openFiles(directory).size() == 1);
            int connections = upstream.connectionCount();
            int slots = proxy.slotsTaken();
            client.send(chunk(body.substring(200_000)) + "0\r\n\r\n");

            assertThat(client.readResponse().body()).isEqualTo("ok");
            assertThat(connections).isZero();
            assertThat(slots).isZero();
            RawRequest request = upstream.awaitRequest();
            assertThat(request.fields("Content-Length")).containsExactly("300000");
            assertThat(request.fields("Transfer-Encoding")).isEmpty();
            assertThat(request.body()).isEqualTo(body);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "0, 100, 0",
        "1, 100, 0",
        "100, 100, 0",
        "100000, 100000, 0",
        "100000, 50000, 50000",
        "100000, 1, 100000",
        "100000, 0, 100000",
        "2500000, 40000, 3000000"
    })
    void aBodyOfAnySizeArrivesByteForByte(int size, long memory, long file) {
        String body = noise(size);
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = buffering(upstream, Buffering.on(memory, file));
                var client = proxy.client()) {
            client.send(sized("POST", body));
            assertThat(client.readResponse().body()).isEqualTo("ok");
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                    + (size == 0 ? "" : chunk(body)) + "0\r\n\r\n");
            assertThat(client.readResponse().body()).isEqualTo("ok");

            assertThat(upstream.requests()).extracting(RawRequest::body).containsExactly(body, body);
            assertThat(upstream.requests())
                    .allSatisfy(request ->
                            assertThat(request.fields("Content-Length")).containsExactly(String.valueOf(size)));
            Await.until(
                    "the files are closed",
                    () -> BufferedResponsesTest.openFiles(directory).isEmpty());
        }
    }

    @Test
    void trailersAreKeptAndSoIsTheirFraming() {
        String body = noise(200_000);
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = buffering(upstream, Buffering.on(10_000, MIB));
                var client = proxy.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(body)
                    + "0\r\nX-Sum: 42\r\n\r\n");

            assertThat(client.readResponse().body()).isEqualTo("ok");
            RawRequest request = upstream.awaitRequest();
            assertThat(request.body()).isEqualTo(body);
            assertThat(request.trailers()).containsExactly(new Field("X-Sum", "42"));
        }
    }

    @Test
    void aRequestWithoutABodyIsNotHeldUp() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = buffering(upstream, Buffering.on(10, 10))) {
            assertThat(proxy.exchange(WiredProxy.GET).body()).isEqualTo("ok");
            assertThat(upstream.awaitRequest().fields("Content-Length")).isEmpty();
        }
    }

    @Test
    void aClientThatWaitsIsToldToContinueByWeirAndTheUpstreamIsNotAsked() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 100 Continue\r\n\r\n" + OK); // unasked for
                });
                var proxy = buffering(upstream, Buffering.on(100, 100));
                var client = proxy.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n");

            assertThat(client.readInterim().status()).isEqualTo(100);
            assertThat(upstream.connectionCount()).isZero();
            client.send("body");
            assertThat(client.readResponse().status()).isEqualTo(200);
            assertThat(upstream.awaitRequest().fields("Expect")).isEmpty();
        }
    }

    // ---- HTTP/2 ----

    @Test
    void anHttp2ClientsBodyIsCollectedToo() {
        String body = noise(300_000);
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = buffering(upstream, Buffering.on(10_000, MIB));
                var client = H2Client.connect(proxy.port())) {
            H2Stream stream = client.openStream("POST", "/", List.of(new Field("Host", "a.test")));
            stream.send(body.substring(0, 200_000));
            Await.until(
                    "what came is kept",
                    () -> BufferedResponsesTest.openFiles(directory).size() == 1);
            int connections = upstream.connectionCount();
            H2Response response = stream.sendLast(body.substring(200_000)).awaitResponse();

            assertThat(response.body()).isEqualTo("ok");
            assertThat(connections).isZero();
            RawRequest request = upstream.awaitRequest();
            assertThat(request.fields("Content-Length")).containsExactly("300000");
            assertThat(request.body()).isEqualTo(body);
        }
    }

    @Test
    void anHttp2UpstreamLearnsTheLength() {
        String body = noise(300_000);
        List<String> seen = new CopyOnWriteArrayList<>();
        try (var upstream = H2Upstream.of(request -> {
                    seen.add(request.fields().get("content-length"));
                    seen.add(request.takeBody().awaitBody());
                    request.answer(200, true);
                });
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()).http2(),
                        config -> config.requestBuffering(
                                Buffering.on(10_000, MIB).directory(directory)));
                var client = proxy.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(body)
                    + "0\r\n\r\n");

            assertThat(client.readResponse().status()).isEqualTo(200);
            assertThat(seen).containsExactly("300000", body);
        }
    }

    // ---- limits ----

    @Test
    void aLengthThatDoesNotFitIsRefusedAtOnce() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = buffering(upstream, Buffering.on(100, 1000));
                var client = proxy.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1101\r\n\r\n");

            assertThat(client.readResponse().status()).isEqualTo(413);
            assertThat(upstream.connectionCount()).isZero();
        }
    }

    @Test
    void aBodyThatTurnsOutTooLongIsRefusedThen() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = buffering(upstream, Buffering.on(100, 100_000));
                var client = proxy.client()) {
            client.send(
                    "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(noise(100_100)));
            client.send(chunk("x"));

            assertThat(client.readResponse().status()).isEqualTo(413);
            assertThat(upstream.connectionCount()).isZero();
        }
    }

    @Test
    void anHttp2ClientIsRefusedToo() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = buffering(upstream, Buffering.on(100, 1000));
                var client = H2Client.connect(proxy.port())) {
            H2Response response = client.request("POST", "/", List.of(), noise(1100), "x");

            assertThat(response.status()).isEqualTo(413);
            assertThat(upstream.connectionCount()).isZero();
        }
    }

    @Test
    void aClientThatStopsSendingGets408() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()),
                        config -> config.timeouts(t -> t.clientBody(Duration.ofMillis(300)))
                                .requestBuffering(Buffering.on(100, 1000).directory(directory)));
                var client = proxy.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nabc");

            assertThat(client.readResponse().status()).isEqualTo(408);
            assertThat(upstream.connectionCount()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, 500_000})
    void aClientThatLeavesLeavesNothing(int sent) {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = buffering(upstream, Buffering.on(1000, MIB))) {
            try (RawClient client = proxy.client()) {
                client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 600000\r\n\r\n" + noise(sent));
                if (sent > 1000) {
                    Await.until(
                            "a file is used",
                            () -> !BufferedResponsesTest.openFiles(directory).isEmpty());
                }
                client.reset();
            }

            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CLIENT_GONE);
            assertThat(upstream.connectionCount()).isZero();
            Await.until(
                    "the file is closed",
                    () -> BufferedResponsesTest.openFiles(directory).isEmpty());
        }
    }

    // ---- more than one attempt ----

    @ParameterizedTest
    @CsvSource({"PUT, 0, 0", "PUT, 1000000, 10000000", "PUT, 10000000, 0", "PUT, 0, 10000000"})
    void aLargeBodyIsSentAgainWholeWhenItsUpstreamDies(String method, long memory, long file) {
        Buffering buffering = memory + file == 0 ? Buffering.off() : Buffering.on(memory, file);
        String body = noise(5 * MIB);
        try (var ill = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.reset();
                });
                var well = ScriptedUpstream.answering(OK);
                var proxy = retrying(ill.uri(), well.uri(), RetryPolicy.defaults(), buffering);
                var client = proxy.client()) {
            client.send(sized(method, body));

            if (!buffering.isOn()) {
                assertThat(client.readResponse().status()).isEqualTo(502); // what buffering is good for
                return;
            }
            assertThat(client.readResponse().body()).isEqualTo("ok");
            assertThat(ill.awaitRequest().body()).isEqualTo(body);
            assertThat(well.awaitRequest().body()).isEqualTo(body);
        }
    }

    @Test
    void anUpstreamThatDiesInTheMidstOfItIsReplaced() {
        String body = noise(5 * MIB);
        try (var ill = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    connection.discard(MIB);
                    connection.reset();
                });
                var well = ScriptedUpstream.answering(OK);
                var proxy = retrying(ill.uri(), well.uri(), RetryPolicy.defaults(), Buffering.on(100_000, 8 * MIB));
                var client = proxy.client()) {
            client.send(
                    "PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(body) + "0\r\n\r\n");

            assertThat(client.readResponse().body()).isEqualTo("ok");
            assertThat(well.awaitRequest().body()).isEqualTo(body);
        }
    }

    @Test
    void anAnswerThatIsNotWantedSendsAPostToTheNext() {
        String body = noise(MIB);
        try (var ill = ScriptedUpstream.answering("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
                var well = ScriptedUpstream.answering(OK);
                var proxy = retrying(
                        ill.uri(),
                        well.uri(),
                        RetryPolicy.defaults().withStatuses(503).withNonIdempotent(),
                        Buffering.on(100_000, 8 * MIB));
                var client = proxy.client()) {
            client.send(sized("POST", body));

            assertThat(client.readResponse().body()).isEqualTo("ok");
            assertThat(well.awaitRequest().body()).isEqualTo(body);
        }
    }

    @Test
    void aRefusedConnectionCostsAPostNothing() {
        String body = noise(MIB);
        try (var ill = RefusingPort.open();
                var well = ScriptedUpstream.answering(OK);
                var proxy = retrying(ill.uri(), well.uri(), RetryPolicy.defaults(), Buffering.on(100_000, 8 * MIB));
                var client = proxy.client()) {
            client.send(sized("POST", body));

            assertThat(client.readResponse().body()).isEqualTo("ok");
            assertThat(well.awaitRequest().body()).isEqualTo(body);
        }
    }

    @Test
    void anAnswerBeforeTheBodyIsReadReachesTheClient() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 403 No\r\nContent-Length: 2\r\n\r\nno");
                    connection.hang();
                });
                var proxy = buffering(upstream, Buffering.on(100_000, 64 * MIB));
                var client = proxy.client()) {
            client.send(sized("POST", noise(16 * MIB)));

            assertThat(client.readResponse().status()).isEqualTo(403);
            Await.until(
                    "the file is closed",
                    () -> BufferedResponsesTest.openFiles(directory).isEmpty());
        }
    }

    // ---- a disk that fails ----

    @Test
    void aDirectoryThatIsNotThereLetsTheBodyGoOnUnbuffered() {
        Path missing = directory.resolve("missing");
        String body = noise(300_000);
        try (LogCapture log = LogCapture.of("io.weir.buffering");
                var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()),
                        config -> config.requestBuffering(
                                Buffering.on(100_000, MIB).directory(missing)));
                var client = proxy.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.send(chunk(body.substring(0, 200_000)));
            upstream.awaitConnections(1);
            client.send(chunk(body.substring(200_000)) + "0\r\n\r\n");

            assertThat(client.readResponse().body()).isEqualTo("ok");
            RawRequest request = upstream.awaitRequest();
            assertThat(request.fields("Transfer-Encoding")).containsExactly("chunked");
            assertThat(request.body()).isEqualTo(body);
            assertThat(log.lines(missing.toString())).hasSize(1);
        }
    }

    @Test
    void whatFitsInMemoryNeedsNoDisk() {
        try (LogCapture log = LogCapture.of("io.weir.buffering");
                var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()),
                        config -> config.requestBuffering(
                                Buffering.on(100_000, MIB).directory(directory.resolve("missing"))))) {
            assertThat(proxy.exchange(sized("POST", noise(100_000))).body()).isEqualTo("ok");
            assertThat(log.lines(directory.toString())).isEmpty();
        }
    }

    @Test
    void noFileIsSeenWhileOneIsUsed() throws Exception {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = buffering(upstream, Buffering.on(0, MIB));
                var client = proxy.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 200000\r\n\r\n" + noise(100_000));
            Await.until(
                    "a file is used",
                    () -> !BufferedResponsesTest.openFiles(directory).isEmpty());

            try (var names = Files.list(directory)) {
                assertThat(names).isEmpty();
            }
            client.send(noise(100_000));
            assertThat(client.readResponse().body()).isEqualTo("ok");
        }
    }

    // ---- helpers ----

    private WiredProxy buffering(ScriptedUpstream upstream, Buffering buffering) {
        return WiredProxy.routing(
                pool -> pool.upstream(upstream.uri()),
                (config, pool) -> config.route(Route.any()
                        .requestBuffering(buffering.directory(directory))
                        .to(pool)));
    }

    private WiredProxy retrying(String first, String second, RetryPolicy retry, Buffering buffering) {
        return WiredProxy.routing(
                pool -> pool.upstream(first).upstream(second).retry(retry),
                (config, pool) -> config.route(Route.any()
                        .requestBuffering(buffering.directory(directory))
                        .to(pool)));
    }

    private static String sized(String method, String body) {
        return method + " / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
    }

    private static String chunk(String bytes) {
        return Integer.toHexString(bytes.length()) + "\r\n" + bytes + "\r\n";
    }

    private static String noise(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return new String(bytes, ISO_8859_1);
    }
}
