package io.weir.middleware;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import org.junit.jupiter.api.Test;

class VerifiedPasswordsTest {
    private final VerifiedPasswords verified = new VerifiedPasswords();

    @Test
    void theOldestIsForgottenWhenThereAreTooMany() {
        for (int i = 0; i < 5_000; i++) {
            verified.add(number(i), 0);
        }

        assertThat(verified.size()).isEqualTo(1_000);
        assertThat(verified.contains(number(3_999), 0)).isFalse();
        assertThat(verified.contains(number(4_000), 0)).isTrue();
    }

    @Test
    void beingFoundRightAgainMakesItYoung() {
        verified.add(number(-1), 0);
        for (int i = 0; i < 999; i++) {
            verified.add(number(i), 0);
        }
        verified.add(number(-1), 5);
        verified.add(number(1_000), 5);

        assertThat(verified.contains(number(-1), 5)).isTrue();
        assertThat(verified.contains(number(0), 5)).isFalse();
    }

    private static ByteBuffer number(int i) {
        return ByteBuffer.allocate(4).putInt(0, i);
    }
}
