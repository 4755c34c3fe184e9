package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.header.HeaderPolicy;
import io.weir.header.TrustedProxies;
import io.weir.header.TrustedProxies.Source;
import io.weir.http.Headers;
import io.weir.http.RequestHead;
import io.weir.middleware.Middleware;
import io.weir.middleware.Verdict;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What an untrusted client says about itself never reaches an upstream, by whatever way it is said. */
class SpoofedFieldsTest {
    private static final String LIE = "6.6.6.6";
    private static final List<String> FIELDS = List.of(
            "X-Forwarded-For",
            "X-Forwarded-Proto",
            "X-Forwarded-Host",
            "X-Forwarded-Port",
            "X-Forwarded-Prefix",
            "X-Real-IP",
            "Forwarded",
            "x-forwarded-for",
            "X_Forwarded_For",
            "X_Real_IP");

    record Case(Source source, boolean forwardedBase, boolean middleware, String nominated) {}

    static Stream<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (Source source : Source.values()) {
            for (boolean base : new boolean[] {true, false}) {
                for (boolean middleware : new boolean[] {true, false}) {
                    for (String nominated :
                            List.of("", "X-Real-IP", "X-Forwarded-For, Forwarded", "x-forwarded-proto")) {
                        cases.add(new Case(source, base, middleware, nominated));
                    }
                }
            }
        }
        return cases.stream();
    }

    @ParameterizedTest
    @MethodSource("cases")
    void aLieOfAnUntrustedPeerDoesNotSurvive(Case given) {
        Headers seen = upstreamSees(given, "203.0.113.7");

        assertThat(seen.toString()).doesNotContain(LIE);
        if (given.forwardedBase) {
            assertThat(seen.all("X-Real-IP")).containsExactly("203.0.113.7");
            assertThat(seen.all("X-Forwarded-For")).containsExactly("203.0.113.7");
            assertThat(seen.all("X-Forwarded-Proto")).containsExactly("http");
            assertThat(seen.all("X-Forwarded-Host")).containsExactly("a.test");
        }
    }

    /** A proxy that is trusted for one field passes on what its client wrote into the others. */
    @ParameterizedTest
    @MethodSource("cases")
    void whatTheTrustedPeerDoesNotVouchForGoes(Case given) {
        Headers seen = upstreamSees(given, "10.0.0.1");

        if (given.source == Source.FORWARDED) {
            assertThat(seen.all("X-Forwarded-Port")).isEmpty();
            assertThat(seen.all("X-Forwarded-Proto")).isSubsetOf("http");
        }
        if (given.source == Source.X_REAL_IP) {
            assertThat(seen.all("Forwarded")).isEmpty();
        }
    }

    @Test
    void protoAndHostOfATrustedForwardedReachTheUpstream() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .trustedProxies(TrustedProxies.of("10.0.0.0/8").source(Source.FORWARDED))
                .route(Route.any().to(UpstreamPool.of("app", "http://a"))));
        RequestHead head = RequestHead.get("/", "inner.test").toBuilder()
                .peer("10.0.0.1")
                .header("X-Forwarded-Proto", "gopher")
                .header("Forwarded", "for=6.6.6.6;proto=gopher, for=192.0.2.1;proto=https;host=\"a.test:8443\"")
                .build();

        Headers seen = Bench.forwarded(bench.open(head).begin(0)).headers();

        assertThat(seen.all("X-Forwarded-Proto")).containsExactly("https");
        assertThat(seen.all("X-Forwarded-Host")).containsExactly("a.test:8443");
        assertThat(seen.all("X-Real-IP")).containsExactly("192.0.2.1");
        assertThat(seen.all("X-Forwarded-For")).containsExactly("192.0.2.1, 10.0.0.1");
    }

    private static Headers upstreamSees(Case given, String peer) {
        ProxyConfig.Builder config = ProxyConfig.builder()
                .trustedProxies(TrustedProxies.of("10.0.0.0/8").source(given.source))
                .headers(given.forwardedBase ? HeaderPolicy.forwarded() : HeaderPolicy.none())
                .route(Route.any().to(UpstreamPool.of("app", "http://a")));
        if (given.middleware) {
            config.use(Middleware.gate(Verdict::proceed));
        }
        RequestHead.Builder head = RequestHead.get("/", "a.test").toBuilder().peer(peer);
        for (String field : FIELDS) {
            head.header(field, field.equals("Forwarded") ? "for=" + LIE : LIE);
        }
        if (!given.nominated.isEmpty()) {
            head.header("Connection", given.nominated);
        }
        return Bench.forwarded(Bench.of(config).open(head.build()).begin(0)).headers();
    }
}
