package io.weir.middleware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class HstsTest {
    private static final String FIELD = "Strict-Transport-Security";
    private static final Hsts YEAR = Hsts.maxAge(Duration.ofDays(365));

    @Test
    void itStandsOnAnswersOverTlsInPlaceOfTheUpstreams() {
        ResponseHead response = ResponseHead.of(404, FIELD, "max-age=1", FIELD, "max-age=2");

        ResponseHead out = YEAR.includeSubDomains().preload().onResponse(response, over("https"));

        assertThat(out.headers().all(FIELD)).isEqualTo(List.of("max-age=31536000; includeSubDomains; preload"));
    }

    @Test
    void itNeverStandsOnAnswersOverPlainHttp() {
        ResponseHead out = YEAR.onResponse(ResponseHead.of(200, FIELD, "max-age=1"), over("http"));

        assertThat(out.header(FIELD)).isNull();
    }

    @Test
    void zeroMakesBrowsersForget() {
        ResponseHead out = Hsts.maxAge(Duration.ZERO).onResponse(ResponseHead.of(200), over("https"));

        assertThat(out.header(FIELD)).isEqualTo("max-age=0");
    }

    @Test
    void whatThePreloadListsWouldNotTakeIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(YEAR::preload).withMessageContaining("includeSubDomains()");
        assertThatIllegalArgumentException()
                .isThrownBy(() ->
                        Hsts.maxAge(Duration.ofDays(364)).includeSubDomains().preload())
                .withMessageContaining("365 days");
        assertThatIllegalArgumentException().isThrownBy(() -> Hsts.maxAge(Duration.ofSeconds(-1)));
    }

    private static RequestContext over(String scheme) {
        RequestHead request =
                RequestHead.get("/", "a.test").toBuilder().scheme(scheme).build();
        return GivenContext.of(request, "192.0.2.1");
    }
}
