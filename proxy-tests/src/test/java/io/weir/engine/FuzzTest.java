package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** A share of what {@code FuzzBar} runs. */
class FuzzTest {

    @Test
    void mutatedRequestsCrashHangAndDisturbNothing() throws Exception {
        assertThat(Fuzz.front(1, 2_000)).isEmpty();
    }

    @Test
    void mutatedAnswersCrashHangAndDisturbNothing() throws Exception {
        assertThat(Fuzz.back(1, 2_000)).isEmpty();
    }
}
