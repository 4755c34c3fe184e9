package io.weir.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class NginxTest {

    @BeforeEach
    void nginxIsThere() {
        Nginx.assumeInstalled();
    }

    @Test
    void itProxiesToAnUpstreamOnTwoPorts() {
        try (var upstream = EchoUpstream.start();
                var nginx = Nginx.start("""
                        server {
                            listen 127.0.0.1:{port};
                            location / { proxy_pass %s; }
                        }
                        server {
                            listen 127.0.0.1:{port2};
                            return 418;
                        }
                        """.formatted(upstream.uri()))) {

            RawResponse proxied = RawClient.exchange(nginx.port(), "GET /a%2Fb HTTP/1.1\r\nHost: x\r\n\r\n");
            RawResponse second = RawClient.exchange(nginx.port(2), "GET / HTTP/1.1\r\nHost: x\r\n\r\n");

            assertThat(proxied.body()).startsWith("GET /a%2Fb HTTP/1.0\n");
            assertThat(second.status()).isEqualTo(418);
            assertThat(nginx.errorLog()).contains("start worker process");
        }
    }

    @Test
    void itsVersionIsKnown() {
        assertThat(Nginx.version()).matches("1\\.[0-9]+\\.[0-9]+");
    }

    @Test
    void aBadConfigurationFailsWithNginxsOwnWords() {
        assertThatThrownBy(() -> Nginx.start("server { listen 127.0.0.1:{port}; nonsense; }"))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("unknown directive \"nonsense\"");
    }

    @Test
    void nothingAnswersOnceItIsClosed() {
        var nginx = Nginx.start("server { listen 127.0.0.1:{port}; return 204; }");
        assertThat(RawClient.exchange(nginx.port(), "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
                        .status())
                .isEqualTo(204);
        try (var kept = RawClient.connect(nginx.port())) {
            nginx.close();

            assertThat(kept.isClosedByPeer()).isTrue();
        }
    }
}
