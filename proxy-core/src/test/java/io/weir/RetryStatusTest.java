package io.weir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.weir.http.ProxyError;
import io.weir.http.ResponseHead;
import io.weir.log.AttemptFailure;
import io.weir.log.AttemptSummary;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Answers that count as failures: another upstream is tried, and the last answer is delivered as it came. */
class RetryStatusTest {
    private static final ResponseHead BUSY = ResponseHead.of(503, "X-From", "busy");
    private static final RetryPolicy ON_503 = RetryPolicy.defaults().withStatuses(503, 404);

    private final Bench bench = bench(ON_503, "http://a", "http://b");

    @Test
    void aChosenStatusGoesOnToTheNextUpstream() {
        Exchange exchange = bench.get("/");
        Attempt first = Bench.forwarded(exchange.begin(0));

        Attempt second = Bench.forwarded(first.answered(BUSY, 1));
        ResponseHead head = Bench.delivered(second.answered(ResponseHead.of(200), 2));
        second.finished(3);
        exchange.finished(0, 4);

        assertThat(Bench.urlOf(second)).isEqualTo("http://b");
        assertThat(head.status()).isEqualTo(200);
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.state("http://a").fails()).isEqualTo(1);
        assertThat(bench.summary().attempts())
                .extracting(AttemptSummary::upstream, AttemptSummary::status, AttemptSummary::totalNanos)
                .containsExactly(tuple("http://a", 503, 1L), tuple("http://b", 200, 2L));
    }

    @Test
    void listenersHearOfAnAnswerThatIsGivenUp() {
        Attempt first = Bench.forwarded(bench.get("/x").begin(0));

        Bench.forwarded(first.answered(BUSY, 1)).answered(BUSY, 2);

        assertThat(bench.failures)
                .singleElement()
                .extracting(AttemptFailure::line)
                .isEqualTo("http_response_unwanted: the upstream answered 503; upstream http://a of \"app\", GET /x,"
                        + " site \"\", route \"prefix /\"; next http://b");
    }

    @Test
    void theLastAnswerIsDeliveredAsItCame() {
        Attempt first = Bench.forwarded(bench.get("/").begin(0));
        Attempt second = Bench.forwarded(first.answered(ResponseHead.of(503, "X-From", "a"), 1));

        ResponseHead head = Bench.delivered(second.answered(BUSY, 2));

        assertThat(head).isEqualTo(BUSY);
        assertThat(bench.inFlight("http://b")).isEqualTo(1);
    }

    @Test
    void anAnswerIsDeliveredIfTheOthersAreOut() {
        Bench bench = bench(ON_503.withTries(5), "http://a", "http://b");
        Attempt a = Bench.forwarded(bench.get("/").begin(0));
        Attempt b = Bench.forwarded(bench.get("/").begin(0));
        Attempt retry = Bench.forwarded(b.failed(Failures.refused(), 1));

        assertThat(Bench.delivered(a.answered(BUSY, 2))).isEqualTo(BUSY);
        assertThat(Bench.delivered(retry.answered(BUSY, 2))).isEqualTo(BUSY);
    }

    @ParameterizedTest
    @CsvSource({"503, 1", "404, 0"})
    void nginxsTwoMildStatusesSayNothingAboutHealth(int status, int fails) {
        Bench.forwarded(Bench.forwarded(bench.get("/").begin(0)).answered(ResponseHead.of(status), 1));

        assertThat(bench.state("http://a").fails()).isEqualTo(fails);
    }

    @Test
    void otherStatusesAreDelivered() {
        assertThat(Bench.forwarded(bench.get("/").begin(0)).answered(ResponseHead.of(500), 1))
                .isInstanceOf(Decision.Deliver.class);
    }

    @Test
    void theAnswerToAPostIsDelivered() {
        assertThat(Bench.forwarded(bench.open("POST", "/").begin(0)).answered(BUSY, 1))
                .isInstanceOf(Decision.Deliver.class);
    }

    @Test
    void anAnswerIsDeliveredOnceTheBodyIsLost() {
        assertThat(Bench.forwarded(bench.open("PUT", "/").begin(0)).answered(BUSY, true, 1))
                .isInstanceOf(Decision.Deliver.class);
    }

    // ---- with back-off ----

    @Test
    void anAnswerIsHeldDuringTheBackOffAndGivenUpForTheNextUpstream() {
        Bench bench = bench(ON_503.withBackOff(Duration.ofNanos(50), Duration.ofNanos(50)), "http://a", "http://b");
        Exchange exchange = bench.get("/");
        Attempt first = Bench.forwarded(exchange.begin(0));

        Decision pause = first.answered(BUSY, 10);
        int held = bench.inFlight("http://a");
        Decision early = exchange.resumed(51);
        Attempt second = Bench.forwarded(exchange.resumed(52));

        assertThat(pause).isEqualTo(new Decision.Pause(52));
        assertThat(held).isEqualTo(1);
        assertThat(early).isEqualTo(pause);
        assertThat(Bench.urlOf(second)).isEqualTo("http://b");
        assertThat(bench.inFlight("http://a")).isZero();
    }

    @Test
    void aHeldAnswerIsDeliveredIfNoOtherUpstreamIsLeftAfterTheBackOff() {
        Bench bench = bench(ON_503.withBackOff(Duration.ofNanos(50), Duration.ofNanos(50)), "http://a", "http://b");
        Exchange exchange = bench.get("/");
        Attempt first = Bench.forwarded(exchange.begin(0));
        Attempt other = Bench.forwarded(bench.get("/").begin(0));
        first.answered(BUSY, 10);
        other.failed(Failures.refused(), 11);

        assertThat(Bench.delivered(exchange.resumed(52))).isEqualTo(BUSY);
        assertThat(bench.consequences()).containsExactly("waits to try another");
        first.finished(60);
        assertThat(bench.inFlight("http://a")).isZero();
    }

    @Test
    void aHeldAnswerThatBreaksLeavesItsErrorToAnswer() {
        Bench bench = bench(ON_503.withBackOff(Duration.ofNanos(50), Duration.ofNanos(50)), "http://a", "http://b");
        Exchange exchange = bench.get("/");
        Attempt first = Bench.forwarded(exchange.begin(0));
        Attempt other = Bench.forwarded(bench.get("/").begin(0));
        first.answered(BUSY, 10);

        Decision broken = first.failed(Failures.incomplete(), 11);
        other.failed(Failures.refused(), 12);

        assertThat(broken).isInstanceOf(Decision.Nothing.class);
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(Bench.answered(exchange.resumed(52)).error()).isEqualTo(ProxyError.RESPONSE_INCOMPLETE);
    }

    @Test
    void aClientThatGoesDuringTheBackOffGivesTheSlotBack() {
        Bench bench = bench(ON_503.withBackOff(Duration.ofNanos(50), Duration.ofNanos(50)), "http://a", "http://b");
        Exchange exchange = bench.get("/");
        Bench.forwarded(exchange.begin(0)).answered(BUSY, 10);

        assertThat(exchange.clientGone(20)).isInstanceOf(Decision.Abort.class);
        assertThat(exchange.resumed(60)).isInstanceOf(Decision.Nothing.class);
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.state("http://a").fails()).isZero();
    }

    // ---- Retry-After ----

    @ParameterizedTest
    @CsvSource({
        "503, 2, 2_000_000_010",
        "429, 2, 2_000_000_010",
        "503, 4, 4_000_000_010",
        "503, 5, 60", // the time is over then
        "503, 0, 60",
        "503, 99999999999999999999, 60",
        "503, 'Wed, 21 Oct 2015 07:28:00 GMT', 60",
        "500, 2, 60",
    })
    void theBackOffIsAsLongAsTheAnswerAsksIfThatFitsIntoTheTime(int status, String retryAfter, String until) {
        RetryPolicy retry = RetryPolicy.defaults()
                .withStatuses(429, 500, 503)
                .withBackOff(Duration.ofNanos(50), Duration.ofNanos(50))
                .withTime(Duration.ofSeconds(5));
        Bench bench = bench(retry, "http://a", "http://b");
        bench.chance = 50;
        Attempt first = Bench.forwarded(bench.get("/").begin(0));

        Decision pause = first.answered(ResponseHead.of(status, "Retry-After", retryAfter), 10);

        assertThat(pause).isEqualTo(new Decision.Pause(Long.parseLong(until.replace("_", ""))));
    }

    @Test
    void withoutABackOffOrATimeTheNextUpstreamIsAskedWhateverTheAnswerAsks() {
        RetryPolicy timed = ON_503.withTime(Duration.ofHours(1));
        RetryPolicy endless = ON_503.withBackOff(Duration.ofNanos(50), Duration.ofNanos(50));
        for (RetryPolicy retry : List.of(ON_503, timed, endless)) {
            Bench bench = bench(retry, "http://a", "http://b");
            bench.chance = 0;
            Attempt first = Bench.forwarded(bench.get("/").begin(0));

            assertThat(first.answered(ResponseHead.of(503, "Retry-After", "60"), 10))
                    .isInstanceOf(Decision.Forward.class);
        }
    }

    private static Bench bench(RetryPolicy retry, String... urls) {
        UpstreamPool.Builder pool = UpstreamPool.named("app").retry(retry);
        for (String url : urls) {
            pool.upstream(url);
        }
        return Bench.of(pool.build());
    }
}
