package io.weir.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RawClientTest {

    private static final String GET = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

    @Test
    void fieldsKeepTheirOrderAndCase() {
        try (var upstream = ScriptedUpstream.answering(
                "HTTP/1.1 200 Fine so far\r\nx-B: 1\r\nContent-Length: 2\r\nX-b: \t2 \r\n\r\nhi")) {

            RawResponse response = RawClient.exchange(upstream.port(), GET);

            assertThat(response.statusLine()).isEqualTo("HTTP/1.1 200 Fine so far");
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.fields())
                    .containsExactly(new Field("x-B", "1"), new Field("Content-Length", "2"), new Field("X-b", "2"));
            assertThat(response.fields("X-B")).containsExactly("1", "2");
            assertThat(response.field("x-b")).contains("1");
            assertThat(response.body()).isEqualTo("hi");
            assertThat(response.isTruncated()).isFalse();
        }
    }

    @Test
    void chunksAreJoinedAndTrailersKept() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "5;ext=1\r\nhello\r\nA\r\n wide worl\r\n1\r\nd\r\n0\r\nX-Sum: 16\r\n\r\n")) {

            RawResponse response = RawClient.exchange(upstream.port(), GET);

            assertThat(response.body()).isEqualTo("hello wide world");
            assertThat(response.trailers()).containsExactly(new Field("X-Sum", "16"));
            assertThat(response.flaw()).isEmpty();
        }
    }

    @Test
    void withoutFramingTheBodyGoesOnUntilTheClose() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.0 200 OK\r\n\r\nall of it")) {

            RawResponse response = RawClient.exchange(upstream.port(), GET);

            assertThat(response.body()).isEqualTo("all of it");
            assertThat(response.isTruncated()).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    Content-Length: 5           | abc                 | abc | the stream ended after 3 of 5 bytes
                    Transfer-Encoding: chunked  | 3~abc~              | abc | the stream ended inside a line: ""
                    Transfer-Encoding: chunked  | 3~abc~0~            | abc | the stream ended inside a line: ""
                    Transfer-Encoding: chunked  | 4~abc               | abc | the stream ended after 3 of 4 bytes
                    Transfer-Encoding: chunked  | 2~abc~0~~           | ab  | a chunk of 2 bytes is not followed by CRLF
                    Transfer-Encoding: chunked  | 0x2~ab~0~~          | ''  | not a chunk size: "0x2"
                    Transfer-Encoding: gzip     | abc                 | ''  | unexpected transfer coding: "gzip"
                    Content-Length: +1          | a                   | ''  | not a length: "+1"
                    Content-Length: 1~Transfer-Encoding: chunked | a | '' | framed more than once
                    """)
    void aBrokenBodyIsToldFromAWholeOne(String framing, String body, String read, String flaw) {
        String response = "HTTP/1.1 200 OK\r\n" + crlf(framing) + "\r\n\r\n" + crlf(body);
        try (var upstream = ScriptedUpstream.of(connection -> {
            connection.readRequest();
            connection.send(response);
            connection.close();
        })) {

            RawResponse broken = RawClient.exchange(upstream.port(), GET);

            assertThat(broken.isTruncated()).isTrue();
            assertThat(broken.body()).isEqualTo(read);
            assertThat(broken.flaw()).startsWith(flaw);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\n\r\n",
                "200 OK\r\n\r\n",
                "HTTP/1.1 20x\r\n\r\n",
                "HTTP/1.1 200 OK\r\nx\r\n\r\n",
                ""
            })
    void whatIsNoResponseFailsTheTestAndIsShown(String bytes) {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(bytes);
                    connection.close();
                });
                var client = RawClient.connect(upstream.port())) {
            client.send(GET);

            assertThatThrownBy(client::readResponse)
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining(
                            "read so far: \"" + bytes.replace("\r", "\\r").replace("\n", "\\n"));
        }
    }

    @Test
    void interimResponsesComeOneByOne() {
        try (var upstream = ScriptedUpstream.answering(
                        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: a\r\n\r\n"
                                + "HTTP/1.1 204 No Content\r\n\r\n");
                var client = RawClient.connect(upstream.port())) {
            client.send(GET);

            assertThat(client.readInterim().status()).isEqualTo(100);
            assertThat(client.readInterim().field("Link")).contains("a");
            assertThat(client.readResponse().status()).isEqualTo(204);
        }
    }

    @Test
    void aHeadOnlyAnswerLeavesTheConnectionInStep() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");
                var client = RawClient.connect(upstream.port())) {
            client.send("HEAD / HTTP/1.1\r\nHost: x\r\n\r\n" + GET);

            assertThat(client.readHead().field("Content-Length")).contains("2");
            assertThat(client.readResponse().body()).isEqualTo("hi");
        }
    }

    @Test
    void theEndIsSeenOnceThePeerCloses() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nbye");
                var client = RawClient.connect(upstream.port())) {
            client.send(GET);

            assertThat(client.readAll()).endsWith("\r\n\r\nbye");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void bytesInsteadOfTheEndFailTheTest() {
        try (var upstream = ScriptedUpstream.of(connection -> connection.send("stray"));
                var client = RawClient.connect(upstream.port())) {

            assertThatThrownBy(client::isClosedByPeer).hasMessageContaining("it sent more: \"stray");
        }
    }

    @Test
    void aResetCountsAsClosed() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readBytes(1); // else the client may not even be connected yet
                    connection.reset();
                });
                var client = RawClient.connect(upstream.port())) {

            assertThat(client.send("x").isClosedByPeer()).isTrue();
        }
    }

    @Test
    void aHalfClosedClientStillReads() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    RawRequest request = connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + request.body());
                });
                var client = RawClient.connect(upstream.port())) {
            client.send("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc").shutdownOutput();

            assertThat(client.readResponse().body()).isEqualTo("abc");
        }
    }

    @Test
    void aStoppedReaderHoldsTheSenderBack() {
        long first = 1024 * 1024;
        long size = 64 * first;
        try (var upstream = ScriptedUpstream.of(connection -> connection.sendFiller(size));
                var client = RawClient.connect(upstream.port(), 8 * 1024)) {

            assertThat(client.discard(first)).isEqualTo(first);
            assertThat(upstream.bytesSent().get() - client.bytesRead()).isLessThan(16 * first);
            assertThat(client.discard(size - first)).isEqualTo(size - first);
        }
    }

    private static String crlf(String text) {
        return text.replace("~", "\r\n");
    }
}
