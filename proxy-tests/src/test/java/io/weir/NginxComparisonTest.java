package io.weir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weir.testkit.Nginx;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Weir and the real nginx make the same of each request, save for {@link IntendedDifference}s. Both are held against
 * {@link NginxRecord}, so that Weir is compared where nginx is not installed, too.
 */
class NginxComparisonTest {

    @Nested
    class RealNginx {

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
        void answersAsRecorded(ComparisonCase request) {
            Observation observation = Observation.of(nginx, request);

            assertThat(observation.lineOf(request)).isEqualTo(NginxRecord.of(request));
        }
    }

    @Nested
    class Weir {

        private static ComparedWeir weir;

        @BeforeAll
        static void startWeir() {
            weir = ComparedWeir.start();
        }

        @AfterAll
        static void stopWeir() {
            weir.close();
        }

        @ParameterizedTest
        @MethodSource("io.weir.ComparisonCases#all")
        void doesAsNginxUnlessADifferenceIsListed(ComparisonCase request) {
            String expected = IntendedDifference.lineOf(request).orElseGet(() -> NginxRecord.of(request));

            Observation observation = Observation.of(weir, request);

            assertThat(observation.lineOf(request)).isEqualTo(expected);
        }
    }

    @Nested
    class ListedDifferences {

        @ParameterizedTest
        @MethodSource("io.weir.IntendedDifference#all")
        void haveAReasonAndAreDifferences(IntendedDifference difference) {
            assertThat(difference.reason()).hasSizeGreaterThan(40);
            assertThat(difference.lines()).isNotEmpty().doesNotContainAnyElementsOf(NginxRecord.lines());
        }

        @Test
        void concernEachTheirOwnCases() {
            List<String> listed = IntendedDifference.all().stream()
                    .flatMap(difference -> difference.lines().stream())
                    .toList();
            List<String> found = ComparisonCases.all().stream()
                    .flatMap(request -> IntendedDifference.lineOf(request).stream())
                    .toList();

            assertThat(found).containsExactlyInAnyOrderElementsOf(listed);
            assertThat(IntendedDifference.all())
                    .extracting(IntendedDifference::name)
                    .doesNotHaveDuplicates();
        }
    }
}
