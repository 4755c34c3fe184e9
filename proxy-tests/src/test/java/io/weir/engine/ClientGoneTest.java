package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.testkit.Await;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Stream;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * A client that leaves frees its upstream at once, wherever the exchange stands. It is logged as 499, and nobody else is
 * blamed for it.
 */
class ClientGoneTest {

    private static final long ENDLESS = 1L << 40;

    /** Where the exchange stands when the client leaves. */
    enum Moment {
        /** The upstream has the request and thinks. */
        WAITING("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", 499) {
            @Override
            void upstream(UpstreamConnection connection) throws Exception {
                connection.readRequest();
            }
        },
        /** The upstream has the request, whole, with its body, and thinks. */
        WAITING_WITH_BODY("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 3\r\n\r\nabc", 499) {
            @Override
            void upstream(UpstreamConnection connection) throws Exception {
                connection.readRequest();
            }
        },
        /** The upstream waits for more of the request. */
        UPLOADING("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nabc", 499) {
            @Override
            void upstream(UpstreamConnection connection) throws Exception {
                connection.readHead();
                connection.readBytes(3);
            }
        },
        /** The same with chunks. */
        UPLOADING_CHUNKS("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", 499) {
            @Override
            void upstream(UpstreamConnection connection) throws Exception {
                connection.readHead();
                connection.readBytes(8);
            }
        },
        /** The client waits to be told to send its body. */
        EXPECTING("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n", 499) {
            @Override
            void upstream(UpstreamConnection connection) throws Exception {
                connection.readHead();
            }
        },
        /** The head has been delivered, and the upstream thinks. */
        ANSWERED("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", 200) {
            @Override
            void upstream(UpstreamConnection connection) throws Exception {
                connection.readRequest();
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
            }
        },
        /** Some of the body has been delivered, and the upstream thinks. */
        ANSWERING("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n", 200) {
            @Override
            void upstream(UpstreamConnection connection) throws Exception {
                connection.readRequest();
                connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
            }
        },
        /** Both directions are at work. */
        UPLOADING_AND_ANSWERING("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nabc", 200) {
            @Override
            void upstream(UpstreamConnection connection) throws Exception {
                connection.readHead();
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
                connection.readBytes(3);
            }
        };

        private final String request;
        private final int status;

        Moment(String request, int status) {
            this.request = request;
            this.status = status;
        }

        abstract void upstream(UpstreamConnection connection) throws Exception;

        boolean hasAnswer() {
            return status == 200;
        }

        boolean hasUnfinishedBody() {
            return name().startsWith("UPLOADING") || this == EXPECTING;
        }
    }

    /** How it leaves. */
    enum Leaving {
        CLOSE,
        HALF_CLOSE,
        RESET;

        void leave(RawClient client) {
            switch (this) {
                case CLOSE -> client.close();
                case HALF_CLOSE -> client.shutdownOutput();
                case RESET -> client.reset();
            }
        }
    }

    @ParameterizedTest
    @MethodSource
    void anHttp1ClientThatLeavesFreesItsUpstreamAtOnce(Moment moment, Leaving leaving) {
        CountDownLatch reached = new CountDownLatch(1);
        try (var proxied = Proxied.to(script(moment, reached));
                var client = proxied.client()) {
            client.send(moment.request);
            Await.on("the upstream got there", reached);
            if (moment.hasAnswer()) {
                client.readHead();
            }

            leaving.leave(client);

            proxied.upstream().awaitClosed(1);
            assertGone(proxied, moment);
        }
    }

    static Stream<Arguments> anHttp1ClientThatLeavesFreesItsUpstreamAtOnce() {
        return Stream.of(Moment.values())
                .flatMap(moment -> Stream.of(Leaving.values()).map(leaving -> Arguments.of(moment, leaving)));
    }

    @ParameterizedTest
    @MethodSource
    void anHttp2ClientThatLeavesFreesItsUpstreamAtOnce(Moment moment, boolean wholeConnection) {
        CountDownLatch reached = new CountDownLatch(1);
        try (var proxied = Proxied.to(script(moment, reached));
                var client = proxied.h2Client()) {
            H2Stream stream = send(client, moment);
            Await.on("the upstream got there", reached);
            if (moment.hasAnswer()) {
                stream.awaitHead();
            }

            if (wholeConnection) {
                client.close();
            } else {
                stream.reset();
            }

            proxied.upstream().awaitClosed(1);
            assertGone(proxied, moment);
        }
    }

    static Stream<Arguments> anHttp2ClientThatLeavesFreesItsUpstreamAtOnce() {
        return Stream.of(Moment.values())
                .filter(moment -> moment != Moment.UPLOADING && moment != Moment.EXPECTING)
                .filter(moment -> moment != Moment.UPLOADING_AND_ANSWERING && moment != Moment.WAITING_WITH_BODY)
                .flatMap(moment -> Stream.of(false, true).map(all -> Arguments.of(moment, all)));
    }

    @Test
    void otherStreamsOfTheConnectionGoOn() {
        CountDownLatch there = new CountDownLatch(1);
        try (var proxied = Proxied.to(
                        connection -> {
                            connection.readRequest();
                            there.countDown();
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
                        });
                var client = proxied.h2Client()) {
            H2Stream first = client.openStream("POST", "/1", List.of()).sendLast("");
            Await.on("the upstream has the first", there);
            H2Stream second = client.openStream("POST", "/2", List.of());

            first.reset();
            proxied.upstream().awaitClosed(1);

            assertThat(second.sendLast("abc").awaitResponse().body()).isEqualTo("ok");
        }
    }

    @Test
    void aClientThatStoppedReadingAndLeavesFreesItsUpstream() {
        try (var proxied = Proxied.to(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + ENDLESS + "\r\n\r\n");
                    connection.sendFiller(ENDLESS);
                });
                var client = proxied.client()) {
            client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").readHead();
            client.discard(1024 * 1024);

            client.reset();

            proxied.upstream().awaitClosed(1);
            assertThat(proxied.awaitEnded(1).outcome().error()).isEqualTo(ProxyError.CLIENT_GONE);
            assertThat(proxied.complaints()).isEmpty();
        }
    }

    @Test
    void anHttp2ClientThatStoppedReadingAndLeavesFreesItsUpstream() {
        try (var proxied = Proxied.to(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + ENDLESS + "\r\n\r\n");
                    connection.sendFiller(ENDLESS);
                });
                var client = proxied.h2Client()) {
            H2Stream stream = client.openStream("POST", "/", List.of()).sendLast("");
            stream.awaitData();

            stream.reset();

            proxied.upstream().awaitClosed(1);
            assertThat(proxied.awaitEnded(1).outcome().error()).isEqualTo(ProxyError.CLIENT_GONE);
            assertThat(proxied.complaints()).isEmpty();
        }
    }

    @Test
    void aClientThatUploadsToAStalledUpstreamAndLeavesFreesIt() {
        CountDownLatch closed = new CountDownLatch(1);
        try (var proxied = Proxied.to(connection -> {
                    connection.readHead();
                    Await.on("the client has left", closed);
                    connection.hang();
                });
                var client = proxied.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + ENDLESS + "\r\n\r\nabc");
            proxied.upstream().awaitRequest();

            client.reset();
            closed.countDown();

            proxied.upstream().awaitClosed(1);
            assertThat(proxied.awaitEnded(1).outcome().status()).isEqualTo(499);
        }
    }

    @Test
    void theAccessLineSays499() {
        CountDownLatch reached = new CountDownLatch(1);
        try (var log = LogCapture.of("io.weir.access");
                var proxied = Proxied.to(script(Moment.WAITING, reached));
                var client = proxied.client()) {
            String target = "/left-" + proxied.port();
            client.send("GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n");
            Await.on("the upstream got there", reached);

            client.close();

            assertThat(log.await(target).message()).contains("\"GET " + target + " HTTP/1.1\" 499 0 ");
        }
    }

    private static H2Stream send(H2Client client, Moment moment) {
        String method = moment.request.substring(0, moment.request.indexOf(' '));
        H2Stream stream = client.openStream(method, "/", List.of());
        return moment.hasUnfinishedBody() ? stream.send("abc") : stream.sendLast("");
    }

    private static ScriptedUpstream.Script script(Moment moment, CountDownLatch reached) {
        return connection -> {
            moment.upstream(connection);
            reached.countDown();
            connection.hang();
        };
    }

    private static void assertGone(Proxied proxied, Moment moment) {
        var ended = proxied.awaitEnded(1);
        assertThat(ended.outcome().error()).isEqualTo(ProxyError.CLIENT_GONE);
        assertThat(ended.outcome().status()).isEqualTo(moment.status);
        assertThat(ended.attempts()).hasSize(1);
        assertThat(proxied.complaints()).isEmpty();
        assertThat(proxied.upstream().connectionCount()).isOne();
    }
}
