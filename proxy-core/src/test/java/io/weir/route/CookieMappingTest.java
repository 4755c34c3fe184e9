package io.weir.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CookieMappingTest {

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a=b; Path=/v1/              | a=b; Path=/api/",
                "a=b; path=/v1/x; Secure     | a=b; path=/api/x; Secure",
                "a=b;Path=/v1/;HttpOnly      | a=b; Path=/api/;HttpOnly",
                "a=b; Path = /v1/x           | a=b; Path=/api/x",
                "a=b; Path=/v2/              | a=b; Path=/v2/",
                "a=b; Path=/V1/              | a=b; Path=/V1/",
                "a=b; Path                   | a=b; Path",
                "a=b                         | a=b",
                "Path=/v1/                   | Path=/v1/",
                "a=\"b c\"; Path=/v1/        | a=\"b c\"; Path=/api/",
                "a=b=c; Path=/v1/            | a=b=c; Path=/api/",
                "a=; Path=/v1/;              | a=; Path=/api/;",
                "a=b; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/v1/ | a=b; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Path=/api/",
                "a=b; Path=/v1/; Path=/v1/c  | a=b; Path=/api/; Path=/api/c",
            })
    void theStartOfThePathIsReplaced(String cookie, String expected) {
        assertThat(CookieMapping.NONE.withPath("/v1/", "/api/").map(cookie)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a=b; Domain=intern.test      | a=b; Domain=www.test",
                "a=b; Domain=.Intern.Test     | a=b; Domain=www.test",
                "a=b; domain=x.intern.test    | a=b; domain=x.intern.test",
                "a=b; Domain=gone.test; Path=/ | a=b; Path=/",
                "a=b; Domain=                 | a=b; Domain=",
            })
    void domainsAreReplacedOrLeftOut(String cookie, String expected) {
        CookieMapping mapping =
                CookieMapping.NONE.withDomain(".intern.test", "www.test").withDomain("gone.test", "");

        assertThat(mapping.map(cookie)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "a=b                          | a=b; Secure; SameSite=Lax",
                "a=b; Path=/; HttpOnly        | a=b; Path=/; HttpOnly; Secure; SameSite=Lax",
                "a=b; SameSite=None; secure   | a=b; Secure; SameSite=Lax",
                "a=b;samesite = Strict; Path=/ | a=b; Path=/; Secure; SameSite=Lax",
                "secure=1                     | secure=1; Secure; SameSite=Lax",
            })
    void flagsReplaceThoseOfTheSameName(String cookie, String expected) {
        assertThat(CookieMapping.NONE.withFlags("Secure", "SameSite=Lax").map(cookie))
                .isEqualTo(expected);
    }

    @Test
    void theFirstRuleThatFitsWins() {
        CookieMapping mapping = CookieMapping.NONE.withPath("/v1/", "/api/").withPath("/", "/never/");

        assertThat(mapping.map("a=b; Path=/v1/x")).isEqualTo("a=b; Path=/api/x");
        assertThat(mapping.map("a=b; Path=/x")).isEqualTo("a=b; Path=/never/x");
    }

    @Test
    void whatCouldSplitACookieIsRefused() {
        CookieMapping none = CookieMapping.NONE;

        assertThatIllegalArgumentException().isThrownBy(() -> none.withPath("/", "/; Domain=evil.test"));
        assertThatIllegalArgumentException().isThrownBy(() -> none.withPath("", "/"));
        assertThatIllegalArgumentException().isThrownBy(() -> none.withDomain("a.test", "b\r\nX: y"));
        assertThatIllegalArgumentException().isThrownBy(() -> none.withFlags(" "));
    }
}
