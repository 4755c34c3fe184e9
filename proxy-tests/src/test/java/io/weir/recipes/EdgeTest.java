package io.weir.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.examples.Edge;
import io.weir.jetty.JettyProxyServer;
import io.weir.jetty.Tls;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.Identity;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Two sites on one port, TLS from PEM files, and plain HTTP for certificate authorities only. */
class EdgeTest {

    @Test
    void oneTlsPortServesBothSites() {
        Identity shop = Identity.of("dns:shop.example.com");
        Identity admin = Identity.of("dns:admin.example.com");
        Tls tls = Tls.pem(shop.certificate(), shop.key()).andPem(admin.certificate(), admin.key());
        try (EchoUpstream shopUpstream = EchoUpstream.start();
                EchoUpstream adminUpstream = EchoUpstream.start();
                JettyProxyServer proxy = JettyProxyServer.builder(Edge.config(shopUpstream.uri(), adminUpstream.uri()))
                        .listen("127.0.0.1", 0)
                        .listenTls(0, tls)
                        .start()) {
            int plain = proxy.ports().get(0);
            int secure = proxy.ports().get(1);

            assertThat(overTls(secure, shop, "shop.example.com").body()).contains("X-Forwarded-Proto: https\n");
            assertThat(overTls(secure, admin, "admin.example.com").body()).contains("Host: admin.example.com\n");
            assertThat(shopUpstream.requests()).hasSize(1);
            assertThat(adminUpstream.requests()).hasSize(1);

            RawResponse redirected = get(plain, "/basket?x=1", "shop.example.com");
            assertThat(redirected.status()).isEqualTo(301);
            assertThat(redirected.field("Location")).hasValue("https://shop.example.com/basket?x=1");
            assertThat(get(plain, "/.well-known/acme-challenge/token", "shop.example.com")
                            .body())
                    .startsWith("GET /.well-known/acme-challenge/token HTTP/1.1\n");
            assertThat(get(plain, "/.well-known/acme-challenge/../../basket", "shop.example.com")
                            .status())
                    .isEqualTo(301);
        }
    }

    private static RawResponse overTls(int port, Identity trusted, String site) {
        try (RawClient client = RawClient.connectTls(port, Identity.trusting(List.of(trusted)), site)) {
            return client.send("GET / HTTP/1.1\r\nHost: " + site + "\r\n\r\n").readResponse();
        }
    }

    private static RawResponse get(int port, String target, String site) {
        return RawClient.exchange(port, "GET " + target + " HTTP/1.1\r\nHost: " + site + "\r\n\r\n");
    }
}
