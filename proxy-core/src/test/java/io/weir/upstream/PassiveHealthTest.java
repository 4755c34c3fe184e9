package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.ProxyFailure.Phase;
import io.weir.upstream.RetryPolicy.Condition;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class PassiveHealthTest {

    @ParameterizedTest
    @EnumSource(ProxyError.class)
    void byDefaultWhateverGoesWrongOnTheUpstreamsSideCounts(ProxyError error) {
        boolean counts = PassiveHealth.defaults().counts(failure(error, Phase.HEAD));

        assertThat(counts).isEqualTo(error.side() == ProxyError.Side.UPSTREAM);
    }

    @ParameterizedTest
    @CsvSource({
        "CONNECTION_REFUSED, CONNECT, CONNECT_ERROR",
        "CONNECTION_TERMINATED, HEAD, CONNECTION_LOST",
        "RESPONSE_INCOMPLETE, BODY, CONNECTION_LOST",
        "CONNECTION_READ_TIMEOUT, HEAD, CLOCK",
        "PROTOCOL_ERROR, HEAD, INVALID_HEAD"
    })
    void onlyChosenConditionsCount(ProxyError error, Phase phase, Condition condition) {
        for (Condition chosen : Condition.values()) {
            assertThat(PassiveHealth.defaults().withConditions(chosen).counts(failure(error, phase)))
                    .isEqualTo(chosen == condition);
        }
    }

    @Test
    void whatTheClientDoesNeverCounts() {
        PassiveHealth all = PassiveHealth.defaults().withConditions(Condition.values());

        assertThat(all.counts(failure(ProxyError.CLIENT_GONE, Phase.BODY))).isFalse();
        assertThat(all.counts(failure(ProxyError.REQUEST_TIMEOUT, Phase.CONNECT)))
                .isFalse();
    }

    @Test
    void statusesCountWhereTheyAreChosen() {
        PassiveHealth chosen = PassiveHealth.defaults().withStatuses(500, 503);

        assertThat(PassiveHealth.defaults().counts(503)).isFalse();
        assertThat(chosen.counts(503)).isTrue();
        assertThat(chosen.counts(502)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "100, 5, 5, true",
        "50, 1, 4, true",
        "50, 2, 4, true",
        "50, 3, 4, false",
        "10, 1, 3, true",
        "10, 2, 3, false",
        "0, 1, 9, true",
        "0, 2, 9, false"
    })
    void noMoreThanItsShareIsOutButOneAlwaysMayBe(int percent, int out, int size, boolean allowed) {
        assertThat(PassiveHealth.defaults().withMaxOut(percent).allowsOut(out, size))
                .isEqualTo(allowed);
    }

    @Test
    void wrongValuesNameThePlaceAndWhatIsExpected() {
        PassiveHealth health = PassiveHealth.defaults();

        assertThatIllegalArgumentException()
                .isThrownBy(() -> health.withStatuses(200))
                .withMessage("status: 200 (expected: 400..599)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> health.withMaxOut(101))
                .withMessage("max out: 101 % (expected: 0..100)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> OutlierEjection.defaults().withShare(0, 1))
                .withMessage("outlier percent: 0 (expected: 1..100)");
    }

    private static ProxyFailure failure(ProxyError error, Phase phase) {
        return new ProxyFailure(error, phase, true, false, false, "", null);
    }
}
