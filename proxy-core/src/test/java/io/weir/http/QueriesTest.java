package io.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class QueriesTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "null",
            value = {
                "a=1            | a  | 1",
                "b=2&a=1        | a  | 1",
                "a=1&a=2        | a  | 1",
                "A=1            | a  | 1",
                "a=             | a  | ''",
                "a=b=c          | a  | b=c",
                "a=%20+         | a  | %20+",
                "a              | a  | null",
                "a&a=1          | a  | 1",
                "aa=1           | a  | null",
                "ba=1           | a  | null",
                "xa=1&a=2       | a  | 2",
                "a;a=1          | a  | null",
                "&&a=1&&        | a  | 1",
                "''             | a  | null",
                "=1             | a  | null",
                "%61=1          | a  | null",
                "a=1            | ab | null",
            })
    void theFirstArgumentOfThatNameCounts(String query, String name, String value) {
        assertThat(Queries.first(query, name)).isEqualTo(value);
    }

    @Test
    void noQueryHasNoArguments() {
        assertThat(Queries.first(null, "a")).isNull();
    }
}
