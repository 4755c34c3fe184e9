package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.testkit.Await;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What an upstream says that is no HTTP, or could be read in two ways, is a 502 or a broken message, and nothing of that
 * connection reaches another client.
 *
 * <p>In the tables {@code ~} stands for CRLF, {@code #} for a lone LF, {@code ^} for a lone CR, {@code 0} in braces for NUL.
 */
class BadUpstreamBytesTest {

    private static final String FRESH = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfresh";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hello~~",
                "<html>hello</html>~~",
                "220 mail.test ESMTP~",
                "HTTP/1.1~~",
                "HTTP/1.1 ~~",
                "HTTP/1.1 abc OK~~",
                "HTTP/1.1 2x0 OK~~",
                "HTTP/1.1 20 OK~~",
                "HTTP/1.1 20~~",
                "HTTP/1.1 99 Low~Content-Length: 0~~",
                "HTTP/1.1 99~Content-Length: 0~~",
                "HTTP/1.1 1000 High~Content-Length: 0~~",
                "HTTP/1.1 -200 OK~Content-Length: 0~~",
                "HTTP/1.1 0200 OK~Content-Length: 0~~",
                "HTTP/1.1\t200\tOK~Content-Length: 0~~",
                "HTTP/0.9 200 OK~Content-Length: 0~~",
                "HTTP/1.2 200 OK~Content-Length: 0~~",
                "HTTP/2.0 200 OK~Content-Length: 0~~",
                "HTTP/3.0 200 OK~Content-Length: 0~~",
                "ICY 200 OK~Content-Length: 0~~",
                " HTTP/1.1 200 OK~Content-Length: 0~~",
                "HTTP/1.1 200 O{0}K~Content-Length: 0~~",
                "HTTP/1.1 200 O^K~Content-Length: 0~~"
            })
    void aBadStatusLineIsA502(String answer) {
        answersWith502(answer, ProxyError.PROTOCOL_ERROR);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 2~Content-Length: 3",
                "Content-Length: 2~Content-Length: 2",
                "Content-Length: 2, 2",
                "Content-Length: +2",
                "Content-Length: -2",
                "Content-Length: 0x2",
                "Content-Length: 2 2",
                "Content-Length: ",
                "Content-Length: two",
                "Content-Length: 99999999999999999999",
                "Content-Length : 2",
                "Content-Length: 2~Transfer-Encoding: chunked",
                "Transfer-Encoding: chunked~Content-Length: 2",
                "Transfer-Encoding: gzip, chunked",
                "Transfer-Encoding: gzip",
                "Transfer-Encoding: identity",
                "Transfer-Encoding: chunked, chunked",
                "Transfer-Encoding: chunked~Transfer-Encoding: chunked",
                "Transfer-Encoding: chunked;q=1",
                "Transfer-Encoding: xchunked",
                "Transfer-Encoding: \"chunked\"",
                "Transfer-Encoding: ",
                "Transfer-Encoding : chunked"
            })
    void framingThatCouldBeReadInTwoWaysIsA502(String fields) {
        answersWith502("HTTP/1.1 200 OK~" + fields + "~~2~ok~0~~", ProxyError.PROTOCOL_ERROR);
    }

    @Test
    void chunksInHttp10AreA502() {
        answersWith502("HTTP/1.0 200 OK~Transfer-Encoding: chunked~~2~ok~0~~", ProxyError.PROTOCOL_ERROR);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X: a{0}b",
                "X: a^b",
                "X: a#Y: b",
                "X: a~ folded",
                "X: a~\tfolded",
                "X{0}: a",
                "X y: a",
                "X : a",
                "X\t: a",
                ": a",
                "X",
                "X(y): a",
                "X\u00e9: a",
                "X: a\u0001b",
                "X: a\u007fb",
                "^X: a"
            })
    void aBadFieldLineIsA502(String field) {
        answersWith502("HTTP/1.1 200 OK~Content-Length: 2~" + field + "~~ok", ProxyError.PROTOCOL_ERROR);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK#Content-Length: 2~~ok",
                "HTTP/1.1 200 OK~Content-Length: 2#~ok",
                "HTTP/1.1 200 OK~Content-Length: 2~#ok",
                "HTTP/1.1 200 OK#Content-Length: 2##ok"
            })
    void aBareLineFeedIsA502(String answer) {
        answersWith502(answer, ProxyError.PROTOCOL_ERROR);
    }

    @Test
    void aHeadOfOneMebibyteIsA502() {
        String field = "X-Large: " + "x".repeat(1024 * 1024);
        answersWith502("HTTP/1.1 200 OK~Content-Length: 2~" + field + "~~ok", ProxyError.RESPONSE_HEAD_TOO_LARGE);
    }

    @Test
    void aReasonOfOneMebibyteIsA502() {
        answersWith502(
                "HTTP/1.1 200 " + "x".repeat(1024 * 1024) + "~Content-Length: 2~~ok",
                ProxyError.RESPONSE_HEAD_TOO_LARGE);
    }

    @Test
    void aHeadWithoutEndIsA502() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\n");
                    while (true) {
                        connection.send("X-More: and more\r\n".repeat(100));
                    }
                });
                var proxy = WiredProxy.to(upstream.uri())) {

            RawResponse response = proxy.exchange(GET);

            assertThat(response.status()).isEqualTo(502);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_HEAD_TOO_LARGE);
        }
    }

    @Test
    void interimResponsesWithoutEndAreA502() {
        answersWith502("HTTP/1.1 103 Early Hints~~".repeat(1000), ProxyError.PROTOCOL_ERROR);
    }

    @Test
    void aSwitchOfProtocolsThatNobodyAskedForIsA502() {
        answersWith502(
                "HTTP/1.1 101 Switching Protocols~Connection: upgrade~Upgrade: websocket~~", ProxyError.UPGRADE_FAILED);
    }

    @Test
    void aMalformedFirstChunkIsA502WhenNothingOfTheResponseWasSent() {
        answersWith502("HTTP/1.1 200 OK~Transfer-Encoding: chunked~~zz~", ProxyError.PROTOCOL_ERROR);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                                              | CONNECTION_TERMINATED",
                "HTTP                                            | RESPONSE_INCOMPLETE",
                "HTTP/1.1 200 OK~Content-Le                      | RESPONSE_INCOMPLETE",
                "HTTP/1.1 200 OK~Content-Length: 2~              | RESPONSE_INCOMPLETE",
                "HTTP/1.1 103 Early Hints~~                      | RESPONSE_INCOMPLETE"
            })
    void aCloseBeforeTheEndOfTheHeadIsA502(String answer, ProxyError error) {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(bytes(answer));
                    connection.close();
                });
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            RawResponse response = client.send(GET).readResponse();
            while (response.status() < 200) {
                response = client.readResponse();
            }

            assertThat(response.status()).isEqualTo(502);
            assertThat(proxy.awaitError(1)).isEqualTo(error);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "zz~",
                "-1~hello~",
                "+5~hello~",
                "0x5~hello~",
                " 5~hello~",
                "5 ~hello~",
                "5#hello~",
                "5^hello~",
                "5~helloX~",
                "5~hello#",
                "5~hello^",
                "5~hell~",
                "~",
                "5;~hello~",
                "5;;a~hello~",
                "5;a=\"~hello~",
                "5;a b~hello~",
                "5,5~hello~",
                "8000000000000000~",
                "ffffffffffffffffff~",
                "00000000000000000005~hello~",
                "0~X y: 1~~",
                "0~ x: folded~~",
                "0~X: a{0}b~~",
                "0#~",
                "0~#"
            })
    void aMalformedChunkBreaksTheMessage(String chunk) {
        CountDownLatch firstSeen = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            connection.readRequest();
                            connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nfirst\r\n");
                            Await.on("the client has the first chunk", firstSeen);
                            connection.send(bytes(chunk) + "5\r\nlater\r\n0\r\n\r\n");
                            connection.hang();
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(FRESH);
                        });
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            client.send(GET).readHead();
            assertThat(client.readBytes(8)).isEqualTo("5\r\nfirst");
            firstSeen.countDown();
            String rest = client.readAll();

            assertThat(rest).doesNotContain("0\r\n\r\n").doesNotContain("later");
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.PROTOCOL_ERROR);
            upstream.awaitClosed(1);
            assertThat(proxy.exchange(GET).body()).isEqualTo("fresh");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"5;a=b~hello~0~~", "5;a=\"b;c\"~hello~0;last~~", "005~hello~000~~", "5~hello~0~X: y~~"})
    void aWellFormedChunkIsPassedOn(String chunks) {
        try (var upstream = ScriptedUpstream.answering(bytes("HTTP/1.1 200 OK~Transfer-Encoding: chunked~~" + chunks));
                var proxy = WiredProxy.to(upstream.uri())) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("hello");
            assertThat(proxy.exchange(GET).flaw()).isEmpty();
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 100~~part",
                "Transfer-Encoding: chunked~~4~part~",
                "Transfer-Encoding: chunked~~4~part~5~he",
                "Transfer-Encoding: chunked~~4~part~0~"
            })
    void aCloseInsideTheBodyBreaksTheMessage(String rest) {
        CountDownLatch headSeen = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send(bytes("HTTP/1.1 200 OK~" + rest));
                    Await.on("the client has the head", headSeen);
                    connection.close();
                });
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            RawResponse head = client.send(GET).readHead();
            headSeen.countDown();

            assertThat(head.status()).isEqualTo(200);
            assertThat(client.readAll()).contains("part").doesNotContain("0\r\n\r\n");
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_INCOMPLETE);
        }
    }

    @Test
    void aResetBreaksEvenABodyThatLastsUntilTheClose() {
        CountDownLatch partSeen = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\n\r\npart");
                    Await.on("the client has a part", partSeen);
                    connection.reset();
                });
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            client.send(GET).readHead();
            assertThat(client.readBytes(7)).isEqualTo("4\r\npart");
            partSeen.countDown();

            assertThat(client.readAll()).isEmpty();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_INCOMPLETE);
        }
    }

    @Test
    void anOrderlyCloseEndsABodyThatLastsUntilTheClose() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\n\r\nall of it");
                var proxy = WiredProxy.to(upstream.uri())) {

            RawResponse response = proxy.exchange(GET);

            assertThat(response.body()).isEqualTo("all of it");
            assertThat(response.flaw()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET  | HTTP/1.1 200 OK~Content-Length: 2~~ok",
                "GET  | HTTP/1.1 200 OK~Transfer-Encoding: chunked~~2~ok~0~~",
                "GET  | HTTP/1.1 204 No Content~~",
                "GET  | HTTP/1.1 204 No Content~Content-Length: 400~~",
                "GET  | HTTP/1.1 304 Not Modified~~",
                "GET  | HTTP/1.1 304 Not Modified~Content-Length: 400~~",
                "HEAD | HTTP/1.1 200 OK~Content-Length: 400~~",
                "HEAD | HTTP/1.1 200 OK~Transfer-Encoding: chunked~~"
            })
    void whatFollowsTheEndReachesNobody(String method, String answer) {
        String evil = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil";
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            connection.readRequest();
                            connection.send(bytes(answer) + evil);
                            connection.hang();
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(FRESH);
                        });
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            client.send(method + " / HTTP/1.1\r\nHost: a.test\r\n\r\n");
            RawResponse response = method.equals("HEAD") ? client.readHead() : client.readResponse();

            assertThat(response.flaw()).isEmpty();
            assertThat(response.body()).isEqualTo(answer.contains("ok") ? "ok" : "");
            upstream.awaitClosed(1);
            assertThat(client.send(GET).readResponse().body()).isEqualTo("fresh");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"x", "~", "HTTP/1.1 200 OK~Content-Length: 4~~evil"})
    void whatIsSaidOnAnIdleConnectionReachesNobody(String unasked) {
        CountDownLatch idle = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            connection.readRequest();
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                            Await.on("the connection is idle", idle);
                            connection.send(bytes(unasked));
                            connection.hang();
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(FRESH);
                        });
                var proxy = WiredProxy.to(upstream.uri())) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            proxy.awaitEnded(1);
            idle.countDown();
            upstream.awaitClosed(1);

            assertThat(proxy.exchange(GET).body()).isEqualTo("fresh");
        }
    }

    @Test
    void aBodyLongerThanItsLengthIsCutThere() {
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            connection.readRequest();
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokay");
                            connection.hang();
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(FRESH);
                        });
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            assertThat(client.send(GET).readResponse().body()).isEqualTo("ok");
            assertThat(client.send(GET).readResponse().body()).isEqualTo("fresh");
        }
    }

    @Test
    void aLengthWhereNoBodyCanBeIsDropped() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 103 Early Hints\r\nContent-Length: 7\r\n\r\n"
                        + "HTTP/1.1 204 No Content\r\nContent-Length: 400\r\n\r\n");
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            assertThat(client.send(GET).readInterim().field("Content-Length")).isEmpty();
            RawResponse response = client.readResponse();

            assertThat(response.status()).isEqualTo(204);
            assertThat(response.field("Content-Length")).isEmpty();
        }
    }

    private static void answersWith502(String answer, ProxyError error) {
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            connection.readRequest();
                            connection.send(bytes(answer));
                            connection.hang();
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(FRESH);
                        });
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            RawResponse response = client.send(GET).readResponse();
            while (response.status() < 200) {
                response = client.readResponse();
            }

            assertThat(response.status()).isEqualTo(502);
            assertThat(proxy.awaitError(1)).isEqualTo(error);
            upstream.awaitClosed(1);
            assertThat(client.send(GET).readResponse().body()).isEqualTo("fresh");
        }
    }

    private static String bytes(String escaped) {
        return escaped.replace("~", "\r\n")
                .replace('#', '\n')
                .replace('^', '\r')
                .replace("{0}", "\0");
    }
}
