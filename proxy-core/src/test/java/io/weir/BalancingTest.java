package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.http.Variables;
import io.weir.route.Route;
import io.weir.upstream.Balancer;
import io.weir.upstream.BalancingStrategy;
import io.weir.upstream.Candidates;
import io.weir.upstream.Stickiness;
import io.weir.upstream.UpstreamPool;
import org.junit.jupiter.api.Test;

/** What a pool is told about exchanges, and what it tells them. */
class BalancingTest {

    @Test
    void aSessionStaysWhereItsCookieWasIssued() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b")
                .stickiness(Stickiness.cookie("s"))
                .build());
        Attempt first = Bench.forwarded(bench.get("/").begin(0));
        ResponseHead head = Bench.delivered(first.answered(ResponseHead.of(200), 1));
        String cookie = head.header("Set-Cookie");
        RequestHead next =
                RequestHead.get("/", "localhost").withHeader("Cookie", cookie.substring(0, cookie.indexOf(';')));

        for (int i = 0; i < 3; i++) {
            Attempt attempt = Bench.forwarded(bench.open(next).begin(2));

            assertThat(Bench.urlOf(attempt)).isEqualTo(Bench.urlOf(first));
            assertThat(Bench.delivered(attempt.answered(ResponseHead.of(200), 3))
                            .header("Set-Cookie"))
                    .isNull();
        }
    }

    @Test
    void theInterimHeadCarriesNoCookie() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .stickiness(Stickiness.cookie("s"))
                .build());
        Attempt attempt = Bench.forwarded(bench.get("/").begin(0));

        Decision relayed = attempt.informed(ResponseHead.of(103, "Link", "</x>"), 1);

        assertThat(relayed)
                .isInstanceOfSatisfying(
                        Decision.Relay.class,
                        relay -> assertThat(relay.head().header("Set-Cookie")).isNull());
    }

    @Test
    void theStrategyHearsHowLongAHeadTook() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b")
                .balancing(BalancingStrategy.leastTime())
                .build());
        serve(bench, "http://a", 50);
        serve(bench, "http://b", 10);

        assertThat(Bench.urlOf(Bench.forwarded(bench.get("/").begin(100)))).isEqualTo("http://b");
    }

    @Test
    void aStrategyThatThrowsAtAnAnswerIsA500AndLosesNoSlot() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .balancing((group, random) -> new Balancer() {
                    @Override
                    public int choose(Candidates candidates, Variables request) {
                        return 0;
                    }

                    @Override
                    public void answered(int index, long headNanos, Candidates candidates) {
                        throw new IllegalStateException("boom");
                    }
                })
                .build());
        Attempt attempt = Bench.forwarded(bench.get("/").begin(0));

        assertThat(Bench.answered(attempt.answered(ResponseHead.of(200), 1)).status())
                .isEqualTo(ProxyError.INTERNAL_ERROR.status());
        assertThat(bench.userCodeFailures).containsExactly("balancing of pool \"app\": boom");
        assertThat(bench.inFlight("http://a")).isZero();
    }

    @Test
    void explainSaysWhoCannotBeChosenAndWhy() {
        ReverseProxy proxy = new ReverseProxy(
                ProxyConfig.builder()
                        .route(Route.any().to(UpstreamPool.of("app", "http://a", "http://b")))
                        .build(),
                new IdleEngine(true));

        proxy.pools().get("app").drain("http://a", true, 0);
        Explanation explanation = proxy.explain(RequestHead.get("/", "a.test"), 0);

        assertThat(explanation.passedOver()).containsExactly("http://a (draining)");
        assertThat(explanation.upstream()).isEqualTo("http://b");
    }

    @Test
    void explainTellsTheStatusOfALimit() {
        UpstreamPool pool = UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1))
                .build();
        Bench bench = Bench.of(pool);
        bench.get("/").begin(0);

        assertThat(bench.proxy.explain(RequestHead.get("/", "a.test"), 0).requestLine())
                .isEqualTo("answer 503, no upstream can be tried: http://a (at its limit of 1)");
    }

    @Test
    void theClientThatIpHashGoesByIsTheOneThatTrustedProxiesName() {
        UpstreamPool pool = UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b")
                .upstream("http://c")
                .balancing(BalancingStrategy.ipHash())
                .build();
        Bench bench = Bench.of(ProxyConfig.builder()
                .trustedProxies("127.0.0.1")
                .route(Route.any().to(pool)));

        // 2565 and 154 mod 3; the peer itself is the same.
        assertThat(urlFor(bench, "10.0.0.9")).isEqualTo("http://a");
        assertThat(urlFor(bench, "192.168.1.9")).isEqualTo("http://b");
    }

    private static String urlFor(Bench bench, String client) {
        RequestHead request = RequestHead.get("/", "localhost").withHeader("X-Forwarded-For", client);
        return Bench.urlOf(Bench.forwarded(bench.open(request).begin(0)));
    }

    private static void serve(Bench bench, String url, long nanos) {
        Attempt attempt = Bench.forwarded(bench.get("/").begin(0));
        assertThat(Bench.urlOf(attempt)).isEqualTo(url);
        attempt.answered(ResponseHead.of(200), nanos);
        attempt.finished(nanos);
    }
}
