package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static java.time.Duration.ofMillis;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.H2Client;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Comments go into an event stream while its upstream is silent, between events and nowhere else. */
class EventCommentsTest {

    private static final String HEAD = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream; charset=utf-8\r\n";
    private static final String COMMENT = "3\r\n:\n\n\r\n";

    @Test
    void aStreamThatHasNotBegunHasComments() {
        CountDownLatch seen = new CountDownLatch(1);
        try (var upstream = events(seen, "", "data: 1\n\n");
                var proxy = commenting(upstream, ofMillis(100));
                var client = proxy.client()) {
            client.send(GET).readHead();

            assertThat(client.readBytes(16)).isEqualTo(COMMENT + COMMENT);
            seen.countDown();
            String rest = rest(client);

            assertThat(rest).endsWith("9\r\ndata: 1\n\n\r\n0\r\n\r\n");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"data: 1\n\n", "data: 1\r\n\r\n", "data: 1\r\r"})
    void betweenTwoEventsAreComments(String event) {
        CountDownLatch seen = new CountDownLatch(1);
        try (var upstream = events(seen, event, "data: 2\n\n");
                var proxy = commenting(upstream, ofMillis(100));
                var client = proxy.client()) {
            client.send(GET).readHead();
            String first = Integer.toHexString(event.length()).toUpperCase(Locale.ROOT) + "\r\n" + event + "\r\n";

            String start = client.readBytes(first.length() + COMMENT.length());
            seen.countDown();

            assertThat(start).isEqualTo(first + COMMENT);
            assertThat(rest(client)).endsWith("9\r\ndata: 2\n\n\r\n0\r\n\r\n");
            assertThat(proxy.awaitEnded(1).outcome().bodyBytes()).isGreaterThanOrEqualTo(event.length() + 9 + 3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"data: 1", "data: 1\n", "data: 1\r\n", "data: 1\n\r", "data: 1\r\n\r", "data: 1\n\ndata"})
    void inTheMidstOfAnEventIsNone(String part) {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(HEAD + "\r\n" + part);
                    pass(ofMillis(400));
                    connection.send("\n\n");
                    connection.close();
                });
                var proxy = commenting(upstream, ofMillis(100))) {

            // The head may be alone for a moment, but not for as long as that.
            assertThat(proxy.exchange(GET).body()).isEqualTo(part + "\n\n");
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Type: text/event-stream\r\nContent-Encoding: gzip\r\n",
                "Content-Type: text/event-stream\r\nContent-Length: 2\r\n",
                "Content-Type: text/event-streams\r\n",
                "Content-Type: application/json\r\n",
                ""
            })
    void otherResponsesHaveNone(String fields) {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\n" + fields + "\r\n");
                    pass(ofMillis(400));
                    connection.send("ok");
                    connection.close();
                });
                var proxy = commenting(upstream, ofMillis(100))) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
        }
    }

    @Test
    void aClientThatDoesNotReadIsSentNone() {
        String events = "data: 1\n\n".repeat(4_000_000);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(HEAD + "\r\n" + events);
                    connection.close();
                });
                var proxy = commenting(upstream, ofMillis(500));
                var client = RawClient.connect(proxy.port(), 16 * 1024)) {
            client.send(GET).readHead();

            pass(ofMillis(1500));
            assertThat(upstream.bytesSent().get()).isLessThan(events.length());
            client.discard(events.length()); // and a little more, for the framing
            rest(client);

            assertThat(proxy.awaitEnded(1).outcome().bodyBytes()).isEqualTo(events.length());
        }
    }

    @Test
    void anHttp2ClientHasThemToo() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(HEAD + "\r\ndata: 1\n\n");
                    connection.hang();
                });
                var proxy = commenting(upstream, ofMillis(100));
                var client = H2Client.connect(proxy.port())) {
            var stream = client.openStream("POST", "/", List.of()).sendLast("");

            assertThat(stream.awaitData()).isEqualTo("data: 1\n\n");
            assertThat(stream.awaitData()).isEqualTo(":\n\n");
            assertThat(stream.awaitData()).isEqualTo(":\n\n");
            stream.reset();

            upstream.awaitClosed(1);
        }
    }

    @Test
    void commentsDoNotPutTheReadClockOff() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(HEAD + "\r\n");
                    connection.hang();
                });
                var proxy = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()),
                        (config, pool) -> config.timeouts(t -> t.read(ofMillis(500)))
                                .route(Route.any().eventComments(ofMillis(100)).to(pool)))) {

            assertThat(proxy.exchange(GET).body()).startsWith(":\n\n");
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CONNECTION_READ_TIMEOUT);
            upstream.awaitClosed(1);
        }
    }

    @Test
    void aClientThatLeavesBetweenCommentsFreesTheUpstream() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(HEAD + "\r\n");
                    connection.hang();
                });
                var proxy = commenting(upstream, ofMillis(50))) {
            try (RawClient client = proxy.client()) {
                client.send(GET).readHead();
                client.readBytes(3);
            }

            upstream.awaitClosed(1);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CLIENT_GONE);
        }
    }

    private static String rest(RawClient client) {
        StringBuilder rest = new StringBuilder();
        while (!rest.substring(Math.max(0, rest.length() - 5)).equals("0\r\n\r\n")) {
            rest.append(client.readBytes(1));
        }
        return rest.toString();
    }

    /** One piece at once, the other when the client has seen what it waits for. */
    private static ScriptedUpstream events(CountDownLatch seen, String first, String second) {
        return ScriptedUpstream.of(connection -> {
            connection.readRequest();
            connection.send(HEAD + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(first));
            Await.on("the client has seen a comment", seen);
            connection.send(chunk(second) + "0\r\n\r\n");
        });
    }

    private static String chunk(String text) {
        return text.isEmpty() ? "" : Integer.toHexString(text.length()) + "\r\n" + text + "\r\n";
    }

    private static WiredProxy commenting(ScriptedUpstream upstream, Duration silence) {
        return WiredProxy.routing(
                pool -> pool.upstream(upstream.uri()),
                (config, pool) ->
                        config.route(Route.any().eventComments(silence).to(pool)));
    }

    /** Lets time go by, in which there might be a comment and must not. */
    private static void pass(Duration time) {
        long end = System.nanoTime() + time.toNanos();
        Await.until("time goes by", () -> System.nanoTime() - end >= 0);
    }
}
