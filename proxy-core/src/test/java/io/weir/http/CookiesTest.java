package io.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CookiesTest {
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "null",
            value = {
                "a=1              | 1",
                "b=2; a=1         | 1",
                "b=2;a=1          | 1",
                "a=1; a=2         | 1",
                "A=1              | 1",
                "a=               | ''",
                "a=b=c            | b=c",
                "a = 1 ; b=2      | 1",
                "'a=\"x y\"; b'   | \"x y\"",
                "a                | null",
                "a; a=1           | 1",
                "aa=1; ba=2       | null",
                ";;a=1;;          | 1",
                "b=a=1            | null",
                "''               | null",
                "=1               | null",
            })
    void theFirstCookieOfThatNameCounts(String line, String value) {
        assertThat(Cookies.first(Headers.of("Cookie", line), "a")).isEqualTo(value);
    }

    @Test
    void everyLineIsSearched() {
        assertThat(Cookies.first(Headers.of("Cookie", "b=2", "X", "a=3", "cookie", "a=1"), "a"))
                .isEqualTo("1");
        assertThat(Cookies.first(Headers.empty(), "a")).isNull();
    }
}
