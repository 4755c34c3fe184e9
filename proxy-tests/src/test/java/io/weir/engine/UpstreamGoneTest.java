package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.testkit.Await;
import io.weir.testkit.H2Stream;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Where an upstream dies inside a body the client sees a broken message, never one that looks whole. */
class UpstreamGoneTest {

    /** What the upstream has said when it dies. */
    enum Said {
        PART_OF_A_LENGTH("Content-Length: 10\r\n\r\nabc"),
        NOTHING_OF_A_LENGTH("Content-Length: 10\r\n\r\n"),
        SOME_CHUNKS("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n"),
        PART_OF_A_CHUNK("Transfer-Encoding: chunked\r\n\r\n5\r\nabc"),
        NO_END_OF_TRAILERS("Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-A: 1\r\n"),
        A_BROKEN_CHUNK("Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n");

        private final String message;

        Said(String message) {
            this.message = message;
        }
    }

    /** How it dies. */
    enum Dying {
        CLOSE,
        RESET;

        void die(UpstreamConnection connection) {
            switch (this) {
                case CLOSE -> connection.close();
                case RESET -> connection.reset();
            }
        }
    }

    static Stream<Arguments> deaths() {
        return Stream.of(Said.values())
                .flatMap(said -> Stream.of(Dying.values()).map(dying -> Arguments.of(said, dying)));
    }

    @ParameterizedTest
    @MethodSource("deaths")
    void anHttp1ClientSeesABrokenBody(Said said, Dying dying) {
        CountDownLatch headSeen = new CountDownLatch(1);
        try (var proxied = Proxied.to(dyingUpstream(said, dying, headSeen));
                var client = proxied.client()) {

            RawResponse head =
                    client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").readHead();
            headSeen.countDown();
            String rest = client.readAllThatComes();

            assertThat(head.status()).isEqualTo(200);
            assertThat(rest).doesNotContain("0\r\n\r\n").hasSizeLessThan(10);
            assertThat(proxied.awaitEnded(1).outcome().error()).isNotNull();
            assertThat(proxied.awaitEnded(1).outcome().error().side()).isEqualTo(ProxyError.Side.UPSTREAM);
        }
    }

    @ParameterizedTest
    @MethodSource("deaths")
    void anHttp2ClientSeesItsStreamReset(Said said, Dying dying) {
        CountDownLatch headSeen = new CountDownLatch(1);
        try (var proxied = Proxied.to(dyingUpstream(said, dying, headSeen));
                var client = proxied.h2Client()) {

            H2Stream stream = client.openStream("POST", "/", List.of()).sendLast("");
            stream.awaitHead();
            headSeen.countDown();

            assertThat(stream.awaitReset()).isNotZero();
            assertThat(proxied.awaitEnded(1).outcome().error().side()).isEqualTo(ProxyError.Side.UPSTREAM);
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"SOME_CHUNKS", "PART_OF_A_CHUNK"})
    void anHttp10ClientIsResetWhereACloseWouldLookLikeTheEnd(Said said) {
        CountDownLatch headSeen = new CountDownLatch(1);
        try (var proxied = Proxied.to(dyingUpstream(said, Dying.CLOSE, headSeen));
                var client = proxied.client()) {

            client.send("GET / HTTP/1.0\r\nHost: a.test\r\n\r\n").readHead();
            headSeen.countDown();

            assertThat(client.isResetByPeer()).isTrue();
        }
    }

    @Test
    void aBodyThatLastsUntilTheCloseEndsCleanly() {
        try (var proxied = Proxied.to(ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nServer: x\r\n\r\nabc"));
                var client = proxied.h2Client()) {

            assertThat(RawClient.exchange(proxied.port(), "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
                            .isTruncated())
                    .isFalse();
            assertThat(client.request("GET", "/", List.of()).isTruncated()).isFalse();
            assertThat(proxied.complaints()).isEmpty();
        }
    }

    @Test
    void aBodyThatLastsUntilTheCloseIsBrokenByAReset() {
        CountDownLatch headSeen = new CountDownLatch(1);
        try (var proxied = Proxied.to(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nServer: x\r\n\r\n");
                    Await.on("the client has the head", headSeen);
                    connection.reset();
                });
                var client = proxied.client()) {

            client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").readHead();
            headSeen.countDown();

            assertThat(client.readAllThatComes()).isEmpty();
        }
    }

    @Test
    void anUploadToAnUpstreamThatDiesIsAnswered502() {
        CountDownLatch sent = new CountDownLatch(1);
        try (var proxied = Proxied.to(connection -> {
                    connection.readHead();
                    connection.readBytes(3);
                    Await.on("the client has sent some", sent);
                    connection.reset();
                });
                var client = proxied.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\nabc");
            sent.countDown();

            RawResponse response = client.readResponse();

            assertThat(response.status()).isEqualTo(502);
        }
    }

    private static ScriptedUpstream.Script dyingUpstream(Said said, Dying dying, CountDownLatch headSeen) {
        return connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\n" + said.message);
            Await.on("the client has the head", headSeen);
            dying.die(connection);
        };
    }
}
