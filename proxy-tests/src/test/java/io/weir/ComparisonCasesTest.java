package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ComparisonCasesTest {

    private static final Pattern LOCATION = Pattern.compile("add_header X-Location (\\S+) always;");

    @Test
    void thereAreEnoughAndEachHasItsOwnId() {
        assertThat(ComparisonCases.all()).hasSizeGreaterThan(160).doesNotHaveDuplicates();
        assertThat(ComparisonCases.all()).extracting(ComparisonCase::id).doesNotHaveDuplicates();
    }

    @Test
    void theRecordHasOneLineForEachCaseAndNoOther() {
        List<String> recorded =
                ComparisonCases.all().stream().map(NginxRecord::of).toList();

        assertThat(recorded).isEqualTo(NginxRecord.lines());
    }

    @Test
    void everyLocationIsChosenByACaseExceptTheOneThatAnotherShadows() {
        List<String> unused = LOCATION.matcher(NginxOracle.CONFIGURATION)
                .results()
                .map(match -> match.group(1))
                .filter(id -> NginxRecord.lines().stream().noneMatch(line -> line.contains(" | " + id + " | ")))
                .toList();

        assertThat(unused).containsExactly("regex-second", "site-regex-second");
    }
}
