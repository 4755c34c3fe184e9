package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.header.HeaderPolicy;
import io.weir.http.ProxyError;
import io.weir.testkit.UnixUpstream;
import org.junit.jupiter.api.Test;

/** An upstream at a socket in the file system. */
class UnixUpstreamTest {

    @Test
    void itIsTalkedToAndItsConnectionsAreKept() {
        try (var upstream = UnixUpstream.start();
                var proxy = WiredProxy.to("unix:" + upstream.path())) {

            assertThat(proxy.exchange(GET).body()).startsWith("GET / HTTP/1.1\r\nHost: a.test\r\n");
            assertThat(proxy.exchange(GET).body()).startsWith("GET / HTTP/1.1\r\nHost: a.test\r\n");
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void itsHostIsLocalhostAndItsUrlMayHaveAPath() {
        try (var upstream = UnixUpstream.start();
                var proxy = WiredProxy.to(
                        pool -> pool.upstream("http://unix:" + upstream.path() + ":/v2/"),
                        config -> config.headers(HeaderPolicy.none()))) {

            assertThat(proxy.exchange("GET /users HTTP/1.1\r\nHost: a.test\r\n\r\n")
                            .body())
                    .startsWith("GET /v2/users HTTP/1.1\r\nHost: localhost\r\n");
        }
    }

    @Test
    void aSocketThatIsNotThereIsNamed() {
        try (var proxy = WiredProxy.to("unix:/no/such.sock")) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            assertThat(proxy.awaitError(1)).isIn(ProxyError.CONNECTION_REFUSED, ProxyError.DESTINATION_UNREACHABLE);
            assertThat(proxy.awaitFailure().line()).contains("connect to http://unix:/no/such.sock: ");
        }
    }
}
