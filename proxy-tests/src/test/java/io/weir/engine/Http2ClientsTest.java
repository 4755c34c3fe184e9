package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.H2Response;
import io.weir.testkit.H2Stream;
import io.weir.testkit.RawRequest;
import io.weir.testkit.ScriptedUpstream;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import org.eclipse.jetty.http2.ErrorCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** HTTP/2 in the clear with prior knowledge, to an upstream over HTTP/1.1. */
class Http2ClientsTest {

    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final int MIB = 1024 * 1024;

    @Test
    void aRequestWithoutBodyHasNone() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK));
                var client = proxied.h2Client()) {

            H2Response response = client.request("GET", "/a%2Fb?q={x}", List.of(new Field("Host", "a.test:81")));

            RawRequest request = proxied.upstream().awaitRequest();
            assertThat(response.body()).isEqualTo("ok");
            assertThat(request.requestLine()).isEqualTo("GET /a%2Fb?q={x} HTTP/1.1");
            assertThat(request.fields("Host")).containsExactly("a.test:81");
            assertThat(request.fields("Content-Length")).isEmpty();
            assertThat(request.fields("Transfer-Encoding")).isEmpty();
        }
    }

    @Test
    void anUploadWithoutLengthGoesInChunks() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK));
                var client = proxied.h2Client()) {

            client.request("POST", "/", List.of(), "abc", "", "def");

            RawRequest request = proxied.upstream().awaitRequest();
            assertThat(request.body()).isEqualTo("abcdef");
            assertThat(request.fields("Transfer-Encoding")).containsExactly("chunked");
            assertThat(request.fields("Content-Length")).isEmpty();
        }
    }

    @Test
    void anUploadWithLengthKeepsIt() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK));
                var client = proxied.h2Client()) {

            client.request("POST", "/", List.of(new Field("Content-Length", "6")), "abc", "def");

            RawRequest request = proxied.upstream().awaitRequest();
            assertThat(request.body()).isEqualTo("abcdef");
            assertThat(request.fields("Content-Length")).containsExactly("6");
        }
    }

    /** What is over would be the upstream's next request. */
    @ParameterizedTest
    @CsvSource({"3, abcGET /smuggled", "3, ab", "0, GET /smuggled", "100, GET /smuggled"})
    void aBodyOfAnotherLengthThanSaidIsRefused(String length, String body) {
        try (var proxied = Proxied.to(connection -> {
                    connection.readHead();
                    connection.hang();
                });
                var client = proxied.h2Client()) {
            H2Stream stream = client.openStream("POST", "/", List.of(new Field("Content-Length", length)));
            proxied.upstream().awaitRequest();

            stream.sendLast(body);

            assertThat(stream.awaitReset()).isEqualTo(ErrorCode.PROTOCOL_ERROR.code);
            proxied.upstream().awaitClosed(1);
            assertThat(proxied.upstream().connection(1).received()).endsWith("\r\n\r\n");
            assertThat(proxied.awaitEnded(1).outcome().error().side()).isEqualTo(ProxyError.Side.CLIENT);
            assertThat(proxied.complaints()).isEmpty();
        }
    }

    @Test
    void whatComesAfterTheLengthThatWasSaidStaysOutside() {
        CountDownLatch taken = new CountDownLatch(1);
        try (var proxied = Proxied.to(connection -> {
                    connection.readHead();
                    connection.readBytes(3);
                    taken.countDown();
                    connection.hang();
                });
                var client = proxied.h2Client()) {
            H2Stream stream = client.openStream("POST", "/", List.of(new Field("Content-Length", "3")));

            stream.send("abc");
            Await.on("the upstream has taken what was said", taken);
            stream.sendLast("GET /smuggled");

            assertThat(stream.awaitReset()).isNotZero();
            proxied.upstream().awaitClosed(1);
            assertThat(proxied.upstream().connection(1).received()).endsWith("\r\n\r\nabc");
        }
    }

    @Test
    void aHundredStreamsRunAtOnce() {
        CountDownLatch allThere = new CountDownLatch(100);
        try (var proxied = Proxied.to(connection -> {
                    RawRequest request = connection.readRequest();
                    allThere.countDown();
                    allThere.await();
                    String body = request.target() + request.body();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body);
                });
                var client = proxied.h2Client()) {
            List<H2Stream> streams = new ArrayList<>();

            for (int i = 0; i < 100; i++) {
                streams.add(client.openStream("POST", "/" + i, List.of()).sendLast(" body " + i));
            }

            for (int i = 0; i < 100; i++) {
                assertThat(streams.get(i).awaitResponse().body()).isEqualTo("/" + i + " body " + i);
            }
        }
    }

    @Test
    void aSmallWindowIsEnoughForALargeBody() {
        byte[] body = new byte[MIB];
        new Random(1).nextBytes(body);
        try (var proxied = Proxied.to(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + MIB + "\r\n\r\n");
                    connection.send(body);
                });
                var client = proxied.h2Client(4096, 4096)) {

            H2Response response = client.request("GET", "/", List.of());

            assertThat(response.bodyBytes()).isEqualTo(body);
        }
    }

    @Test
    void aLargeUploadArrivesByteForByte() {
        byte[] body = new byte[5 * MIB];
        new Random(2).nextBytes(body);
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK));
                var client = proxied.h2Client()) {
            H2Stream stream = client.openStream("PUT", "/", List.of());

            H2Response response = stream.send(body).sendLast("").awaitResponse();

            assertThat(response.status()).isEqualTo(200);
            assertThat(proxied.upstream().awaitRequest().bodyBytes()).isEqualTo(body);
        }
    }

    @Test
    void aStreamThatIsNotReadDoesNotHoldUpTheOthers() {
        try (var proxied = Proxied.to(connection -> {
                    if (connection.readRequest().target().equals("/large")) {
                        connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + MIB + "\r\n\r\n");
                        connection.sendFiller(MIB);
                    } else {
                        connection.send(OK);
                    }
                });
                var client = proxied.h2Client(32 * 1024, MIB)) {
            H2Stream large = client.openStream("POST", "/large", List.of()).sendLast("");
            large.awaitHead();

            assertThat(client.request("GET", "/small", List.of()).body()).isEqualTo("ok");
            assertThat(large.awaitResponse().body()).hasSize(MIB);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n",
                "HTTP/1.1 204 No Content\r\n\r\n"
            })
    void anAnswerToHeadHasNoLengthOfItsOwn(String head) {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(head));
                var client = proxied.h2Client()) {

            H2Response response = client.request("HEAD", "/", List.of());

            assertThat(response.isTruncated()).isFalse();
            assertThat(response.fields("content-length")).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", "HTTP/1.1 304 No\r\nContent-Length: 10\r\n\r\n"
            })
    void anAnswerToHeadKeepsItsLengthAndIsOneFrame(String head) {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(head));
                var client = proxied.h2Client()) {

            H2Response response = client.request("HEAD", "/", List.of());

            assertThat(response.isTruncated()).isFalse();
            assertThat(response.field("content-length")).contains("10");
        }
    }

    @Test
    void fieldsOfTheUpstreamsConnectionDoNotReachTheClient() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n"
                        + "Connection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nX-Kept: 1\r\n\r\nok"));
                var client = proxied.h2Client()) {

            H2Response response = client.request("GET", "/", List.of());

            assertThat(response.fields()).containsExactly(new Field("content-length", "2"), new Field("x-kept", "1"));
        }
    }

    @Test
    void aConnectionServesOneRequestAfterTheOther() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering(OK));
                var client = proxied.h2Client()) {
            for (int i = 0; i < 50; i++) {
                assertThat(client.request("POST", "/", List.of(), "abc").body()).isEqualTo("ok");
            }

            assertThat(proxied.upstream().connectionCount()).isOne();
        }
    }

    @Test
    void aBodyThatNobodyReadsIsGivenBack() {
        ScriptedUpstream upstream = ScriptedUpstream.answering(OK);
        try (var proxied = Proxied.to(upstream, config -> config.limits(limits -> limits.withRequestTarget(3)));
                var client = proxied.h2Client()) {
            for (int i = 0; i < 20; i++) {
                assertThat(client.request("POST", "/long", List.of(), "abc", "def")
                                .status())
                        .isEqualTo(414);
            }

            assertThat(upstream.connectionCount()).isZero();
        }
    }
}
