package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.ProxyFailure.Phase;
import io.weir.upstream.RetryPolicy.Condition;
import java.time.Duration;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class RetryPolicyTest {
    private static final RetryPolicy DEFAULTS = RetryPolicy.defaults();

    @ParameterizedTest
    @CsvSource({
        // method, phase, bytes sent, body lost, by default, with nonIdempotent
        "GET,     CONNECT, false, false, true,  true",
        "GET,     HEAD,    true,  false, true,  true",
        "GET,     HEAD,    true,  true,  false, false",
        "GET,     BODY,    true,  false, false, false",
        "PUT,     HEAD,    true,  false, true,  true",
        "DELETE,  HEAD,    true,  false, true,  true",
        "POST,    CONNECT, false, false, true,  true",
        "POST,    HEAD,    false, false, true,  true",
        "POST,    HEAD,    true,  false, false, true",
        "POST,    HEAD,    true,  true,  false, false",
        "LOCK,    HEAD,    true,  false, false, true",
        "PATCH,   HEAD,    true,  false, false, true",
        "POST,    BODY,    true,  false, false, false",
    })
    void whatMayBeSentOnceMore(
            String method,
            Phase phase,
            boolean bytesSent,
            boolean bodyLost,
            boolean byDefault,
            boolean withNonIdempotent) {
        ProxyFailure failure =
                new ProxyFailure(ProxyError.CONNECTION_TERMINATED, phase, bytesSent, bodyLost, false, "gone", null);

        assertThat(DEFAULTS.allows(method, failure)).isEqualTo(byDefault);
        assertThat(DEFAULTS.withNonIdempotent().allows(method, failure)).isEqualTo(withNonIdempotent);
    }

    @ParameterizedTest
    @CsvSource({
        // error, phase, its condition
        "CONNECTION_REFUSED,       CONNECT, CONNECT_ERROR",
        "DESTINATION_UNREACHABLE,  CONNECT, CONNECT_ERROR",
        "DNS_ERROR,                CONNECT, CONNECT_ERROR",
        "CONNECTION_TERMINATED,    CONNECT, CONNECT_ERROR",
        "CONNECTION_LIMIT,         CONNECT, CONNECT_ERROR",
        "CONNECTION_TERMINATED,    HEAD,    CONNECTION_LOST",
        "RESPONSE_INCOMPLETE,      HEAD,    CONNECTION_LOST",
        "CONNECTION_TIMEOUT,       CONNECT, CLOCK",
        "CONNECTION_WRITE_TIMEOUT, HEAD,    CLOCK",
        "CONNECTION_READ_TIMEOUT,  HEAD,    CLOCK",
        "RESPONSE_TIMEOUT,         HEAD,    CLOCK",
        "PROTOCOL_ERROR,           HEAD,    INVALID_HEAD",
        "RESPONSE_HEAD_TOO_LARGE,  HEAD,    INVALID_HEAD",
        "UPGRADE_FAILED,           HEAD,    INVALID_HEAD",
        "INTERNAL_ERROR,           HEAD,    ",
    })
    void eachFailureFallsUnderOneConditionAtMost(ProxyError error, Phase phase, Condition condition) {
        ProxyFailure failure = new ProxyFailure(error, phase, false, false, false, "", null);

        assertThat(Condition.of(failure)).isEqualTo(condition);
        for (Condition chosen : Condition.values()) {
            assertThat(DEFAULTS.withConditions(chosen).allows("GET", failure)).isEqualTo(chosen == condition);
        }
        assertThat(DEFAULTS.allows("GET", failure)).isEqualTo(condition != null && condition != Condition.INVALID_HEAD);
        assertThat(DEFAULTS.withConditions().allows("GET", failure)).isFalse();
    }

    @ParameterizedTest
    @EnumSource(Condition.class)
    void aKeptConnectionFoundClosedIsMadeGoodUnderAnyCondition(Condition condition) {
        ProxyFailure stale =
                new ProxyFailure(ProxyError.CONNECTION_TERMINATED, Phase.HEAD, true, false, true, "closed", null);

        assertThat(DEFAULTS.withConditions(condition).allows("GET", stale)).isTrue();
        assertThat(DEFAULTS.withConditions(condition).allows("POST", stale)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        // method, status, body lost, retried
        "GET,   503, false, true",
        "GET,   429, false, true",
        "GET,   502, false, false",
        "GET,   200, false, false",
        "PUT,   503, true,  false",
        "POST,  503, false, false",
    })
    void chosenStatusesAreRetried(String method, int status, boolean bodyLost, boolean retried) {
        assertThat(DEFAULTS.withStatuses(503, 429).allows(method, status, bodyLost))
                .isEqualTo(retried);
        assertThat(DEFAULTS.allows(method, status, bodyLost)).isFalse();
    }

    @Test
    void anAnswerToAPostIsRetriedOnlyIfTheApplicationTakesCareOfDoubles() {
        assertThat(DEFAULTS.withStatuses(503).withNonIdempotent().allows("POST", 503, false))
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({
        // tries, attempts so far, upstreams, another
        "0, 1, 1, false",
        "0, 1, 2, true",
        "0, 2, 3, true",
        "0, 3, 3, false",
        "1, 1, 3, false",
        "2, 1, 3, true",
        "2, 2, 3, false",
        "5, 4, 3, true",
    })
    void triesAreAsManyAsUpstreamsUnlessSaid(int tries, int attempts, int upstreams, boolean another) {
        assertThat(DEFAULTS.withTries(tries).allowsAnother(attempts, upstreams)).isEqualTo(another);
    }

    @Test
    void offMeansOneTry() {
        assertThat(RetryPolicy.off().allowsAnother(1, 5)).isFalse();
    }

    @Test
    void timeBoundsWhenAnAttemptMayBegin() {
        RetryPolicy bounded = DEFAULTS.withTime(Duration.ofNanos(10));

        assertThat(bounded.allowsAfter(9)).isTrue();
        assertThat(bounded.allowsAfter(10)).isFalse();
        assertThat(DEFAULTS.allowsAfter(Long.MAX_VALUE)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"1, 100", "2, 200", "3, 400", "4, 800", "5, 1000", "6, 1000", "400, 1000"})
    void backOffIsByChanceBelowABoundThatDoubles(int retry, long bound) {
        RetryPolicy policy = DEFAULTS.withBackOff(Duration.ofNanos(100), Duration.ofNanos(1000));
        Random random = new Random(7);

        long[] pauses = LongStream.range(0, 20_000)
                .map(i -> policy.backOffNanos(retry, random.nextLong()))
                .toArray();

        assertThat(LongStream.of(pauses).min().getAsLong()).isBetween(0L, bound / 10);
        assertThat(LongStream.of(pauses).max().getAsLong()).isBetween(bound * 9 / 10, bound);
        assertThat(LongStream.of(pauses).average().getAsDouble()).isBetween(bound * 0.48, bound * 0.52);
    }

    @Test
    void thereIsNoBackOffUnlessSaid() {
        assertThat(DEFAULTS.backOffNanos(3, Long.MAX_VALUE)).isZero();
    }

    @ParameterizedTest
    @CsvSource({"GET, 65536", "PUT, 65536", "POST, 0", "PATCH, 0"})
    void onlyBodiesThatMayBeSentTwiceAreKept(String method, int bytes) {
        assertThat(DEFAULTS.replayBytes(method, false)).isEqualTo(bytes);
        assertThat(DEFAULTS.withNonIdempotent().replayBytes(method, false)).isEqualTo(65536);
        assertThat(DEFAULTS.withReplay(0).replayBytes(method, false)).isZero();
    }

    @Test
    void eachStepKeepsTheOthers() {
        RetryPolicy policy = DEFAULTS.withConditions(Condition.INVALID_HEAD)
                .withStatuses(503)
                .withTries(2)
                .withTime(Duration.ofSeconds(1))
                .withBackOff(Duration.ofNanos(1), Duration.ofNanos(1))
                .withBudget(20, 3)
                .withReplay(10)
                .withNonIdempotent();

        assertThat(policy.allows("POST", 503, false)).isTrue();
        assertThat(policy.allowsAnother(2, 9)).isFalse();
        assertThat(policy.allowsAfter(Duration.ofSeconds(1).toNanos())).isFalse();
        assertThat(policy.backOffNanos(1, 1)).isEqualTo(1);
        assertThat(policy.hasBudget()).isTrue();
        assertThat(policy.replayBytes("POST", false)).isEqualTo(10);
        assertThat(DEFAULTS.hasBudget()).isFalse();
    }

    @Test
    void wrongValuesAreRefusedAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withTries(-1))
                .withMessage("tries: -1 (expected: >= 0)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withStatuses(200))
                .withMessage("status: 200 (expected: 400..599)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withTime(Duration.ZERO))
                .withMessage("retry time: PT0S (expected: > 0)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withBackOff(Duration.ofSeconds(2), Duration.ofSeconds(1)))
                .withMessage("back-off: PT2S to PT1S (expected: 0 <= base <= max)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withBudget(101, 3))
                .withMessage("budget: 101 % (expected: 0..100)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> DEFAULTS.withReplay(-1))
                .withMessage("replay: -1 (expected: >= 0 bytes)");
    }
}
