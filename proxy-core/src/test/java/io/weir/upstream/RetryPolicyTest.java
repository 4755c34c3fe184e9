package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.ProxyFailure.Phase;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetryPolicyTest {

    @ParameterizedTest
    @CsvSource({
        // method, phase, bytes sent, body sent, by default, with nonIdempotent
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
            boolean bodySent,
            boolean byDefault,
            boolean withNonIdempotent) {
        ProxyFailure failure =
                new ProxyFailure(ProxyError.CONNECTION_TERMINATED, phase, bytesSent, bodySent, false, "gone", null);

        assertThat(RetryPolicy.defaults().allows(method, failure)).isEqualTo(byDefault);
        assertThat(RetryPolicy.defaults().withNonIdempotent().allows(method, failure))
                .isEqualTo(withNonIdempotent);
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
        assertThat(RetryPolicy.defaults().withTries(tries).allowsAnother(attempts, upstreams))
                .isEqualTo(another);
    }

    @Test
    void offMeansOneTry() {
        assertThat(RetryPolicy.off().allowsAnother(1, 5)).isFalse();
    }

    @Test
    void negativeTriesAreRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RetryPolicy.defaults().withTries(-1))
                .withMessage("tries: -1 (expected: >= 0)");
    }
}
