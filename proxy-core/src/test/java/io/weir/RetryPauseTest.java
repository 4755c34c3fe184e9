package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.http.Reply;
import io.weir.http.ResponseHead;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What comes between a failure and the next try: back-off, the limit on time, the budget. */
class RetryPauseTest {
    private static final RetryPolicy BACKING_OFF =
            RetryPolicy.defaults().withBackOff(Duration.ofNanos(100), Duration.ofNanos(150));

    // ---- back-off ----

    @Test
    void theNextTryBeginsAfterTheBackOff() {
        Bench bench = bench(BACKING_OFF);
        bench.chance = 30;
        Exchange exchange = bench.get("/");

        Decision pause = Bench.forwarded(exchange.begin(0)).failed(Failures.refused(), 10);
        int between = bench.inFlight("http://a") + bench.inFlight("http://b");
        Decision early = exchange.resumed(39);
        Attempt second = Bench.forwarded(exchange.resumed(40));

        assertThat(pause).isEqualTo(new Decision.Pause(40));
        assertThat(between).isZero();
        assertThat(early).isEqualTo(pause);
        assertThat(Bench.urlOf(second)).isEqualTo("http://b");
        assertThat(bench.consequences()).containsExactly("waits to try another");
    }

    @Test
    void theBackOffGrowsWithEachTry() {
        Bench bench = bench(BACKING_OFF);
        bench.chance = 150;
        Exchange exchange = bench.get("/");
        Bench.forwarded(exchange.begin(0)).failed(Failures.refused(), 0);
        Attempt second = Bench.forwarded(exchange.resumed(49));

        Decision pause = second.failed(Failures.refused(), 100);

        assertThat(pause).isEqualTo(new Decision.Pause(250));
    }

    @Test
    void chanceMayLetItGoOnAtOnce() {
        Bench bench = bench(BACKING_OFF);
        bench.chance = 0;

        assertThat(Bench.forwarded(bench.get("/").begin(0)).failed(Failures.refused(), 1))
                .isInstanceOf(Decision.Forward.class);
    }

    @Test
    void aStaleConnectionIsMadeGoodWithoutBackOff() {
        assertThat(Bench.forwarded(bench(BACKING_OFF).get("/").begin(0)).failed(Failures.stale(true), 1))
                .isInstanceOf(Decision.Forward.class);
    }

    @Test
    void theFailureIsAnsweredIfNoUpstreamIsLeftAfterTheBackOff() {
        Bench bench = bench(BACKING_OFF);
        Exchange exchange = bench.get("/");
        Attempt first = Bench.forwarded(exchange.begin(0));
        Attempt b = Bench.forwarded(bench.get("/").begin(0));
        Attempt c = Bench.forwarded(bench.get("/").begin(0));
        first.failed(Failures.silent(), 1);
        b.failed(Failures.refused(), 2);
        c.failed(Failures.refused(), 3);

        Reply reply = Bench.answered(exchange.resumed(200));

        assertThat(reply.error()).isEqualTo(ProxyError.CONNECTION_READ_TIMEOUT);
    }

    @Test
    void theTotalClockRunsDuringTheBackOffToo() {
        Exchange exchange = bench(BACKING_OFF).get("/");
        Bench.forwarded(exchange.begin(0)).failed(Failures.refused(), 1);

        assertThat(Bench.answered(exchange.expired(Exchange.Clock.TOTAL, 2)).status())
                .isEqualTo(504);
        assertThat(exchange.resumed(200)).isInstanceOf(Decision.Nothing.class);
    }

    // ---- time ----

    @Test
    void noTryBeginsWhenItsTimeIsUp() {
        RetryPolicy retry = RetryPolicy.defaults().withTime(Duration.ofNanos(100));

        assertThat(Bench.forwarded(bench(retry).get("/").begin(5)).failed(Failures.silent(), 104))
                .isInstanceOf(Decision.Forward.class);
        assertThat(Bench.forwarded(bench(retry).get("/").begin(5)).failed(Failures.silent(), 105))
                .isInstanceOf(Decision.Answer.class);
    }

    @Test
    void noBackOffIsBegunThatWouldEndTooLate() {
        Bench bench = bench(BACKING_OFF.withTime(Duration.ofNanos(100)));
        bench.chance = 60;

        assertThat(Bench.forwarded(bench.get("/").begin(0)).failed(Failures.silent(), 39))
                .isEqualTo(new Decision.Pause(99));
        assertThat(Bench.forwarded(bench.get("/").begin(0)).failed(Failures.silent(), 40))
                .isInstanceOf(Decision.Answer.class);
    }

    // ---- budget ----

    @Test
    void beyondTheBudgetThereIsNoRetry() {
        Bench bench = bench(RetryPolicy.defaults().withBudget(20, 1));
        List<Attempt> attempts = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            attempts.add(Bench.forwarded(bench.get("/").begin(0)));
        }

        List<Decision> decisions = attempts.stream()
                .map(attempt -> attempt.failed(Failures.reset(), 1))
                .toList();

        assertThat(decisions.subList(0, 2)).allMatch(decision -> decision instanceof Decision.Forward);
        assertThat(decisions.subList(2, 10)).allMatch(decision -> decision instanceof Decision.Answer);
        assertThat(budget(bench)).isEqualTo("2 retries among 2 exchanges");
    }

    @Test
    void aRetryHasUsedItsShareOnceItsAnswerIsDelivered() {
        Bench bench = bench(RetryPolicy.defaults().withBudget(0, 1));
        Attempt first = Bench.forwarded(bench.get("/").begin(0));
        Attempt second = Bench.forwarded(first.failed(Failures.refused(), 1));
        second.answered(ResponseHead.of(200), 2);
        String streaming = budget(bench);
        second.finished(3);

        assertThat(streaming).isEqualTo("0 retries among 1 exchanges");
        assertThat(budget(bench)).isEqualTo("0 retries among 0 exchanges");
    }

    @Test
    void severalRetriesOfAnExchangeAreOneShare() {
        Bench bench = bench(RetryPolicy.defaults().withBudget(0, 1));
        Attempt second =
                Bench.forwarded(Bench.forwarded(bench.get("/").begin(0)).failed(Failures.refused(), 1));

        assertThat(second.failed(Failures.refused(), 2)).isInstanceOf(Decision.Forward.class);
        assertThat(budget(bench)).isEqualTo("1 retries among 1 exchanges");
    }

    @Test
    void aStaleConnectionIsMadeGoodOutsideTheBudget() {
        Bench bench = bench(RetryPolicy.defaults().withBudget(0, 0));

        assertThat(Bench.forwarded(bench.get("/").begin(0)).failed(Failures.stale(true), 1))
                .isInstanceOf(Decision.Forward.class);
    }

    private static String budget(Bench bench) {
        return bench.proxy.pools().get("app").retryBudget().toString();
    }

    private static Bench bench(RetryPolicy retry) {
        return Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b")
                .upstream("http://c")
                .retry(retry)
                .build());
    }
}
