package io.weir.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Real processes that die, stand still, are slow and come back, while clients go on asking. */
class ChaosTest {

    @Test
    void noGetNoticesThatAnUpstreamIsIllAndNoPostReachesTwo() {
        Chaos.Result result = Chaos.run(
                2_000, List.of(Illness.KILLED, Illness.PAUSED, Illness.SLOWED, Illness.RESTARTED, Illness.KILLED));

        assertThat(result.flaws()).isEmpty();
        assertThat(result.gets()).isGreaterThanOrEqualTo(2_000);
        assertThat(result.doubles()).isZero();
        assertThat(result.oddPosts()).isZero();
        assertThat(result.lostPosts()).isZero();
    }
}
