package io.weir.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class ScriptedUpstreamTest {

    private static final String GET = "GET /a%2Fb?q={x} HTTP/1.1\r\nHost: x\r\n\r\n";
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    @Test
    void requestsAreRecordedAsTheyWereOnTheWire() {
        try (var upstream = ScriptedUpstream.answering(OK)) {

            RawClient.exchange(
                    upstream.port(),
                    "PoST /a|b?q={x} HTTP/1.1\r\nhOST: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + "3\r\na\0\u00ff\r\n0\r\nX-Sum: 3\r\n\r\n");

            RawRequest request = upstream.awaitRequest();
            assertThat(request.requestLine()).isEqualTo("PoST /a|b?q={x} HTTP/1.1");
            assertThat(request.method()).isEqualTo("PoST");
            assertThat(request.target()).isEqualTo("/a|b?q={x}");
            assertThat(request.fields())
                    .containsExactly(new Field("hOST", "x"), new Field("Transfer-Encoding", "chunked"));
            assertThat(request.body()).isEqualTo("a\0\u00ff");
            assertThat(request.bodyBytes()).containsExactly('a', 0, 0xff);
            assertThat(request.trailers()).containsExactly(new Field("X-Sum", "3"));
            assertThat(request.connectionNumber()).isEqualTo(1);
        }
    }

    @Test
    void aKeptConnectionAnswersAgainAndRequestsKeepTheirOrder() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var client = RawClient.connect(upstream.port())) {
            client.send("GET /1 HTTP/1.1\r\n\r\n").readResponse();
            client.send("GET /2 HTTP/1.1\r\n\r\n").readResponse();

            assertThat(upstream.awaitRequest().target()).isEqualTo("/1");
            assertThat(upstream.awaitRequest().target()).isEqualTo("/2");
            assertThat(upstream.requests()).hasSize(2);
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void eachConnectionHasItsScriptAndTheLastOneServesTheRest() {
        try (var upstream =
                ScriptedUpstream.of(connection -> connection.send("first"), connection -> connection.send("other"))) {
            for (String expected : new String[] {"first", "other", "other"}) {
                try (var client = RawClient.connect(upstream.port())) {
                    assertThat(client.readBytes(5)).isEqualTo(expected);
                }
            }

            upstream.awaitConnections(3);
        }
    }

    @Test
    void aHangingServerNoticesThatThePeerLeft() {
        try (var upstream = ScriptedUpstream.of(UpstreamConnection::hang)) {
            try (var client = RawClient.connect(upstream.port())) {
                client.send(GET);
            }

            upstream.awaitClosed(1);
        }
    }

    @Test
    void aServerAtTheEndOfItsScriptNoticesThatThePeerReset() {
        try (var upstream = ScriptedUpstream.of(UpstreamConnection::readRequest)) {
            try (var client = RawClient.connect(upstream.port())) {
                client.send(GET);
                upstream.awaitRequest();
                client.reset();
            }

            upstream.awaitClosed(1);
        }
    }

    @Test
    void aStalledReaderHoldsTheSenderBackUntilTheEnd() {
        CountDownLatch sent = new CountDownLatch(1);
        Thread sender;
        try (var upstream = ScriptedUpstream.of(UpstreamConnection::stall);
                var client = RawClient.connect(upstream.port())) {
            sender = new Thread(() -> {
                assertThatThrownBy(() -> client.send(new byte[64 * 1024 * 1024]))
                        .isNotNull();
                sent.countDown();
            });
            sender.start();
            upstream.awaitConnections(1);

            assertThat(upstream.bytesReceived()).hasValue(0);
        }
        Await.on("the sender is freed", sent);
    }

    @Test
    void aMeteredReaderTakesWhatItSays() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    RawRequest head = connection.readHead();
                    connection.discard(
                            Long.parseLong(head.field("Content-Length").orElseThrow()));
                    connection.send(OK);
                });
                var client = RawClient.connect(upstream.port())) {
            client.send("POST / HTTP/1.1\r\nContent-Length: 100000\r\n\r\n").send(new byte[100_000]);

            assertThat(client.readResponse().status()).isEqualTo(200);
            assertThat(upstream.bytesReceived().get()).isGreaterThan(100_000);
            assertThat(upstream.awaitRequest().body()).isEmpty();
        }
    }

    @Test
    void anAnswerMayComeBeforeTheBody() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    RawRequest head = connection.readHead();
                    connection.send("HTTP/1.1 100 Continue\r\n\r\n");
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n"
                            + connection.readBody(head).body());
                });
                var client = RawClient.connect(upstream.port())) {
            client.send("POST / HTTP/1.1\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
            client.readInterim();
            client.send("abc");

            assertThat(client.readResponse().body()).isEqualTo("abc");
        }
    }

    @Test
    void anIdleConnectionIsClosedAtTheTestsMoment() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var client = RawClient.connect(upstream.port())) {
            client.send(GET).readResponse();

            upstream.connection(1).close();

            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void aRequestBrokenOffIsRecordedWithItsFlaw() {
        try (var upstream = ScriptedUpstream.answering(OK)) {
            try (var client = RawClient.connect(upstream.port())) {
                client.send("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc");
            }

            RawRequest request = upstream.awaitRequest();
            assertThat(request.isTruncated()).isTrue();
            assertThat(request.flaw()).isEqualTo("the stream ended after 3 of 5 bytes");
            upstream.awaitClosed(1);
        }
    }

    @Test
    void whatAScriptThrowsSurfacesAtTheClose() {
        var upstream = ScriptedUpstream.of(connection -> {
            throw new IllegalStateException("the script's own mistake");
        });
        try (var client = RawClient.connect(upstream.port())) {
            assertThat(client.isClosedByPeer()).isTrue();
        }

        assertThatThrownBy(upstream::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("the script's own mistake");
    }

    @Test
    void aMalformedRequestSurfacesAtTheClose() {
        var upstream = ScriptedUpstream.answering(OK);
        try (var client = RawClient.connect(upstream.port())) {
            client.send("POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n");
            assertThat(client.isClosedByPeer()).isTrue();
        }

        assertThatThrownBy(upstream::close)
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("malformed request: framed more than once");
    }

    @Test
    void noThreadIsLeftBehind() {
        var upstream = ScriptedUpstream.of(UpstreamConnection::stall);
        try (var client = RawClient.connect(upstream.port())) {
            upstream.awaitConnections(1);

            upstream.close();
        }

        assertThat(Leaks.threadsNamed("upstream-" + upstream.port() + "-")).isEmpty();
    }
}
