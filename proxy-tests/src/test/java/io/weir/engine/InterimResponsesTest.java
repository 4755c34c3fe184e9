package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.eclipse.jetty.http2.ErrorCode.NO_ERROR;

import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an upstream says before its answer: 100, 102, 103. */
class InterimResponsesTest {

    private static final String GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    private static final String EXPECTING =
            "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n" + "Expect: 100-continue\r\n\r\n";
    private static final String HINT =
            "HTTP/1.1 103 Early Hints\r\nLink: </%d.css>\r\nX-Hop: 1\r\n" + "Connection: X-Hop\r\n\r\n";
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    @Test
    void theClientIsToldToContinueWhenTheUpstreamSaysSo() {
        CountDownLatch headSeen = new CountDownLatch(1);
        CountDownLatch goOn = new CountDownLatch(1);
        try (var proxied = Proxied.to(connection -> {
                    var head = connection.readHead();
                    headSeen.countDown();
                    Await.on("the test lets it go on", goOn);
                    connection.send("HTTP/1.1 100 Continue\r\n\r\n");
                    String body = connection.readBody(head).body();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + body);
                });
                var client = proxied.client()) {
            client.send(EXPECTING);
            Await.on("the upstream has the head", headSeen);
            goOn.countDown();

            RawResponse interim = client.readInterim();
            RawResponse response = client.send("abc").readResponse();

            assertThat(interim.statusLine()).startsWith("HTTP/1.1 100");
            assertThat(interim.fields()).isEmpty();
            assertThat(response.body()).isEqualTo("abc");
            assertThat(response.fields("Connection")).isEmpty();
            assertThat(proxied.upstream().awaitRequest().field("Expect")).contains("100-continue");
        }
    }

    @Test
    void aConnectionGoesOnAfterContinue() {
        try (var proxied = Proxied.to(connection -> {
                    while (true) {
                        var head = connection.readHead();
                        connection.send("HTTP/1.1 100 Continue\r\n\r\n");
                        connection.readBody(head);
                        connection.send(OK);
                    }
                });
                var client = proxied.client()) {
            for (int i = 0; i < 3; i++) {
                client.send(EXPECTING).readInterim();

                assertThat(client.send("abc").readResponse().body()).isEqualTo("ok");
            }

            assertThat(proxied.upstream().connectionCount()).isOne();
        }
    }

    @Test
    void aClientThatDoesNotWaitGetsNoContinue() {
        try (var proxied = Proxied.to(connection -> {
                    var head = connection.readHead();
                    connection.send("HTTP/1.1 100 Continue\r\n\r\n");
                    connection.readBody(head);
                    connection.send(OK);
                });
                var client = proxied.client()) {

            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc");

            assertThat(client.readResponse().status()).isEqualTo(200);
        }
    }

    @Test
    void aBodyThatNobodyAskedForIsNeverRead() {
        try (var proxied = Proxied.to(
                        connection -> {
                            connection.readHead();
                            connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(OK);
                        });
                var client = proxied.client()) {

            RawResponse response = client.send(EXPECTING).readResponse();

            // Whether the body comes all the same is not to be known, so neither connection can go on.
            assertThat(response.status()).isEqualTo(403);
            assertThat(response.body()).isEqualTo("no");
            assertThat(response.field("Connection")).contains("close");
            assertThat(client.isClosedByPeer()).isTrue();
            proxied.upstream().awaitClosed(1);
            assertThat(proxied.upstream().connection(1).received()).endsWith("\r\n\r\n");
            assertThat(proxied.awaitEnded(1).outcome().error()).isNull();
            assertThat(proxied.complaints()).isEmpty();
        }
    }

    @Test
    void aBodyThatNobodyAskedForIsNeverReadOverHttp2() {
        try (var proxied = Proxied.to(connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
                });
                var client = proxied.h2Client()) {

            var response = client.openStream("POST", "/", List.of(new Field("Expect", "100-continue")))
                    .awaitResponse();

            assertThat(response.status()).isEqualTo(403);
            // Its body is not asked for here: Jetty's client drops what it has not read when the reset comes that ends
            // it. With this code other clients don't (RFC 9113 §8.1).
            assertThat(response.resetCode().orElse(NO_ERROR.code)).isEqualTo(NO_ERROR.code);
            proxied.upstream().awaitClosed(1);
        }
    }

    @Test
    void anUpstreamThatDoesNotKnowOfContinueGetsTheBodyAfterAWhile() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK));
                var client = proxied.client()) {

            RawResponse interim = client.send(EXPECTING).readInterim();
            RawResponse response = client.send("abc").readResponse();

            assertThat(interim.status()).isEqualTo(100);
            assertThat(response.body()).isEqualTo("ok");
            assertThat(response.fields("Connection")).isEmpty();
            assertThat(proxied.upstream().awaitRequest().body()).isEqualTo("abc");
        }
    }

    @Test
    void continueReachesAnHttp2Client() {
        try (var proxied = Proxied.to(connection -> {
                    var head = connection.readHead();
                    connection.send("HTTP/1.1 100 Continue\r\n\r\n");
                    connection.readBody(head);
                    connection.send(OK);
                });
                var client = proxied.h2Client()) {
            var stream = client.openStream("POST", "/", List.of(new Field("Expect", "100-continue")));

            assertThat(stream.awaitHead().status()).isEqualTo(100);
            stream.sendLast("abc");

            assertThat(stream.awaitResponse().status()).isEqualTo(200);
        }
    }

    @Test
    void afterContinueAnEarlyAnswerLetsTheClientFinish() {
        CountDownLatch asked = new CountDownLatch(1);
        try (var proxied = Proxied.to(
                        connection -> {
                            connection.readHead();
                            connection.send("HTTP/1.1 100 Continue\r\n\r\n");
                            Await.on("the client was asked", asked);
                            connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(OK);
                        });
                var client = proxied.client()) {
            client.send(EXPECTING).readInterim();
            asked.countDown();

            RawResponse refused = client.readResponse();
            RawResponse next = client.send("abc").send(GET).readResponse();

            assertThat(refused.status()).isEqualTo(403);
            assertThat(next.body()).isEqualTo("ok");
        }
    }

    @Test
    void earlyHintsArriveOneByOneBeforeTheAnswer() {
        CountDownLatch hintSeen = new CountDownLatch(1);
        try (var proxied = Proxied.to(connection -> {
                    for (int i = 0; i < 2; i++) {
                        connection.readRequest();
                        connection.send(HINT.formatted(1));
                        Await.on("the client has the first", hintSeen);
                        connection.send(HINT.formatted(2) + "HTTP/1.1 102 Processing\r\n\r\n" + HINT.formatted(3) + OK);
                    }
                });
                var client = proxied.client()) {
            for (int i = 0; i < 2; i++) {
                client.send(GET);

                RawResponse first = client.readInterim();
                hintSeen.countDown();
                assertThat(first.fields()).containsExactly(new Field("Link", "</1.css>"));
                assertThat(client.readInterim().field("Link")).contains("</2.css>");
                assertThat(client.readInterim().status()).isEqualTo(102);
                assertThat(client.readInterim().field("Link")).contains("</3.css>");
                assertThat(client.readResponse().body()).isEqualTo("ok");
            }

            assertThat(proxied.upstream().connectionCount()).isOne();
        }
    }

    @Test
    void earlyHintsReachAnHttp2Client() {
        try (var proxied = Proxied.to(connection -> {
                    connection.readRequest();
                    connection.send(HINT.formatted(1) + HINT.formatted(2) + OK);
                });
                var client = proxied.h2Client()) {
            var stream = client.openStream("POST", "/", List.of()).sendLast("");

            assertThat(stream.awaitHead().field("link")).contains("</1.css>");
            assertThat(stream.awaitHead().field("link")).contains("</2.css>");
            assertThat(stream.awaitResponse().body()).isEqualTo("ok");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 20, 32})
    void manyHintsInOnePacketKeepTheirOrder(int count) {
        StringBuilder hints = new StringBuilder();
        for (int i = 0; i < count; i++) {
            hints.append(HINT.formatted(i));
        }
        try (var proxied = Proxied.to(connection -> {
                    connection.readRequest();
                    connection.send(hints + OK);
                });
                var client = proxied.client()) {
            client.send(GET);

            for (int i = 0; i < count; i++) {
                assertThat(client.readInterim().field("Link")).contains("</" + i + ".css>");
            }
            assertThat(client.readResponse().body()).isEqualTo("ok");
        }
    }

    @Test
    void anHttp10ClientGetsNoInterimResponse() {
        try (var proxied = Proxied.to(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 100 Continue\r\n\r\n" + HINT.formatted(1) + OK);
                });
                var client = proxied.client()) {

            RawResponse response = client.send("POST / HTTP/1.0\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc")
                    .readResponse();

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("ok");
        }
    }

    @Test
    void hintsWhileTheBodyIsStillSentArrive() {
        try (var proxied = Proxied.to(connection -> {
                    var head = connection.readHead();
                    connection.send(HINT.formatted(1));
                    connection.readBody(head);
                    connection.send(OK);
                });
                var client = proxied.client()) {

            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\na");
            RawResponse hint = client.readInterim();
            RawResponse response = client.send("bc").readResponse();

            assertThat(hint.status()).isEqualTo(103);
            assertThat(response.body()).isEqualTo("ok");
        }
    }
}
