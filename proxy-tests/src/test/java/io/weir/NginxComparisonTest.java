package io.weir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weir.testkit.Nginx;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The real nginx answers as {@link NginxRecord} says: what is compared with the record is compared with nginx. */
class NginxComparisonTest {

    private static NginxOracle nginx;

    @BeforeAll
    static void startNginx() {
        Nginx.assumeInstalled();
        String version = Nginx.version();
        assumeTrue(version.startsWith(NginxRecord.VERSION + "."), "the record is not of nginx " + version);
        nginx = NginxOracle.start();
    }

    @AfterAll
    static void stopNginx() {
        if (nginx != null) {
            nginx.close();
        }
    }

    @ParameterizedTest
    @MethodSource("io.weir.ComparisonCases#all")
    void nginxAnswersAsRecorded(ComparisonCase request) {
        Observation observation = Observation.of(nginx, request);

        assertThat(observation.lineOf(request)).isEqualTo(NginxRecord.of(request));
    }
}
