package io.weir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.Reply;
import io.weir.http.ResponseHead;
import io.weir.http.Variables;
import io.weir.log.AttemptFailure;
import io.weir.log.AttemptSummary;
import io.weir.route.Route;
import io.weir.upstream.Balancer;
import io.weir.upstream.Candidates;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** When a failed attempt is followed by another, and what is heard of it. */
class RetryTest {
    private final Bench bench = Bench.of("http://a", "http://b");

    static Stream<ProxyFailure> failuresBeforeTheHead() {
        return Stream.of(
                Failures.refused(),
                ProxyFailure.connecting(ProxyError.CONNECTION_TIMEOUT, "connect clock PT5S ran out", null),
                ProxyFailure.connecting(ProxyError.DNS_ERROR, "no such host", null),
                Failures.silent(),
                Failures.reset());
    }

    @ParameterizedTest
    @MethodSource("failuresBeforeTheHead")
    void getGoesOnToTheNextUpstream(ProxyFailure failure) {
        Attempt first = Bench.forwarded(bench.get("/").begin(0));

        Attempt second = Bench.forwarded(first.failed(failure, 1));

        assertThat(Bench.urlOf(second)).isEqualTo("http://b");
        assertThat(second.onFreshConnection()).isFalse();
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.inFlight("http://b")).isEqualTo(1);
        assertThat(bench.state("http://a").fails()).isEqualTo(1);
        assertThat(bench.consequences()).containsExactly("next http://b");
    }

    @Test
    void postGoesOnWhileNoByteOfItWasSent() {
        Attempt first = Bench.forwarded(bench.open("POST", "/").begin(0));

        assertThat(Bench.urlOf(Bench.forwarded(first.failed(Failures.refused(), 1))))
                .isEqualTo("http://b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"POST", "LOCK", "PATCH"})
    void whatIsNotIdempotentIsNotSentTwice(String method) {
        Attempt first = Bench.forwarded(bench.open(method, "/").begin(0));

        Reply reply = Bench.answered(first.failed(Failures.silent(), 1));

        assertThat(reply.status()).isEqualTo(504);
        assertThat(bench.consequences()).containsExactly("answered 504");
    }

    @Test
    void putGoesOnOnlyWhileItsBodyIsWhole() {
        Attempt whole = Bench.forwarded(bench.open("PUT", "/").begin(0));
        Attempt begun = Bench.forwarded(bench.open("PUT", "/").begin(0));

        assertThat(whole.failed(Failures.reset(), 1)).isInstanceOf(Decision.Forward.class);
        assertThat(Bench.answered(begun.failed(Failures.resetWithinUpload(), 1)).status())
                .isEqualTo(502);
    }

    @Test
    void asManyTriesAsUpstreamsThenTheLastErrorIsAnswered() {
        Exchange exchange = bench.get("/");
        Attempt first = Bench.forwarded(exchange.begin(0));
        Attempt second = Bench.forwarded(first.failed(Failures.silent(), 1));

        Reply reply = Bench.answered(second.failed(Failures.refused(), 2));
        exchange.finished(0, 3);

        assertThat(reply.status()).isEqualTo(502);
        assertThat(bench.consequences()).containsExactly("next http://b", "answered 502");
        assertThat(bench.summary().attempts())
                .extracting(AttemptSummary::upstream, AttemptSummary::error)
                .containsExactly(
                        tuple("http://a", ProxyError.CONNECTION_READ_TIMEOUT),
                        tuple("http://b", ProxyError.CONNECTION_REFUSED));
    }

    @Test
    void triesAreBoundedByThePolicy() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b")
                .upstream("http://c")
                .retry(RetryPolicy.defaults().withTries(2))
                .build());
        Attempt first = Bench.forwarded(bench.get("/").begin(0));
        Attempt second = Bench.forwarded(first.failed(Failures.refused(), 1));

        assertThat(second.failed(Failures.refused(), 2)).isInstanceOf(Decision.Answer.class);
    }

    @Test
    void withoutRetryTheFirstFailureIsAnswered() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b")
                .retry(RetryPolicy.off())
                .build());

        assertThat(Bench.forwarded(bench.get("/").begin(0)).failed(Failures.refused(), 1))
                .isInstanceOf(Decision.Answer.class);
    }

    @Test
    void anAttemptFailsOnce() {
        Attempt first = Bench.forwarded(bench.get("/").begin(0));
        first.failed(Failures.refused(), 1);

        assertThat(first.failed(Failures.refused(), 2)).isInstanceOf(Decision.Nothing.class);
        assertThat(first.answered(ResponseHead.of(200), 2)).isInstanceOf(Decision.Nothing.class);
        first.finished(2);
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.inFlight("http://b")).isEqualTo(1);
    }

    // ---- kept connections that had been closed ----

    @Test
    void aStaleConnectionCostsNoTryAndGoesToTheSameUpstreamOnANewOne() {
        Attempt first = Bench.forwarded(bench.get("/").begin(0));

        Attempt again = Bench.forwarded(first.failed(Failures.stale(true), 1));

        assertThat(Bench.urlOf(again)).isEqualTo("http://a");
        assertThat(again.onFreshConnection()).isTrue();
        assertThat(bench.inFlight("http://a")).isEqualTo(1);
        assertThat(bench.state("http://a").fails()).isZero();
        assertThat(bench.failures).isEmpty();
        assertThat(Bench.urlOf(Bench.forwarded(again.failed(Failures.refused(), 2))))
                .isEqualTo("http://b");
    }

    @Test
    void aStaleConnectionIsMadeGoodInAPoolOfOneToo() {
        Bench bench = Bench.of("http://a");
        Attempt first = Bench.forwarded(bench.get("/").begin(0));

        assertThat(first.failed(Failures.stale(true), 1)).isInstanceOf(Decision.Forward.class);
        assertThat(bench.inFlight("http://a")).isEqualTo(1);
    }

    @Test
    void aNewConnectionCannotBeStale() {
        Bench bench = Bench.of("http://a");
        Attempt first = Bench.forwarded(bench.get("/").begin(0));
        Attempt again = Bench.forwarded(first.failed(Failures.stale(true), 1));

        Decision decision = again.failed(Failures.stale(true), 2);

        assertThat(Bench.answered(decision).status()).isEqualTo(502);
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.consequences()).containsExactly("answered 502");
    }

    @Test
    void eachUpstreamMayHaveItsStaleConnection() {
        Attempt a = Bench.forwarded(bench.get("/").begin(0));
        Attempt freshA = Bench.forwarded(a.failed(Failures.stale(true), 1));
        Attempt b = Bench.forwarded(freshA.failed(Failures.reset(), 2));
        Attempt freshB = Bench.forwarded(b.failed(Failures.stale(true), 3));

        assertThat(Bench.urlOf(freshB)).isEqualTo("http://b");
        assertThat(freshB.onFreshConnection()).isTrue();
        assertThat(freshB.failed(Failures.reset(), 4)).isInstanceOf(Decision.Answer.class);
    }

    @Test
    void postOnAStaleConnectionIsRepeatedOnlyWhileNoByteOfItWasSent() {
        Attempt unsent = Bench.forwarded(bench.open("POST", "/").begin(0));
        Attempt sent = Bench.forwarded(bench.open("POST", "/").begin(0));

        assertThat(unsent.failed(Failures.stale(false), 1)).isInstanceOf(Decision.Forward.class);
        assertThat(Bench.answered(sent.failed(Failures.stale(true), 1)).status())
                .isEqualTo(502);
        assertThat(bench.state("http://b").fails()).isZero();
        assertThat(bench.consequences()).containsExactly("answered 502");
    }

    // ---- health ----

    @Test
    void listenersHearOfEjectionAndReturn() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a", u -> u.failTimeout(Duration.ofNanos(100)))
                .upstream("http://b", u -> u.maxFails(0))
                .build());
        Bench.forwarded(bench.get("/").begin(0)).failed(Failures.refused(), 1);
        List<String> ejected = List.copyOf(bench.health);
        Attempt probing = bench.attemptAt("http://a", 200);
        probing.answered(ResponseHead.of(200), 201);
        probing.finished(202);

        assertThat(ejected).containsExactly("ejected http://a from app");
        assertThat(bench.health).containsExactly("ejected http://a from app", "returned http://a to app");
    }

    @Test
    void aListenerThatThrowsKeepsNobodyFromHearing() {
        ProxyListener broken = new ProxyListener() {
            @Override
            public void attemptFailed(AttemptFailure failure) {
                throw new IllegalStateException("boom");
            }
        };
        Bench bench = Bench.of(ProxyConfig.builder()
                .listener(broken)
                .route(Route.any().to(UpstreamPool.of("app", "http://a", "http://b"))));

        Bench.forwarded(Bench.forwarded(bench.get("/").begin(0)).failed(Failures.refused(), 1));

        assertThat(bench.consequences()).containsExactly("next http://b");
        assertThat(bench.userCodeFailures)
                .singleElement()
                .asString()
                .startsWith("listener io.weir.RetryTest")
                .endsWith("boom");
    }

    @Test
    void theLineOfAFailedAttemptStandsAlone() {
        Bench.forwarded(bench.get("/x").begin(0)).failed(Failures.refused(), 1);

        assertThat(bench.failures.get(0).line())
                .isEqualTo("connection_refused: connection refused; upstream http://a of \"app\", GET /x, site \"\","
                        + " route \"prefix /\"; next http://b");
    }

    // ---- balancing of the user's ----

    @Test
    void aBalancerThatThrowsIsA500AndLosesNoSlot() {
        Balancer broken = new Balancer() {
            @Override
            public int choose(Candidates group, Variables request) {
                if (group.isEligible(0)) {
                    return 0;
                }
                throw new IllegalStateException("no idea");
            }

            @Override
            public void failed(int index, Candidates group) {
                throw new IllegalStateException("oh no");
            }
        };
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b")
                .balancing((group, random) -> broken)
                .build());
        Attempt first = Bench.forwarded(bench.get("/").begin(0));

        Reply reply = Bench.answered(first.failed(Failures.refused(), 1));

        assertThat(reply.status()).isEqualTo(500);
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.userCodeFailures)
                .containsExactly("balancing of pool \"app\": oh no", "balancing of pool \"app\": no idea");
    }
}
