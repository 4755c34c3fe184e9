package io.weir.body;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LimitsTest {
    @Test
    void theDefaultsAreTheDocumentedOnes() {
        assertThat(Limits.defaults()).isEqualTo(new Limits(32_768, 200, 16_384, Long.MAX_VALUE, 65_536));
    }

    @Test
    void eachIsChangedAlone() {
        Limits changed = Limits.defaults()
                .withRequestHead(1)
                .withRequestFields(2)
                .withRequestTarget(3)
                .withRequestBody(4)
                .withResponseHead(5);

        assertThat(changed).isEqualTo(new Limits(1, 2, 3, 4, 5));
    }

    @ParameterizedTest
    @ValueSource(ints = {0, -1, Integer.MIN_VALUE})
    void aHeadHasAtLeastOneByte(int bytes) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Limits.defaults().withRequestHead(bytes))
                .withMessage("requestHead: " + bytes + " (expected: >= 1)");
        assertThatIllegalArgumentException().isThrownBy(() -> Limits.defaults().withRequestFields(bytes));
        assertThatIllegalArgumentException().isThrownBy(() -> Limits.defaults().withRequestTarget(bytes));
        assertThatIllegalArgumentException().isThrownBy(() -> Limits.defaults().withResponseHead(bytes));
    }

    @Test
    void bodiesMayBeForbiddenButNotNegative() {
        assertThat(Limits.defaults().withRequestBody(0).requestBody()).isZero();
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Limits.defaults().withRequestBody(-1))
                .withMessage("requestBody: -1 (expected: >= 0 bytes)");
    }
}
