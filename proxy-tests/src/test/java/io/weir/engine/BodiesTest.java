package io.weir.engine;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.RawRequest;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Bodies arrive whole and unchanged, however they are framed, in both directions. */
class BodiesTest {

    private static final String GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    private static final String HEAD = "HEAD / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    private static final int MANY = 5 * 1024 * 1024;

    @ParameterizedTest
    @MethodSource
    void aResponseArrivesWholeAndTheConnectionGoesOn(String framing, String sent, String body) {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(sent));
                var client = proxied.client()) {

            RawResponse first = client.send(GET).readResponse();
            RawResponse second = client.send(GET).readResponse();

            assertThat(first.isTruncated()).isFalse();
            assertThat(first.body()).isEqualTo(body);
            assertThat(second).isEqualTo(first);
        }
    }

    static Stream<Arguments> aResponseArrivesWholeAndTheConnectionGoesOn() {
        return Stream.of(
                Arguments.of("length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "hello"),
                Arguments.of("length 0", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", ""),
                Arguments.of("chunked", chunked("he", "llo"), "hello"),
                Arguments.of("chunked, nothing in it", chunked(), ""),
                Arguments.of("until the close", "HTTP/1.1 200 OK\r\nServer: x\r\n\r\nhello", "hello"),
                Arguments.of("until the close, nothing in it", "HTTP/1.1 200 OK\r\nServer: x\r\n\r\n", ""),
                Arguments.of("HTTP/1.0", "HTTP/1.0 200 OK\r\nServer: x\r\n\r\nhello", "hello"),
                Arguments.of("204", "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n", ""),
                Arguments.of("205", "HTTP/1.1 205 Reset Content\r\nContent-Length: 0\r\n\r\n", ""));
    }

    @Test
    void aClientWithoutKeepAliveSeesWhereAChunkedBodyEnds() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(chunked("he", "llo")));
                var client = proxied.client()) {

            RawResponse response = client.send("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n")
                    .readResponse();

            assertThat(response.field("Transfer-Encoding")).contains("chunked");
            assertThat(response.body()).isEqualTo("hello");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @ParameterizedTest
    @MethodSource
    void aResponseWithoutBodySaysOfItsLengthWhatTheUpstreamSaid(
            String request, String sent, String contentLength, String transferEncoding) {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(sent));
                var client = proxied.client()) {

            RawResponse first = client.send(request).readHead();
            RawResponse second = client.send(request).readHead();

            assertThat(first.fields("Content-Length")).isEqualTo(words(contentLength));
            assertThat(first.fields("Transfer-Encoding")).isEqualTo(words(transferEncoding));
            assertThat(second).isEqualTo(first);
            assertThat(proxied.upstream().connectionCount()).isOne();
        }
    }

    static Stream<Arguments> aResponseWithoutBodySaysOfItsLengthWhatTheUpstreamSaid() {
        return Stream.of(
                Arguments.of(HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n", "1234", ""),
                Arguments.of(HEAD, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "0", ""),
                Arguments.of(HEAD, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "", "chunked"),
                Arguments.of(HEAD, "HTTP/1.1 204 No Content\r\n\r\n", "", ""),
                Arguments.of(HEAD, "HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\n\r\n", "1234", ""),
                Arguments.of(GET, "HTTP/1.1 304 Not Modified\r\nContent-Length: 1234\r\n\r\n", "1234", ""),
                Arguments.of(GET, "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", "", ""),
                Arguments.of(GET, "HTTP/1.1 204 No Content\r\nServer: x\r\n\r\n", "", ""));
    }

    @ParameterizedTest
    @MethodSource
    void aRequestArrivesAsTheClientFramedIt(String request, String body, String contentLength, String coding) {
        try (var proxied = Proxied.to(ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
                var client = proxied.client()) {

            client.send(request).readResponse();
            RawResponse next = client.send(request).readResponse();

            RawRequest received = proxied.upstream().awaitRequest();
            assertThat(received.body()).isEqualTo(body);
            assertThat(received.fields("Content-Length")).isEqualTo(words(contentLength));
            assertThat(received.fields("Transfer-Encoding")).isEqualTo(words(coding));
            assertThat(proxied.upstream().awaitRequest().body()).isEqualTo(body);
            assertThat(next.body()).isEqualTo("ok");
            assertThat(proxied.upstream().connectionCount()).isOne();
        }
    }

    static Stream<Arguments> aRequestArrivesAsTheClientFramedIt() {
        String head = " / HTTP/1.1\r\nHost: a.test\r\n";
        return Stream.of(
                Arguments.of("POST" + head + "Content-Length: 3\r\n\r\nabc", "abc", "3", ""),
                Arguments.of("POST" + head + "Content-Length: 0\r\n\r\n", "", "0", ""),
                Arguments.of("POST" + head + "\r\n", "", "", ""),
                Arguments.of("GET" + head + "\r\n", "", "", ""),
                Arguments.of("GET" + head + "Content-Length: 3\r\n\r\nabc", "abc", "3", ""),
                Arguments.of("DELETE" + head + "Content-Length: 3\r\n\r\nabc", "abc", "3", ""),
                Arguments.of(
                        "POST" + head + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n2;x=y\r\nbc\r\n0\r\n\r\n",
                        "abc",
                        "",
                        "chunked"),
                Arguments.of("POST" + head + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "", "", "chunked"));
    }

    @Test
    void bodiesMayDripByteByByte() {
        String request = "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
                + "1\r\na\r\n2\r\nbc\r\n0\r\n\r\n";
        try (var proxied = Proxied.to(connection -> {
                    connection.readRequest();
                    for (char c : chunked("he", "llo").toCharArray()) {
                        connection.send(String.valueOf(c));
                    }
                });
                var client = proxied.client()) {

            request.chars().forEach(c -> client.send(String.valueOf((char) c)));
            RawResponse response = client.readResponse();

            assertThat(response.body()).isEqualTo("hello");
            assertThat(proxied.upstream().awaitRequest().body()).isEqualTo("abc");
        }
    }

    @Test
    void manySmallChunksMayComeInOnePacket() {
        String[] pieces =
                Stream.iterate(0, i -> i + 1).limit(2_000).map(String::valueOf).toArray(String[]::new);
        String message = chunked(pieces);
        String request = message.replace("HTTP/1.1 200 OK", "POST / HTTP/1.1\r\nHost: a.test");
        try (var proxied = Proxied.to(ScriptedUpstream.answering(message));
                var client = proxied.client()) {

            RawResponse response = client.send(request).readResponse();

            assertThat(response.body()).isEqualTo(String.join("", pieces));
            assertThat(proxied.upstream().awaitRequest().body()).isEqualTo(String.join("", pieces));
        }
    }

    @ParameterizedTest
    @MethodSource("framings")
    void fiveMebibytesArriveByteForByte(boolean chunked) {
        byte[] up = randomBytes(MANY, 1);
        byte[] down = randomBytes(MANY, 2);
        try (var proxied = Proxied.to(connection -> {
                    connection.readRequest();
                    connection.send(message("HTTP/1.1 200 OK\r\n", down, chunked));
                });
                var client = proxied.client()) {

            RawResponse response = client.send(message("PUT / HTTP/1.1\r\nHost: a.test\r\n", up, chunked))
                    .readResponse();

            assertThat(response.bodyBytes()).isEqualTo(down);
            assertThat(proxied.upstream().awaitRequest().bodyBytes()).isEqualTo(up);
            assertThat(proxied.awaitEnded(1).outcome().bodyBytes()).isEqualTo(MANY);
        }
    }

    static Stream<Boolean> framings() {
        return Stream.of(false, true);
    }

    @Test
    void bothDirectionsRunAtOnce() {
        byte[] bytes = randomBytes(MANY, 3);
        try (var proxied = Proxied.to(connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + MANY + "\r\n\r\n");
                    for (int taken = 0; taken < MANY; taken += 16 * 1024) {
                        connection.send(connection.readBytes(16 * 1024));
                    }
                });
                var client = proxied.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + MANY + "\r\n\r\n");

            CompletableFuture<?> sending = CompletableFuture.runAsync(() -> client.send(bytes));
            RawResponse response = client.readResponse();

            assertThat(response.bodyBytes()).isEqualTo(bytes);
            sending.join();
            assertThat(proxied.awaitEnded(1).outcome().error()).isNull();
        }
    }

    @Test
    void aPieceIsAnsweredBeforeTheNextIsSent() {
        try (var proxied = Proxied.to(connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n");
                    connection.send(connection.readBytes(3));
                    connection.send(connection.readBytes(3));
                });
                var client = proxied.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\n");
            client.readHead();

            String first = client.send("abc").readBytes(3);
            String second = client.send("def").readBytes(3);

            assertThat(first + second).isEqualTo("abcdef");
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInOrder() {
        try (var proxied = Proxied.to(connection -> {
                    while (true) {
                        RawRequest request = connection.readRequest();
                        String body = request.target() + " " + request.body();
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                    }
                });
                var client = proxied.client()) {

            client.send("POST /1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\none"
                    + "POST /2 HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
                    + "GET /3 HTTP/1.1\r\nHost: a.test\r\n\r\n"
                    + "POST /4 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\nfour");

            List<String> bodies =
                    Stream.generate(() -> client.readResponse().body()).limit(4).toList();
            assertThat(bodies).containsExactly("/1 one", "/2 two", "/3 ", "/4 four");
            assertThat(proxied.upstream().connectionCount()).isOne();
        }
    }

    @Test
    void manyPipelinedRequestsAreAnsweredInOrder() {
        try (var proxied = Proxied.to(connection -> {
                    while (true) {
                        String target = connection.readRequest().target();
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + target.length() + "\r\n\r\n" + target);
                    }
                });
                var client = proxied.client()) {
            StringBuilder requests = new StringBuilder();
            for (int i = 0; i < 500; i++) {
                requests.append("GET /").append(i).append(" HTTP/1.1\r\nHost: a.test\r\n\r\n");
            }

            client.send(requests.toString());

            for (int i = 0; i < 500; i++) {
                assertThat(client.readResponse().body()).isEqualTo("/" + i);
            }
        }
    }

    @Test
    void anHttp10ClientGetsABodyThatEndsWithTheConnection() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(chunked("he", "llo")));
                var client = proxied.client()) {

            RawResponse response =
                    client.send("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n").readResponse();

            assertThat(response.fields("Transfer-Encoding")).isEmpty();
            assertThat(response.body()).isEqualTo("hello");
            assertThat(proxied.upstream().awaitRequest().requestLine()).isEqualTo("GET / HTTP/1.1");
        }
    }

    @Test
    void anHttp10ClientMayKeepItsConnectionWhereTheLengthIsKnown() {
        String get = "GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n";
        try (var proxied = Proxied.to(ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"));
                var client = proxied.client()) {

            RawResponse first = client.send(get).readResponse();
            RawResponse second = client.send(get).readResponse();

            assertThat(first.field("Connection")).contains("keep-alive");
            assertThat(first.body()).isEqualTo("hello");
            assertThat(second).isEqualTo(first);
        }
    }

    @Test
    void anHttp10ClientWithKeepAliveIsClosedWhereTheLengthIsNotKnown() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(chunked("he", "llo")));
                var client = proxied.client()) {

            RawResponse response = client.send("GET / HTTP/1.0\r\nHost: a.test\r\nConnection: keep-alive\r\n\r\n")
                    .readResponse();

            assertThat(response.body()).isEqualTo("hello");
            assertThat(response.fields("Connection")).doesNotContain("keep-alive");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void anUpstreamConnectionServesOneRequestAfterTheOther() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(chunked("hello")))) {
            for (int i = 0; i < 5; i++) {
                assertThat(proxied.exchange(GET).body()).isEqualTo("hello");
            }

            assertThat(proxied.upstream().connectionCount()).isOne();
        }
    }

    @ParameterizedTest
    @MethodSource
    void anUpstreamConnectionIsNotUsedAgainAfter(String sent) {
        try (var proxied = Proxied.to(
                connection -> {
                    connection.readRequest();
                    connection.send(sent);
                    // Stays open: that it is of no more use has to be seen from what was said.
                },
                connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew");
                })) {

            assertThat(proxied.exchange(GET).body()).isEqualTo("old");
            assertThat(proxied.exchange(GET).body()).isEqualTo("new");

            proxied.upstream().awaitClosed(1);
        }
    }

    static Stream<String> anUpstreamConnectionIsNotUsedAgainAfter() {
        return Stream.of(
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nConnection: close\r\n\r\nold",
                "HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nold",
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\noldHTTP/1.1 200 OK\r\n");
    }

    @Test
    void connectionsAreOpenedForAsManyRequestsAsRunAtOnce() {
        CountDownLatch bothThere = new CountDownLatch(2);
        try (var proxied = Proxied.to(connection -> {
                    connection.readRequest();
                    bothThere.countDown();
                    bothThere.await();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                });
                var one = proxied.client();
                var two = proxied.client()) {

            one.send(GET);
            two.send(GET);

            assertThat(one.readResponse().status()).isEqualTo(200);
            assertThat(two.readResponse().status()).isEqualTo(200);
            assertThat(proxied.upstream().connectionCount()).isEqualTo(2);
        }
    }

    private static List<String> words(String words) {
        return words.isEmpty() ? List.of() : List.of(words.split(" "));
    }

    private static String chunked(String... pieces) {
        StringBuilder message = new StringBuilder("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        for (String piece : pieces) {
            message.append(Integer.toHexString(piece.length()))
                    .append("\r\n")
                    .append(piece)
                    .append("\r\n");
        }
        return message.append("0\r\n\r\n").toString();
    }

    private static byte[] message(String start, byte[] body, boolean chunked) {
        String head = chunked
                ? start + "Transfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(body.length) + "\r\n"
                : start + "Content-Length: " + body.length + "\r\n\r\n";
        String tail = chunked ? "\r\n0\r\n\r\n" : "";
        return (head + new String(body, ISO_8859_1) + tail).getBytes(ISO_8859_1);
    }

    private static byte[] randomBytes(int count, long seed) {
        byte[] bytes = new byte[count];
        new Random(seed).nextBytes(bytes);
        return bytes;
    }
}
