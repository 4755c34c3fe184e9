package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import org.junit.jupiter.api.Test;

/** A host that no site names: the first site's, as in nginx, or nobody's. */
class UnknownHostTest {
    private static final Site SITE = Site.named("a.test").route(Route.any().answer(Reply.text(200, "a")));

    @Test
    void theFirstSiteServesIt() {
        try (var server = started(ProxyConfig.builder().site(SITE))) {
            assertThat(get(server, "b.test").status()).isEqualTo(200);
        }
    }

    @Test
    void itIsMisdirectedWhereUnknownHostsAreRefused() {
        try (var server = started(ProxyConfig.builder().site(SITE).refuseUnknownHosts())) {
            assertThat(get(server, "b.test").status()).isEqualTo(421);
            assertThat(get(server, "A.test:8080").status()).isEqualTo(200);
        }
    }

    private static JettyProxyServer started(ProxyConfig.Builder config) {
        return JettyProxyServer.builder(config.build()).listen("127.0.0.1", 0).start();
    }

    private static RawResponse get(JettyProxyServer server, String host) {
        return RawClient.exchange(server.port(), "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    }
}
