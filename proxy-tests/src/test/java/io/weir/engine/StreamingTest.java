package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.H2Response;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Nothing waits in the proxy for something else: what one side says, the other hears at once. */
class StreamingTest {

    private static final String GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 5", "Transfer-Encoding: chunked", "X-Until: close"})
    void theHeadLeavesBeforeTheFirstByteOfTheBody(String framing) {
        CountDownLatch headSeen = new CountDownLatch(1);
        try (var proxied = Proxied.to(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\n" + framing + "\r\n\r\n");
                    Await.on("the client has the head", headSeen);
                    connection.send(framing.contains("chunked") ? "5\r\nhello\r\n0\r\n\r\n" : "hello");
                    connection.close();
                });
                var client = proxied.client()) {

            RawResponse head = client.send(GET).readHead();
            headSeen.countDown();

            assertThat(head.status()).isEqualTo(200);
            assertThat(client.readBytes(framing.startsWith("Content-Length") ? 5 : 8))
                    .contains("hello");
        }
    }

    @Test
    void theHeadLeavesBeforeTheFirstByteOfTheBodyOverHttp2() {
        CountDownLatch headSeen = new CountDownLatch(1);
        try (var proxied = Proxied.to(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n");
                    Await.on("the client has the head", headSeen);
                    connection.send("hello");
                });
                var client = proxied.h2Client()) {

            var stream = client.openStream("POST", "/", List.of()).sendLast("");
            H2Response head = stream.awaitHead();
            headSeen.countDown();

            assertThat(head.status()).isEqualTo(200);
            assertThat(stream.awaitResponse().body()).isEqualTo("hello");
        }
    }

    @Test
    void eachServerSentEventArrivesBeforeTheNextIsSent() {
        Semaphore seen = new Semaphore(0);
        try (var proxied = Proxied.to(events(seen));
                var client = proxied.client()) {
            client.send(GET).readHead();

            for (int i = 0; i < 9; i++) {
                // What ends a chunk comes with the next one.
                assertThat(client.readBytes(12)).isEqualTo("9\r\ndata: " + i + "\n\n");
                seen.release();
                assertThat(client.readBytes(2)).isEqualTo("\r\n");
            }

            assertThat(client.readBytes(5)).isEqualTo("0\r\n\r\n");
        }
    }

    @Test
    void eachServerSentEventArrivesBeforeTheNextIsSentOverHttp2() {
        Semaphore seen = new Semaphore(0);
        try (var proxied = Proxied.to(events(seen));
                var client = proxied.h2Client()) {
            var stream = client.openStream("POST", "/", List.of()).sendLast("");
            stream.awaitHead();

            for (int i = 0; i < 9; i++) {
                assertThat(stream.awaitData()).isEqualTo("data: " + i + "\n\n");
                seen.release();
            }

            assertThat(stream.awaitResponse().isTruncated()).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource({"application/x-ndjson, {\"token\":%d}\\n", "text/event-stream, data: {\"token\":%d}\\n\\n"})
    void eachTokenOfAModelArrivesBeforeTheNextIsSent(String type, String format) {
        Semaphore seen = new Semaphore(0);
        try (var proxied = Proxied.to(tokens(type, lines(format), seen));
                var client = proxied.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\n{}")
                    .readHead();

            for (int i = 0; i < 9; i++) {
                String token = String.format(lines(format), i);
                assertThat(client.readBytes(token.length())).isEqualTo(token);
                seen.release();
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"application/x-ndjson, {\"token\":%d}\\n", "text/event-stream, data: {\"token\":%d}\\n\\n"})
    void eachTokenOfAModelArrivesBeforeTheNextIsSentOverHttp2(String type, String format) {
        Semaphore seen = new Semaphore(0);
        try (var proxied = Proxied.to(tokens(type, lines(format), seen));
                var client = proxied.h2Client()) {
            var stream = client.openStream("POST", "/", List.of()).sendLast("{}");
            stream.awaitHead();

            for (int i = 0; i < 9; i++) {
                assertThat(stream.awaitData()).isEqualTo(String.format(lines(format), i));
                seen.release();
            }

            assertThat(stream.awaitResponse().isTruncated()).isFalse();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Content-Length: 5", "Transfer-Encoding: chunked"})
    void theUpstreamHasTheRequestsHeadBeforeTheFirstByteOfItsBody(String framing) {
        CountDownLatch headSeen = new CountDownLatch(1);
        try (var proxied = Proxied.to(connection -> {
                    var head = connection.readHead();
                    headSeen.countDown();
                    String body = connection.readBody(head).body();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                });
                var client = proxied.client()) {

            client.send("POST / HTTP/1.1\r\nHost: a.test\r\n" + framing + "\r\n\r\n");
            Await.on("the upstream has the head", headSeen);
            client.send(framing.contains("chunked") ? "5\r\nhello\r\n0\r\n\r\n" : "hello");

            assertThat(client.readResponse().body()).isEqualTo("hello");
        }
    }

    @Test
    void eachPieceOfAnUploadOverHttp2ArrivesBeforeTheNextIsSent() {
        Semaphore seen = new Semaphore(0);
        try (var proxied = Proxied.to(connection -> {
                    connection.readHead();
                    for (int i = 0; i < 3; i++) {
                        assertThat(new String(connection.readBytes(8))).isEqualTo("3\r\nab" + i + "\r\n");
                        seen.release();
                    }
                    assertThat(new String(connection.readBytes(5))).isEqualTo("0\r\n\r\n");
                    connection.send("HTTP/1.1 204 No Content\r\n\r\n");
                });
                var client = proxied.h2Client()) {
            var stream = client.openStream("POST", "/", List.of(new Field("X-A", "1")));

            for (int i = 0; i < 3; i++) {
                stream.send("ab" + i);
                awaitPermit(seen);
            }
            stream.sendLast("");

            assertThat(stream.awaitResponse().status()).isEqualTo(204);
        }
    }

    private static ScriptedUpstream.Script events(Semaphore seen) {
        return connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
            for (int i = 0; i < 9; i++) {
                connection.send("9\r\ndata: " + i + "\n\n\r\n");
                awaitPermit(seen);
            }
            connection.send("0\r\n\r\n");
        };
    }

    /** With its length said, so that what the client reads is the tokens and nothing else. */
    private static ScriptedUpstream.Script tokens(String type, String format, Semaphore seen) {
        return connection -> {
            connection.readRequest();
            int length = 9 * String.format(format, 0).length();
            connection.send("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: " + length + "\r\n\r\n");
            for (int i = 0; i < 9; i++) {
                connection.send(String.format(format, i));
                awaitPermit(seen);
            }
        };
    }

    private static String lines(String escaped) {
        return escaped.replace("\\n", "\n");
    }

    private static void awaitPermit(Semaphore seen) {
        try {
            assertThat(seen.tryAcquire(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS))
                    .isTrue();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }
}
