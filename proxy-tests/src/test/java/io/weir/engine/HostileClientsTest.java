package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.testkit.Await;
import io.weir.testkit.RawRequest;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What two parsers could read differently is refused, the connection is closed, and no byte of it, or of what follows it,
 * reaches an upstream (RFC 9112 §11).
 *
 * <p>In the tables {@code ~} stands for CRLF, {@code #} for a lone LF, {@code ^} for a lone CR, {@code {0}} for NUL, and
 * {@code {H}} for {@code Host: a.test} and its CRLF.
 */
class HostileClientsTest {

    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final String SMUGGLED = "GET /smuggled HTTP/1.1\r\nHost: a.test\r\n\r\n";

    @ParameterizedTest
    @ValueSource(
            strings = {
                // lengths
                "POST / HTTP/1.1~{H}Content-Length: 5~Content-Length: 6~~hello",
                "POST / HTTP/1.1~{H}Content-Length: 5~Content-Length: 5~~hello",
                "POST / HTTP/1.1~{H}Content-Length: 5~content-length: 5~~hello",
                "POST / HTTP/1.1~{H}Content-Length: 5, 5~~hello",
                "POST / HTTP/1.1~{H}Content-Length: 5,6~~hello",
                "POST / HTTP/1.1~{H}Content-Length: +5~~hello",
                "POST / HTTP/1.1~{H}Content-Length: -5~~hello",
                "POST / HTTP/1.1~{H}Content-Length: 0x5~~hello",
                "POST / HTTP/1.1~{H}Content-Length: 5 5~~hello",
                "POST / HTTP/1.1~{H}Content-Length: 5;~~hello",
                "POST / HTTP/1.1~{H}Content-Length: \"5\"~~hello",
                "POST / HTTP/1.1~{H}Content-Length: 5.0~~hello",
                "POST / HTTP/1.1~{H}Content-Length: 5e0~~hello",
                "POST / HTTP/1.1~{H}Content-Length: ~~hello",
                "POST / HTTP/1.1~{H}Content-Length: five~~hello",
                "POST / HTTP/1.1~{H}Content-Length: 9223372036854775808~~hello",
                "POST / HTTP/1.1~{H}Content-Length: 99999999999999999999999999~~hello",
                "POST / HTTP/1.1~{H}Content-Length : 5~~hello",
                "POST / HTTP/1.1~{H}Content-Length\t: 5~~hello",
                "GET / HTTP/1.1~{H}Content-Length: 5~Content-Length: 0~~hello",
                // a length beside a coding
                "POST / HTTP/1.1~{H}Content-Length: 5~Transfer-Encoding: chunked~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: chunked~Content-Length: 5~~0~~",
                "POST / HTTP/1.1~{H}Content-Length: 0~Transfer-Encoding: chunked~~0~~",
                "POST / HTTP/1.1~{H}transfer-encoding: chunked~content-length: 0~~0~~",
                // codings
                "POST / HTTP/1.1~{H}Transfer-Encoding: chunked, identity~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: identity~~hello",
                "POST / HTTP/1.1~{H}Transfer-Encoding: identity, chunked~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: gzip, chunked~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: gzip~~hello",
                "POST / HTTP/1.1~{H}Transfer-Encoding: xchunked~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: chunkedx~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: chunked, chunked~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: chunked,~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: , chunked~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: \"chunked\"~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: chunked;a=b~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: \u000bchunked~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: ch\u00fbnked~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: ~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: chunked~Transfer-Encoding: chunked~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: chunked~Transfer-Encoding: identity~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding: identity~Transfer-Encoding: chunked~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding : chunked~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding\t: chunked~~0~~",
                "POST / HTTP/1.1~{H} Transfer-Encoding: chunked~~0~~",
                "POST / HTTP/1.1~{H}Transfer-Encoding:~ chunked~~0~~",
                "POST / HTTP/1.1~{H}X: a^Transfer-Encoding: chunked~~0~~",
                "POST / HTTP/1.1~{H}X: a#Transfer-Encoding: chunked~~0~~",
                "POST / HTTP/1.0~{H}Transfer-Encoding: chunked~~0~~",
                "POST / HTTP/1.0~{H}Connection: keep-alive~Transfer-Encoding: chunked~~0~~",
                // line ends and folds
                "GET / HTTP/1.1#{H}~",
                "GET / HTTP/1.1~Host: a.test#~",
                "GET / HTTP/1.1~{H}#",
                "GET / HTTP/1.1~{H}X: a#Y: b~~",
                "GET / HTTP/1.1#Host: a.test##",
                "GET / HTTP/1.1~{H}X: a^b~~",
                "GET / HTTP/1.1^Host: a.test^^",
                "GET / HTTP/1.1~{H}X: a~ folded~~",
                "GET / HTTP/1.1~{H}X: a~\tfolded~~",
                "GET / HTTP/1.1~ X: a~{H}~",
                "GET / HTTP/1.1~\t~{H}~",
                // names and values
                "GET / HTTP/1.1~{H}X : a~~",
                "GET / HTTP/1.1~{H}: a~~",
                "GET / HTTP/1.1~{H}X~~",
                "GET / HTTP/1.1~{H}X{0}: a~~",
                "GET / HTTP/1.1~{H}X: a{0}b~~",
                "GET / HTTP/1.1~{H}X: a\u0001b~~",
                "GET / HTTP/1.1~{H}X: a\u007fb~~",
                "GET / HTTP/1.1~{H}X(y): a~~",
                "GET / HTTP/1.1~{H}X\u00e9: a~~",
                "GET / HTTP/1.1~{H}X y: a~~",
                // hosts
                "GET / HTTP/1.1~~",
                "GET / HTTP/1.1~{H}Host: a.test~~",
                "GET / HTTP/1.1~{H}Host: b.test~~",
                "GET / HTTP/1.1~{H}host: b.test~~",
                "GET / HTTP/1.1~Host: a.test, b.test~~",
                "GET / HTTP/1.1~Host: a.test b.test~~",
                "GET / HTTP/1.1~Host: user@a.test~~",
                "GET / HTTP/1.1~Host: a.test/path~~",
                "GET / HTTP/1.1~Host: http://a.test~~",
                "GET / HTTP/1.1~Host: a.test:port~~",
                "GET / HTTP/1.1~Host: a.test:99999~~",
                "GET / HTTP/1.1~Host: a.test:-1~~",
                "GET / HTTP/1.1~Host: [::1~~",
                "GET / HTTP/1.1~Host: a.test#b~~",
                "GET / HTTP/1.1~Host : a.test~~",
                "GET / HTTP/1.0~{H}Host: b.test~~",
                "GET http://user@a.test/ HTTP/1.1~{H}~",
                "GET http:///path HTTP/1.1~{H}~",
                "GET http://a.test:port/ HTTP/1.1~{H}~",
                // request lines
                "GET /~~",
                "GET / ~{H}~",
                "GET~{H}~",
                "GET / HTTP/0.9~{H}~",
                "GET / HTTP/1.2~{H}~",
                "GET / HTTP/2.0~{H}~",
                "GET / HTTP/3.0~{H}~",
                "GET / HTTP/1.1x~{H}~",
                "GET / HTTP/11~{H}~",
                "GET / HTTP/1.~{H}~",
                "GET / HTTPS/1.1~{H}~",
                "GET / HTTP/1.1 ~{H}~",
                "GET / HTTP/1.1 HTTP/1.1~{H}~",
                "GET /a b HTTP/1.1~{H}~",
                "GET\t/ HTTP/1.1~{H}~",
                "GET /\tHTTP/1.1~{H}~",
                "GET /\ta HTTP/1.1~{H}~",
                " GET / HTTP/1.1~{H}~",
                "G{0}T / HTTP/1.1~{H}~",
                "GET /{0} HTTP/1.1~{H}~",
                "GET /^a HTTP/1.1~{H}~",
                "G(T / HTTP/1.1~{H}~",
                "GET path HTTP/1.1~{H}~",
                "GET ?query HTTP/1.1~{H}~",
                "GET * HTTP/1.1~{H}~",
                "\u0016\u0003\u0001\u0002 / HTTP/1.1~{H}~"
            })
    void aHeadThatCouldBeReadInTwoWaysIsRefused(String request) {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            client.send(bytes(request) + SMUGGLED);
            RawResponse response = client.readResponse();

            assertThat(response.status()).isIn(400, 426, 505);
            assertThat(response.flaw()).isEmpty();
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(upstream.connectionCount()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "zz~hello~0~~",
                "-5~hello~0~~",
                "+5~hello~0~~",
                "0x5~hello~0~~",
                " 5~hello~0~~",
                "5 ~hello~0~~",
                "5#hello~0~~",
                "5^hello~0~~",
                "5~hello#0~~",
                "5~hello^0~~",
                "5~helloX~0~~",
                "5~hello0~~",
                "5~hell~0~~",
                "~5~hello~0~~",
                "8000000000000000~hello~0~~",
                "ffffffffffffffff~hello~0~~",
                "10000000000000005~hello~0~~",
                "00000000000000000005~hello~0~~",
                "5,5~hello~0~~",
                "5;~hello~0~~",
                "5;;a~hello~0~~",
                "5;a=~hello~0~~",
                "5;a b~hello~0~~",
                "5;a=\"b~hello~0~~",
                "5;a={0}~hello~0~~",
                "5;a#hello~0~~",
                "5~hello~0#~",
                "5~hello~0~#",
                "5~hello~0~X : y~~",
                "5~hello~0~X~~",
                "5~hello~0~X: y#~",
                "5~hello~0~ X: y~~",
                "5~hello~0~X: a~ folded~~",
                "5~hello~0~X: a{0}b~~"
            })
    void aMalformedChunkIsRefusedAndTheUpstreamsConnectionIsClosed(String chunks) {
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            connection.readRequest();
                            connection.send(OK);
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(OK);
                        });
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n");
            client.send(bytes(chunks) + SMUGGLED);
            RawResponse response = client.readResponse();

            assertThat(response.status()).isEqualTo(400);
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.BAD_REQUEST);
            if (upstream.connectionCount() > 0) {
                upstream.awaitClosed(1);
            }
            assertThat(upstream.requests()).allMatch(RawRequest::isTruncated);
        }
    }

    @Test
    void aChunkThatTurnsOutBadLateIsRefusedAndTheUpstreamSeesNoEnd() {
        CountDownLatch firstSeen = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            var head = connection.readHead();
                            Await.until(
                                    "the first chunk",
                                    () -> connection.received().contains("first"));
                            firstSeen.countDown();
                            connection.readBody(head);
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(OK);
                        });
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            upstream.awaitRequest();
            client.send("zz\r\nevil\r\n0\r\n\r\n" + SMUGGLED);
            RawResponse response = client.readResponse();

            assertThat(response.status()).isEqualTo(400);
            assertThat(client.isClosedByPeer()).isTrue();
            upstream.awaitClosed(1);
            assertThat(upstream.connection(1).received()).doesNotContain("evil", "\r\n0\r\n\r\n");
            assertThat(proxy.exchange(WiredProxy.GET).body()).isEqualTo("ok");
        }
    }

    @Test
    void aChunkThatTurnsOutBadAfterTheAnswerBeganBreaksTheAnswer() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nearly");
                    connection.hang();
                });
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
            assertThat(client.readHead().status()).isEqualTo(200);
            client.send("zz\r\n");

            assertThat(client.readAll()).isEqualTo("early");
            upstream.awaitClosed(1);
        }
    }

    @Test
    void aBodyThatEndsEarlyReachesNoUpstreamAsWhole() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(OK);
                });
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nhalf")
                    .shutdownOutput();

            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(proxy.awaitEnded(1).outcome().status()).isIn(400, 499);
            if (upstream.connectionCount() > 0) {
                upstream.awaitClosed(1);
            }
            assertThat(upstream.requests()).allMatch(RawRequest::isTruncated);
        }
    }

    @Test
    void anAbsoluteTargetRulesOverHost() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            client.send("GET http://b.test:81/path?q HTTP/1.1\r\nHost: a.test\r\n\r\n");

            assertThat(client.readResponse().status()).isEqualTo(200);
            var seen = upstream.awaitRequest();
            assertThat(seen.requestLine()).isEqualTo("GET /path?q HTTP/1.1");
            assertThat(seen.fields("Host")).containsExactly("b.test:81");
        }
    }

    @Test
    void aVeryLongMethodIsRefused() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            client.send("M".repeat(64 * 1024) + " / HTTP/1.1\r\nHost: a.test\r\n\r\n");

            assertThat(client.readResponse().status()).isIn(400, 431);
            assertThat(upstream.connectionCount()).isZero();
        }
    }

    @Test
    void requestsThatFollowAtOnceAreServedInOrder() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    while (true) {
                        String target = connection.readRequest().target();
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + target.length() + "\r\n\r\n" + target);
                    }
                });
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            client.send("POST /1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n\r\nhello"
                    + "POST /2 HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
                    + "GET /3 HTTP/1.1\r\nHost: a.test\r\n\r\n");

            assertThat(client.readResponse().body()).isEqualTo("/1");
            assertThat(client.readResponse().body()).isEqualTo("/2");
            assertThat(client.readResponse().body()).isEqualTo("/3");
        }
    }

    private static String bytes(String escaped) {
        return escaped.replace("{H}", "Host: a.test~")
                .replace("~", "\r\n")
                .replace('#', '\n')
                .replace('^', '\r')
                .replace("{0}", "\0");
    }
}
