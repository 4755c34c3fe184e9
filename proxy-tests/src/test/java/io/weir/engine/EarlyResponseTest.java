package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.log.ExchangeSummary;
import io.weir.testkit.Await;
import io.weir.testkit.H2Response;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An upstream may answer before it has had the whole request. The client gets that answer, though it is still sending. */
class EarlyResponseTest {

    private static final int MIB = 1024 * 1024;
    private static final String REFUSAL = "HTTP/1.1 413 Too Much\r\nContent-Length: 7\r\n\r\nenough!";

    /** What an upstream does after its early answer. */
    enum Afterwards {
        STALLS,
        CLOSES,
        RESETS;

        void run(UpstreamConnection connection) {
            switch (this) {
                case STALLS -> connection.stall();
                case CLOSES -> connection.close();
                case RESETS -> connection.reset();
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void theAnswerArrivesWholeAndTheClientsConnectionGoesOn(Afterwards afterwards) {
        byte[] half = new byte[4 * MIB];
        try (var proxied = Proxied.to(
                        connection -> {
                            connection.readHead();
                            connection.send(REFUSAL);
                            afterwards.run(connection);
                        },
                        ok());
                var client = proxied.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + 2 * half.length + "\r\n\r\n");

            client.send(half).send(half);
            RawResponse refused = client.readResponse();
            RawResponse next =
                    client.send("GET /next HTTP/1.1\r\nHost: a.test\r\n\r\n").readResponse();

            assertThat(refused.status()).isEqualTo(413);
            assertThat(refused.body()).isEqualTo("enough!");
            assertThat(next.body()).isEqualTo("ok");
            assertThat(proxied.complaints()).isEmpty();
            assertThat(proxied.awaitEnded(1).outcome().error()).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aClientThatReadsFirstGetsTheAnswerToo(Afterwards afterwards) {
        try (var proxied = Proxied.to(
                        connection -> {
                            connection.readHead();
                            connection.send(REFUSAL);
                            afterwards.run(connection);
                        },
                        ok());
                var client = proxied.client()) {

            RawResponse refused = client.send(
                            "POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n")
                    .readResponse();
            RawResponse next = client.send("3\r\ndef\r\n0\r\n\r\nGET /next HTTP/1.1\r\nHost: a.test\r\n\r\n")
                    .readResponse();

            assertThat(refused.body()).isEqualTo("enough!");
            assertThat(next.body()).isEqualTo("ok");
        }
    }

    @Test
    void theUpstreamsConnectionIsNotUsedAgain() {
        try (var proxied = Proxied.to(
                        connection -> {
                            connection.readHead();
                            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nearly");
                        },
                        ok());
                var client = proxied.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\nabc")
                    .readResponse();

            proxied.upstream().awaitClosed(1);
            RawResponse next =
                    client.send("defGET /next HTTP/1.1\r\nHost: a.test\r\n\r\n").readResponse();

            assertThat(next.body()).isEqualTo("ok");
            assertThat(proxied.upstream().awaitRequest().connectionNumber()).isEqualTo(1);
            assertThat(proxied.upstream().awaitRequest().connectionNumber()).isEqualTo(2);
        }
    }

    @Test
    void aClientThatLeavesAfterTheAnswerHasHadAGoodExchange() {
        try (var proxied = Proxied.to(connection -> {
                    connection.readHead();
                    connection.send(REFUSAL);
                    connection.hang();
                });
                var client = proxied.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 6\r\n\r\nabc")
                    .readResponse();

            client.reset();

            ExchangeSummary ended = proxied.awaitEnded(1);
            assertThat(ended.outcome().status()).isEqualTo(413);
            assertThat(proxied.complaints()).isEmpty();
        }
    }

    @Test
    void aLongAnswerAndALongUploadBothArrive() {
        byte[] up = new byte[4 * MIB];
        CountDownLatch answered = new CountDownLatch(1);
        try (var proxied = Proxied.to(connection -> {
                    connection.readHead();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + 4 * MIB + "\r\n\r\n");
                    connection.sendFiller(4 * MIB);
                    answered.countDown();
                    connection.discard(up.length);
                });
                var client = proxied.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + up.length + "\r\n\r\n");

            CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> {
                Await.on("the upstream has answered", answered);
                client.send(up);
            });
            RawResponse response = client.readResponse();

            assertThat(response.body()).hasSize(4 * MIB);
            sending.join();
            assertThat(proxied.awaitEnded(1).outcome().error()).isNull();
        }
    }

    @ParameterizedTest
    @EnumSource
    void theAnswerArrivesWholeOverHttp2(Afterwards afterwards) {
        try (var proxied = Proxied.to(
                        connection -> {
                            connection.readHead();
                            connection.send(REFUSAL);
                            afterwards.run(connection);
                        },
                        ok());
                var client = proxied.h2Client()) {
            var stream = client.openStream("POST", "/", List.of()).send(new byte[16 * 1024]);

            H2Response refused = stream.awaitResponse();
            for (int i = 0; i < 64; i++) {
                stream.send(new byte[16 * 1024]);
            }
            stream.sendLast("end");

            assertThat(refused.status()).isEqualTo(413);
            assertThat(refused.body()).isEqualTo("enough!");
            assertThat(refused.isTruncated()).isFalse();
            assertThat(proxied.awaitEnded(1).outcome().error()).isNull();
            assertThat(client.request("GET", "/next", List.of()).body()).isEqualTo("ok");
            assertThat(proxied.complaints()).isEmpty();
        }
    }

    @Test
    void anUpstreamThatClosesWithoutAnAnswerIsTheOneToBlame() {
        try (var proxied = Proxied.to(connection -> {
                    connection.readHead();
                    connection.reset();
                });
                var client = proxied.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + 8 * MIB + "\r\n\r\n");

            client.send(new byte[8 * MIB]);
            RawResponse response = client.readResponse();

            assertThat(response.status()).isEqualTo(502);
            assertThat(proxied.awaitEnded(1).outcome().error()).isEqualTo(ProxyError.CONNECTION_TERMINATED);
        }
    }

    @Test
    void aBodyThatIsTooLargeIsRefusedAndTheClientReadsWhy() {
        ScriptedUpstream upstream = ScriptedUpstream.of(connection -> {
            connection.readHead();
            connection.hang();
        });
        try (var proxied = Proxied.to(upstream, config -> config.limits(limits -> limits.withRequestBody(100_000)));
                var client = proxied.client()) {
            byte[] chunk = new byte[8 * MIB];
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n800000\r\n");

            client.send(chunk).send("\r\n0\r\n\r\n");
            RawResponse response = client.readResponse();

            assertThat(response.status()).isEqualTo(413);
            assertThat(response.isTruncated()).isFalse();
            assertThat(client.isClosedByPeer()).isTrue();
            upstream.awaitClosed(1);
        }
    }

    @Test
    void aLengthThatIsTooLargeIsRefusedAndTheClientReadsWhy() {
        ScriptedUpstream upstream = ScriptedUpstream.answering(REFUSAL);
        try (var proxied = Proxied.to(upstream, config -> config.limits(limits -> limits.withRequestBody(100_000)));
                var client = proxied.client()) {
            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + 8 * MIB + "\r\n\r\n");

            client.send(new byte[8 * MIB]);
            RawResponse response = client.readResponse();

            assertThat(response.status()).isEqualTo(413);
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(upstream.connectionCount()).isZero();
            // Jetty's stop reads what is left of an upload, at the same time as the thread that reads it already.
            proxied.awaitNoClients();
        }
    }

    private static ScriptedUpstream.Script ok() {
        return connection -> {
            while (true) {
                connection.readRequest();
                connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            }
        };
    }
}
