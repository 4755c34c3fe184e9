package io.weir.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class EchoUpstreamTest {

    @Test
    void theBodyIsWhatWasReceived() {
        try (var upstream = EchoUpstream.start()) {

            RawResponse response = RawClient.exchange(
                    upstream.port(), "POST //a HTTP/1.1\r\nhost: x\r\nX-A:1\r\nContent-Length: 3\r\n\r\nabc");

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body())
                    .isEqualTo("POST //a HTTP/1.1\nhost: x\nX-A: 1\nContent-Length: 3\n\n3 bytes\nabc");
        }
    }

    @Test
    void theRequestChoosesStatusAndLocation() {
        try (var upstream = EchoUpstream.start();
                var client = RawClient.connect(upstream.port())) {
            client.send("HEAD / HTTP/1.1\r\nX-Echo-Status: 302 Found\r\nX-Echo-Location: {upstream}/a\r\n\r\n");

            RawResponse response = client.readHead();

            assertThat(response.statusLine()).isEqualTo("HTTP/1.1 302 Found");
            assertThat(response.field("Location")).contains(upstream.uri() + "/a");
        }
    }

    @Test
    void theConnectionStaysUnlessTheRequestSaysClose() {
        try (var upstream = EchoUpstream.start();
                var client = RawClient.connect(upstream.port())) {
            client.send("GET /1 HTTP/1.1\r\n\r\n").readResponse();
            client.send("GET /2 HTTP/1.1\r\nX-Case: two\r\nConnection: close\r\n\r\n");

            assertThat(client.readResponse().field("Connection")).contains("close");
            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(upstream.requestsWith("x-case", "two"))
                    .extracting(RawRequest::target)
                    .containsExactly("/2");
        }
    }
}
