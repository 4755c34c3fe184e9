package io.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AuthorityTest {

    @ParameterizedTest
    @ValueSource(
            strings = {
                "example.com",
                "EXAMPLE.com.",
                "example.com:8080",
                "example.com:",
                "a_b.example.com",
                ".example.com",
                "a%2eb",
                "127.0.0.1:80",
                "[::1]",
                "[::1]:8080",
                "[fe80::1%25eth0]"
            })
    void hostWithOrWithoutPortIsFine(String authority) {
        assertThat(Authority.problem(authority)).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ":80",
                ".",
                "a..b",
                "a.b..",
                "::1",
                "[::1",
                "[::1]x",
                "[a/b]",
                "user@example.com",
                "a,b",
                "a b",
                "a/b",
                "a?b",
                "a#b",
                "a\\b",
                "caf\u00c3\u00a9.test",
                "example.com:http",
                "example.com:80:80"
            })
    void whatTwoServersCouldReadInTwoWaysIsRefused(String authority) {
        assertThat(Authority.problem(authority)).isNotNull();
    }

    @Test
    void requestHasTheProblemOfItsHostIfItsTargetIsFine() {
        assertThat(RequestHead.get("/", "a..b").problem()).contains("empty label");
        assertThat(RequestHead.get("/%00", "a..b").problem()).contains("NUL");
        assertThat(RequestHead.get("/", "a.b").problem()).isNull();
        assertThat(RequestHead.builder("GET", "/").build().problem()).isNull();
    }
}
