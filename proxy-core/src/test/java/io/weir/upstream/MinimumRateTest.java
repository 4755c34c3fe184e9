package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MinimumRateTest {
    private static final MinimumRate RATE = new MinimumRate(100, Duration.ofSeconds(5));

    @ParameterizedTest
    @CsvSource({
        // bytes, milliseconds waited, milliseconds left
        "0, 0, 5000", // the grace
        "0, 4999, 1",
        "0, 5000, 0",
        "0, 60000, 0",
        "500, 5000, 0", // exactly the rate
        "501, 5000, 10",
        "1000, 5000, 5000", // twice the rate earns as much again
        "1000, 10000, 0",
        "50, 1000, 4000", // slower than the rate, within the grace
    })
    void whatIsLeftIsTheGraceOrWhatTheBytesEarned(long bytes, long waitedMillis, long leftMillis) {
        assertThat(RATE.left(bytes, Duration.ofMillis(waitedMillis).toNanos()))
                .isEqualTo(Duration.ofMillis(leftMillis));
    }

    @Test
    void aHugeBodyDoesNotWrapRound() {
        assertThat(new MinimumRate(1, Duration.ofSeconds(5)).left(Long.MAX_VALUE, 0))
                .isGreaterThan(Duration.ofDays(365));
        assertThat(new MinimumRate(Long.MAX_VALUE, Duration.ofSeconds(5)).left(3, 0))
                .isEqualTo(Duration.ofSeconds(5));
    }

    @Test
    void aRateOfNothingIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MinimumRate(0, Duration.ofSeconds(5)))
                .withMessage("bytesPerSecond: 0 (expected: >= 1)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> new MinimumRate(1, Duration.ZERO))
                .withMessage("grace: PT0S (expected: >= 1 ms)");
    }

    @Test
    void aLevelBelowHasItsOwnOrTheOneAbove() {
        Timeouts above = Timeouts.builder().clientRate(RATE).build();
        MinimumRate other = new MinimumRate(1, Duration.ofSeconds(1));

        assertThat(Timeouts.inherit().clientRate()).isNull();
        assertThat(Timeouts.inherit().below(above).clientRate()).isEqualTo(RATE);
        assertThat(Timeouts.builder().clientRate(other).build().below(above).clientRate())
                .isEqualTo(other);
    }
}
