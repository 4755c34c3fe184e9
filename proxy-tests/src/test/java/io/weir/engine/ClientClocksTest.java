package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.ScriptedUpstream;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** The two clocks that run before there is an exchange: {@code clientHead} and {@code keepAlive}. */
class ClientClocksTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    @Test
    void aClientThatDoesNotFinishItsHeadIsClosedAndTheUpstreamHearsNothing() {
        try (var proxied = Proxied.to(
                        ScriptedUpstream.answering(OK),
                        config -> config.timeouts(t -> t.clientHead(Duration.ofMillis(200))));
                var client = proxied.client()) {
            client.send("GET / HTTP/1.1\r\nHost: a.test\r\nX-Slow: ");

            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(proxied.upstream().requests()).isEmpty();
        }
    }

    @Test
    void aClientThatSaysNothingIsClosed() {
        try (var proxied = Proxied.to(
                        ScriptedUpstream.answering(OK),
                        config -> config.timeouts(t -> t.clientHead(Duration.ofMillis(200))));
                var client = proxied.client()) {

            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void aConnectionThatWaitsForItsNextRequestIsClosedAfterKeepAlive() {
        try (var proxied = Proxied.to(
                        ScriptedUpstream.answering(OK),
                        config -> config.timeouts(t -> t.keepAlive(Duration.ofMillis(200))));
                var client = proxied.client()) {
            client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").readResponse();

            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void neitherRunsWhileTheUpstreamIsWaitedFor() {
        try (var proxied = Proxied.to(
                        ScriptedUpstream.of(
                                connection -> {
                                    connection.readRequest();
                                    connection.hang();
                                },
                                connection -> {
                                    connection.readRequest();
                                    connection.send(OK);
                                }),
                        config -> config.timeouts(t -> t.clientHead(Duration.ofMillis(50))
                                .keepAlive(Duration.ofMillis(50))
                                .read(Duration.ofMillis(400))));
                var client = proxied.client()) {

            // Several times both clocks pass before the read clock does, and it is that one which is heard of.
            int status = client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 0\r\n\r\n")
                    .readResponse()
                    .status();

            assertThat(status).isEqualTo(504);
        }
    }
}
