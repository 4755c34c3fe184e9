package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.Headers;
import java.time.Duration;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ActiveHealthTest {
    private static final ActiveHealth PROBE = ActiveHealth.get("/healthz");
    private static final Upstream APP = Upstream.at("http://app:3000/base").build();

    @ParameterizedTest
    @CsvSource({"200, true", "204, true", "399, true", "400, false", "503, false", "199, false"})
    void byDefaultAnyStatusOfSuccessOrRedirectionIsGood(int status, boolean good) {
        assertThat(PROBE.faultOf(status, "") == null).isEqualTo(good);
    }

    @Test
    void aFaultSaysWhatCameAndWhatWasExpected() {
        assertThat(PROBE.faultOf(503, "")).isEqualTo("503, expected 200..399");
        assertThat(PROBE.withStatus(204).faultOf(200, "")).isEqualTo("200, expected 204");
        assertThat(PROBE.withBody("UP", 10).faultOf(200, "{DOWN}"))
                .isEqualTo("200, but \"UP\" is not in the first 10 bytes of the body");
        assertThat(PROBE.withBody("UP", 10).faultOf(200, "{UP}")).isNull();
    }

    @Test
    void theHostIsTheUpstreamsUnlessSaid() {
        assertThat(PROBE.withHeader("X-Probe", "1").headersFor(APP))
                .isEqualTo(Headers.of("Host", "app:3000", "X-Probe", "1"));
        assertThat(PROBE.withHeader("Host", "health.test").headersFor(APP))
                .isEqualTo(Headers.of("Host", "health.test"));
    }

    @Test
    void thePortIsTheUpstreamsUnlessSaid() {
        assertThat(PROBE.portOf(APP)).isEqualTo(3000);
        assertThat(PROBE.withPort(9000).portOf(APP)).isEqualTo(9000);
    }

    @ParameterizedTest
    @CsvSource({
        "0, 10000000000",
        "1, 10000000001",
        "1000000000, 11000000000",
        "1000000001, 10000000000",
        "-1, 11000000000"
    })
    void theNextComesAfterTheIntervalAndUpToATenthOfItLater(long chance, long nanos) {
        assertThat(PROBE.withInterval(Duration.ofSeconds(10)).untilNext(chance)).isEqualTo(nanos);
    }

    @ParameterizedTest
    @MethodSource
    void wrongValuesAreRefusedWithWhatIsExpected(Function<ActiveHealth, ActiveHealth> change, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> change.apply(PROBE))
                .withMessage(message);
    }

    static Stream<Arguments> wrongValuesAreRefusedWithWhatIsExpected() {
        return Stream.of(
                wrong(p -> ActiveHealth.get("x"), "probe path: \"x\" (expected: / and visible ASCII, without #)"),
                wrong(p -> ActiveHealth.get("/a b"), "probe path: \"/a b\" (expected: / and visible ASCII, without #)"),
                wrong(p -> p.withMethod("G T"), "probe method: \"G T\" (expected: a token)"),
                wrong(p -> p.withInterval(Duration.ZERO), "probe interval: PT0S (expected: PT0.001S..PT24H)"),
                wrong(p -> p.withTimeout(Duration.ofDays(2)), "probe timeout: PT48H (expected: PT0.001S..PT24H)"),
                wrong(p -> p.withJitter(Duration.ofSeconds(-1)), "probe jitter: PT-1S (expected: PT0S..PT24H)"),
                wrong(p -> p.withStatuses(300, 200), "probe status: 300..200 (expected: 200..599)"),
                wrong(p -> p.withBody("x", 0), "probe body: 0 bytes (expected: 1..1048576)"),
                wrong(p -> p.withRise(0), "probe rise: 0 (expected: >= 1)"),
                wrong(p -> p.withFall(0), "probe fall: 0 (expected: >= 1)"),
                wrong(p -> p.withPort(0), "probe port: 0 (expected: 1..65535)"));
    }

    private static Arguments wrong(Function<ActiveHealth, ActiveHealth> change, String message) {
        return Arguments.of(change, message);
    }
}
