package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class KeepAliveTest {
    @Test
    void eachValueIsChangedByItself() {
        KeepAlive changed = KeepAlive.defaults()
                .withIdle(8)
                .withTimeout(Duration.ofSeconds(5))
                .withRequests(10)
                .withAge(Duration.ofMinutes(1))
                .withWarmUp(3);

        assertThat(changed).isEqualTo(new KeepAlive(8, Duration.ofSeconds(5), 10, Duration.ofMinutes(1), 3));
    }

    @Test
    void noMoreAreOpenedAheadThanMayBeIdle() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KeepAlive.defaults().withIdle(2).withWarmUp(3))
                .withMessage("keepAlive warmUp: 3 (expected: 0..2, as many as may be idle)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> KeepAlive.defaults().withWarmUp(-1));
        assertThat(KeepAlive.off().warmUp()).isZero();
    }
}
