package io.weir.engine;

import static io.weir.testkit.H2Frame.CANCEL;
import static io.weir.testkit.H2Frame.CONTINUATION;
import static io.weir.testkit.H2Frame.DATA;
import static io.weir.testkit.H2Frame.ENHANCE_YOUR_CALM;
import static io.weir.testkit.H2Frame.HEADERS;
import static io.weir.testkit.H2Frame.PROTOCOL_ERROR;
import static io.weir.testkit.H2Frame.REFUSED_STREAM;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.http.ProxyError;
import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.jetty.Tls;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Frame;
import io.weir.testkit.Identity;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawH2Client;
import io.weir.testkit.ScriptedUpstream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * What an HTTP/2 client may make the proxy do without a request that is worth it is bounded: then it is told so and its
 * connection closed, while other connections are served.
 */
class Http2FloodsTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final int INITIAL_WINDOW = 4; // a setting

    /**
     * As many frames of the kinds that cost the proxy something are too many within a second. They are sent in one write: what
     * comes after a connection has been closed makes the kernel reset it, and the GOAWAY be lost.
     */
    private static final int TOO_MANY = 130;

    /** CVE-2023-44487: each request is given up as soon as it was sent. */
    @Test
    void requestsThatAreResetAtOnceEndTheConnectionAndFewReachTheUpstream() {
        try (var flooded = new Flooded(OK)) {
            H2Frame[] frames = new H2Frame[2 * TOO_MANY];
            for (int i = 0; i < TOO_MANY; i++) {
                frames[2 * i] = get(1 + 2 * i, "/");
                frames[2 * i + 1] = H2Frame.reset(1 + 2 * i, CANCEL);
            }
            flooded.hostile.send(frames);

            assertThat(flooded.hostile.awaitGoAway()).isEqualTo(ENHANCE_YOUR_CALM);
            flooded.hostile.awaitClosed();
            flooded.othersAreServed();
            assertThat(flooded.requestsOfTheFlood()).isLessThan(TOO_MANY);
            assertThat(flooded.proxy.errors()).isSubsetOf(ProxyError.CLIENT_GONE);
        }
    }

    /** CVE-2025-8671: the server is made to do the resetting, here by a window that opens by nothing. */
    @Test
    void streamsThatMustBeResetByUsEndTheConnection() {
        try (var flooded = new Flooded(OK)) {
            H2Frame[] frames = new H2Frame[TOO_MANY];
            for (int i = 0; i < TOO_MANY / 2; i++) { // each counts twice: as a bad frame, and as a reset
                frames[2 * i] = H2Frame.headers(1 + 2 * i, false, head("POST", "/"));
                frames[2 * i + 1] = H2Frame.windowUpdate(1 + 2 * i, 0);
            }
            flooded.hostile.send(frames);

            assertThat(flooded.hostile.awaitGoAway()).isEqualTo(ENHANCE_YOUR_CALM);
            flooded.othersAreServed();
            assertThat(flooded.requestsOfTheFlood()).isLessThan(TOO_MANY);
        }
    }

    /** What is on its way to a client when a response has left is read later, and its window opened then. */
    @Test
    void windowsMayBeOpenedForStreamsThatHaveEnded() {
        try (var flooded = new Flooded(OK)) {
            flooded.hostile.send(get(1, "/")).awaitEndOf(1);

            flooded.hostile.send(times(10 * TOO_MANY, H2Frame.windowUpdate(1, 1)));

            assertThat(flooded.hostile.send(get(3, "/")).awaitStatus(3)).isEqualTo(200);
        }
    }

    /** What was on its way when an upload was refused is read and forgotten. */
    @Test
    void theRestOfAnUploadThatWasRefusedMayCome() {
        try (var flooded = new Flooded(OK)) {
            flooded.hostile
                    .send(H2Frame.headers(1, false, head("GET", "//%00")))
                    .awaitEndOf(1);

            flooded.hostile.send(times(10 * TOO_MANY, H2Frame.data(1, false, "x")));

            assertThat(flooded.hostile.send(get(3, "/")).awaitStatus(3)).isEqualTo(200);
        }
    }

    /** CVE-2024-27316 and its kin: a header block that never ends. */
    @Test
    void aHeaderBlockWithoutEndIsKeptOnlyUpToTheLimitOfHeads() {
        try (var flooded = new Flooded(OK).leavingAHeaderBlockUnfinished()) {
            flooded.hostile
                    .send(new H2Frame(HEADERS, 0, 1, head("GET", "/")))
                    .flood(10_000, new H2Frame(CONTINUATION, 0, 1, H2Frame.block(new Field("x", "y".repeat(8_000)))));

            flooded.hostile.awaitClosed();
            flooded.othersAreServed();
            assertThat(flooded.requestsOfTheFlood()).isZero();
        }
    }

    @Test
    void continuationsOfNothingEndTheConnection() {
        try (var flooded = new Flooded(OK).leavingAHeaderBlockUnfinished()) {
            flooded.hostile
                    .send(new H2Frame(HEADERS, 0, 1, head("GET", "/")))
                    .send(times(TOO_MANY, new H2Frame(CONTINUATION, 0, 1, new byte[0])));

            assertThat(flooded.hostile.awaitGoAway()).isEqualTo(ENHANCE_YOUR_CALM);
            flooded.othersAreServed();
            assertThat(flooded.requestsOfTheFlood()).isZero();
        }
    }

    /** A block of a few bytes that HPACK's table makes into megabytes. */
    @Test
    void aHeaderBlockThatUnpacksToMoreThanTheLimitIsRefused() {
        try (var flooded = new Flooded(OK)) {
            byte[] once = H2Frame.block(new Field("x", "y".repeat(4_000)));
            byte[] bomb = Arrays.copyOf(once, once.length + 8_000);
            bomb[0] = 0x40; // the field is put into the table
            Arrays.fill(bomb, once.length, bomb.length, (byte) (0x80 | 62)); // and taken from there again and again
            flooded.hostile.send(
                    new H2Frame(HEADERS, 0, 1, head("GET", "/")),
                    new H2Frame(CONTINUATION, H2Frame.END_HEADERS, 1, bomb));

            assertThat(flooded.hostile.awaitGoAway()).isEqualTo(PROTOCOL_ERROR);
            flooded.othersAreServed();
            assertThat(flooded.requestsOfTheFlood()).isZero();
        }
    }

    @Test
    void settingsWithoutEndEndTheConnection() {
        isTooMuch(H2Frame.setting(INITIAL_WINDOW, 65_535));
    }

    @Test
    void pingsWithoutEndEndTheConnection() {
        isTooMuch(H2Frame.ping());
    }

    @Test
    void prioritiesWithoutEndEndTheConnection() {
        isTooMuch(H2Frame.priority(3, 1));
    }

    @Test
    void framesOfUnknownTypesWithoutEndEndTheConnection() {
        isTooMuch(new H2Frame(0xbb, 0, 0, new byte[0]));
    }

    @Test
    void emptyHeadersAsTrailersWithoutEndEndTheConnection() {
        try (var flooded = new Flooded(OK)) {
            flooded.hostile
                    .send(H2Frame.headers(1, false, head("POST", "/")))
                    .send(times(TOO_MANY, new H2Frame(HEADERS, H2Frame.END_HEADERS, 1, new byte[0])));

            assertThat(flooded.hostile.awaitGoAway()).isIn(ENHANCE_YOUR_CALM, PROTOCOL_ERROR);
            flooded.othersAreServed();
        }
    }

    @Test
    void emptyDataWithoutEndEndsTheConnection() {
        try (var flooded = new Flooded(OK)) {
            flooded.hostile
                    .send(H2Frame.headers(1, false, head("POST", "/")))
                    .send(times(TOO_MANY, new H2Frame(DATA, 0, 1, new byte[0])));

            assertThat(flooded.hostile.awaitGoAway()).isEqualTo(ENHANCE_YOUR_CALM);
            flooded.hostile.awaitClosed();
            flooded.othersAreServed();
        }
    }

    /** The pieces that come together with the end wake those who wait for them; what follows is a race, hence so often. */
    @Test
    void aConnectionThatWeEndInTheMiddleOfUploadsEndsItsExchanges() {
        try (var upstream = ScriptedUpstream.of(connection -> connection.readRequest());
                var proxy = WiredProxy.to(upstream.uri())) {
            for (int i = 0; i < 150; i++) {
                try (var hostile = RawH2Client.connect(proxy.port())) {
                    hostile.send(
                            H2Frame.headers(1, false, head("POST", "/")), H2Frame.headers(3, false, head("POST", "/")));
                    Await.until("both are on their way", () -> proxy.slotsTaken() == 2);
                    hostile.send(
                            H2Frame.data(1, false, "piece"),
                            H2Frame.data(3, false, "piece"),
                            H2Frame.windowUpdate(0, 0)); // not allowed
                    hostile.awaitClosed();
                }
                Await.until("both end", () -> proxy.slotsTaken() == 0);
            }

            assertThat(proxy.errors()).isSubsetOf(ProxyError.CLIENT_GONE);
        }
    }

    @Test
    void aStreamAboveTheLimitIsRefusedAndTheUpstreamDoesNotHearOfIt() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.hang();
                });
                var proxy = WiredProxy.to(upstream.uri());
                var hostile = RawH2Client.connect(proxy.port())) {
            for (int i = 0; i < 130; i++) {
                hostile.send(get(1 + 2 * i, "/"));
            }

            assertThat(hostile.awaitReset(1 + 2 * 128)).isEqualTo(REFUSED_STREAM);
            assertThat(hostile.awaitReset(1 + 2 * 129)).isEqualTo(REFUSED_STREAM);
            upstream.awaitConnections(128);
            assertThat(proxy.slotsTaken()).isEqualTo(128);
            hostile.close();
            Await.until("all are given up", () -> proxy.slotsTaken() == 0);
            assertThat(upstream.connectionCount()).isEqualTo(128);
        }
    }

    /** A client that wants much and takes nothing: the upstreams are held back, and given up when {@code clientSend} is over. */
    @Test
    void streamsWithoutWindowHoldWhatIsBoundedAndEndWithTheClockOfTheClient() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    if (connection.readRequest().target().equals("/large")) {
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: 50000000\r\n\r\n");
                        connection.sendFiller(50_000_000);
                    }
                    connection.send(OK);
                });
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()),
                        config -> config.timeouts(t -> t.clientSend(Duration.ofSeconds(1))));
                var hostile = RawH2Client.connect(proxy.port(), H2Frame.setting(INITIAL_WINDOW, 0));
                var other = H2Client.connect(proxy.port())) {
            for (int i = 0; i < 20; i++) {
                hostile.send(get(1 + 2 * i, "/large"));
            }
            hostile.awaitStatus(39);
            assertThat(other.request("GET", "/", List.of()).status()).isEqualTo(200);

            assertThat(hostile.awaitReset(1)).isEqualTo(CANCEL);
            assertThat(hostile.awaitReset(39)).isEqualTo(CANCEL);
            Await.until("all are given up", () -> proxy.slotsTaken() == 0);
            assertThat(hostile.count(DATA)).isZero();
        }
    }

    /** Windows of one byte: each answer in tiny frames, as long as the client keeps its clock. */
    @Test
    void aStreamWhoseWindowOpensByteByByteIsServedAndHindersNobody() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(upstream.uri());
                var hostile = RawH2Client.connect(proxy.port(), H2Frame.setting(INITIAL_WINDOW, 0));
                var other = H2Client.connect(proxy.port())) {
            hostile.send(get(1, "/")).awaitStatus(1);
            hostile.send(H2Frame.windowUpdate(1, 1));
            Await.until("the first byte", () -> hostile.count(DATA) == 1);
            assertThat(other.request("GET", "/", List.of()).status()).isEqualTo(200);
            hostile.send(H2Frame.windowUpdate(1, 1)).awaitEndOf(1);

            assertThat(hostile.received())
                    .filteredOn(frame -> frame.type() == DATA)
                    .extracting(frame -> new String(frame.payload(), ISO_8859_1))
                    .containsSubsequence("o", "k");
        }
    }

    // ---- connections without a request ----

    @Test
    void pingsDoNotKeepAConnectionThatHasNoStream() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = keepingAlive(upstream, Duration.ofMillis(300));
                var client = RawH2Client.connect(proxy.port())) {
            assertThat(client.send(get(1, "/")).awaitStatus(1)).isEqualTo(200);

            int[] polls = {0};
            Await.until("the proxy says goodbye in spite of PINGs", () -> {
                if (polls[0]++ % 20 == 0) { // a few only: this is no flood
                    client.send(new H2Frame(H2Frame.PING, 0, 0, new byte[8]));
                }
                return client.first(H2Frame.GOAWAY, 0).isPresent();
            });

            assertThat(client.awaitGoAway()).isZero();
            client.awaitClosed();
        }
    }

    @Test
    void aPrefaceThatTricklesIsNotWaitedForForEver() {
        Identity identity = Identity.of("dns:a.test");
        byte[] preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(ISO_8859_1);
        ProxyConfig config = ProxyConfig.builder()
                .timeouts(t -> t.keepAlive(Duration.ofMillis(300)))
                .route(Route.any().answer(Reply.status(200)))
                .build();
        try (JettyProxyServer proxy = JettyProxyServer.builder(config)
                        .listenTls("127.0.0.1", 0, Tls.pem(identity.certificate(), identity.key()))
                        .start();
                RawClient client = RawClient.connectTls(proxy.port(), Identity.trustingAll(), "a.test", "h2")) {
            int[] polls = {0};
            Await.until("the proxy closes", () -> {
                int at = polls[0] / 100;
                try {
                    if (polls[0]++ % 100 == 0) {
                        client.send(new byte[] {preface[at]});
                    }
                    return false;
                } catch (UncheckedIOException e) {
                    return true;
                }
            });
        }
    }

    @Test
    void aStreamThatLastsKeepsItsConnection() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.hang();
                });
                var proxy = keepingAlive(upstream, Duration.ofMillis(50));
                var client = RawH2Client.connect(proxy.port())) {

            assertThat(client.send(get(1, "/")).awaitStatus(1)).isEqualTo(504); // after several times keepAlive

            assertThat(client.first(H2Frame.GOAWAY, 0)).isEmpty();
        }
    }

    private static WiredProxy keepingAlive(ScriptedUpstream upstream, Duration keepAlive) {
        return WiredProxy.to(
                pool -> pool.upstream(upstream.uri()),
                config -> config.timeouts(t -> t.keepAlive(keepAlive).read(Duration.ofMillis(500))));
    }

    private static void isTooMuch(H2Frame frame) {
        try (var flooded = new Flooded(OK)) {
            flooded.hostile.send(times(50, frame));
            flooded.othersAreServed();
            flooded.hostile.send(times(TOO_MANY, frame));

            assertThat(flooded.hostile.awaitGoAway()).isEqualTo(ENHANCE_YOUR_CALM);
            flooded.hostile.awaitClosed();
            flooded.othersAreServed();
            assertThat(flooded.requestsOfTheFlood()).isZero();
        }
    }

    private static H2Frame[] times(int times, H2Frame frame) {
        H2Frame[] frames = new H2Frame[times];
        Arrays.fill(frames, frame);
        return frames;
    }

    private static H2Frame get(int stream, String path) {
        return H2Frame.headers(stream, true, head("GET", path));
    }

    private static byte[] head(String method, String path) {
        return H2Frame.block(
                new Field(":method", method),
                new Field(":scheme", "http"),
                new Field(":path", path),
                new Field(":authority", "a.test"));
    }

    /** A proxy with a hostile client and a good one, whose connection is open all the time. */
    private static final class Flooded implements AutoCloseable {
        private final ScriptedUpstream upstream;
        private final WiredProxy proxy;
        private final H2Client other;
        private final RawH2Client hostile;

        Flooded(String answer) {
            upstream = ScriptedUpstream.answering(answer);
            proxy = WiredProxy.to(upstream.uri());
            other = H2Client.connect(proxy.port());
            hostile = RawH2Client.connect(proxy.port());
            othersAreServed();
        }

        /** Jetty forgets the one buffer of a header block that never ended; it is garbage then. */
        Flooded leavingAHeaderBlockUnfinished() {
            proxy.forgiveUnreleasedBuffers();
            return this;
        }

        void othersAreServed() {
            assertThat(other.request("GET", "/other", List.of()).status()).isEqualTo(200);
        }

        long requestsOfTheFlood() {
            return upstream.requests().stream()
                    .filter(request -> !request.target().equals("/other"))
                    .count();
        }

        @Override
        public void close() {
            try (upstream;
                    proxy;
                    other;
                    hostile) {
                Await.until("every exchange ends", () -> proxy.slotsTaken() == 0);
            }
        }
    }
}
