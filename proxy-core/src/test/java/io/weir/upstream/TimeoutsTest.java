package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class TimeoutsTest {

    private static final Duration TWO = Duration.ofSeconds(2);
    private static final Duration NINE = Duration.ofSeconds(9);

    @Test
    void theClocksOfAWholeAnswerAreOffByDefault() {
        Timeouts clocks = Timeouts.inherit();

        assertThat(clocks.responseHead()).isNull();
        assertThat(clocks.firstByte()).isNull();
        assertThat(clocks.toString()).doesNotContain("responseHead", "firstByte");
    }

    @Test
    void whatIsNotSetComesFromAbove() {
        Timeouts above = Timeouts.builder().responseHead(TWO).firstByte(TWO).build();

        Timeouts clocks = Timeouts.builder().firstByte(NINE).build().below(above);

        assertThat(clocks.responseHead()).isEqualTo(TWO);
        assertThat(clocks.firstByte()).isEqualTo(NINE);
        assertThat(clocks.toString()).contains("responseHead PT2S", "firstByte PT9S");
    }

    @Test
    void noneMayBeShorterThanAMillisecond() {
        assertThatThrownBy(() -> Timeouts.builder().firstByte(Duration.ZERO))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("firstByte: PT0S");
    }
}
