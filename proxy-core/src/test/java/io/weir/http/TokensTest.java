package io.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokensTest {
    @ParameterizedTest
    @ValueSource(strings = {"a", "Content-Type", "0", "!#$%&'*+-.^_`|~", "x_y"})
    void theseAreTokens(String text) {
        assertThat(Tokens.isToken(text)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "", " ", "a b", "a,b", "a:b", "a/b", "\"a\"", "(a)", "a\u0000", "a\u007F", "\u00E9", "a@b", "{a}", "[a]"
            })
    void theseAreNone(String text) {
        assertThat(Tokens.isToken(text)).isFalse();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "'close'               | close | true",
                "'CLOSE'               | close | true",
                "'a,close'             | close | true",
                "'a , \tclose\t ,b'    | close | true",
                "',,close,'            | close | true",
                "'closed'              | close | false",
                "'not close'           | close | false",
                "'close;q=1'           | close | false",
                "''                    | close | false",
                "',, ,'                | close | false",
            })
    void aMemberIsFound(String list, String token, boolean found) {
        assertThat(Tokens.contains(list, token)).isEqualTo(found);
    }

    @Test
    void splittingTrimsOnlySpacesAndTabs() {
        assertThat(Tokens.split(" a ,\tb\t,, c d ,")).containsExactly("a", "b", "c d");
        assertThat(Tokens.split("\u000Ba,\u00A0b,\u001Fc")).containsExactly("\u000Ba", "\u00A0b", "\u001Fc");
        assertThat(Tokens.split("")).isEmpty();
        assertThat(Tokens.split(",")).isEmpty();
    }
}
