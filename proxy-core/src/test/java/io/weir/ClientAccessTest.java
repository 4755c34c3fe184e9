package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.Peer;
import io.weir.http.RequestHead;
import io.weir.middleware.IpAccess;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Access by address goes by the client's, as trusted proxies vouch for it. */
class ClientAccessTest {
    private final Bench bench = Bench.of(ProxyConfig.builder()
            .trustedProxies("10.0.0.0/8", "unix:")
            .use(IpAccess.allow("192.0.2.0/24", "2001:db8::/32", "unix:").denyOthers())
            .route(Route.any().to(UpstreamPool.of("app", "http://a"))));

    @ParameterizedTest
    @CsvSource({
        "10.0.0.1,     192.0.2.9,               true",
        "10.0.0.1,     ::ffff:192.0.2.9,        true",
        "10.0.0.1,     2001:db8::9,             true",
        "10.0.0.1,     203.0.113.9,             false",
        "10.0.0.1,     '192.0.2.9, 203.0.113.9', false",
        "10.0.0.1,     '203.0.113.9, 192.0.2.9', true",
        "203.0.113.9,  192.0.2.9,               false",
        "192.0.2.9,    203.0.113.9,             true",
    })
    void theAddressThatTrustedProxiesVouchForCounts(String peer, String forwardedFor, boolean letIn) {
        RequestHead head = RequestHead.get("/", "localhost").toBuilder()
                .peer(peer)
                .header("X-Forwarded-For", forwardedFor)
                .build();

        Decision decision = bench.open(head).begin(0);

        assertThat(decision instanceof Decision.Forward).isEqualTo(letIn);
    }

    @Test
    void aTrustedUnixPeerSpeaksForItsClientElseItIsItself() {
        RequestHead plain =
                RequestHead.get("/", "localhost").toBuilder().peer(Peer.unix()).build();

        Bench.forwarded(bench.open(plain).begin(0));
        Bench.forwarded(
                bench.open(plain.withHeader("X-Forwarded-For", "192.0.2.1")).begin(0));
        assertThat(Bench.answered(bench.open(plain.withHeader("X-Forwarded-For", "203.0.113.1"))
                                .begin(0))
                        .status())
                .isEqualTo(403);
    }
}
