package io.weir.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestPathTest {
    /** Pieces out of which two parsers may read two paths. */
    private static final String[] PIECES = {
        "/", "/", "//", ".", "..", "/.", "/..", "a", "b", "%2F", "%2f", "%2e", "%2E%2e", "%25", "%252F", "%3F", "%23",
        "%20", "%41", "%5C", "\\", ";", "+", "~", "\u00E9", "%C3%A9", "%0A", "%7F", "|", "{", "...", ".a", "a."
    };

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/                    | /",
                "/a/b                 | /a/b",
                "/a?b                 | /a",
                "/a#b                 | /a",
                "//a///b//            | /a/b/",
                "/./a/./b/.           | /a/b/",
                "/a/../b              | /b",
                "/a/b/..              | /a/",
                "/a/b/../             | /a/",
                "/a/..                | /",
                "/%61dmin             | /admin",
                "/a%2Fb               | /a/b",
                "/a%2F%2Fb            | /a/b",
                "/a/%2e%2e/b          | /b",
                "/a/.%2e/b            | /b",
                "/a/..%2Fb            | /b",
                "/a%2F..%2Fb          | /b",
                "/a/.%2Fb             | /a/b",
                "/%252e%252e/a        | /%2e%2e/a",
                "/a%3Fb               | /a?b",
                "/a%23b               | /a#b",
                "/a/..%3F             | /a/..?",
                "/a/..%23/b           | /a/..#/b",
                "/a/.%3F              | /a/.?",
                "/a%5C..%5Cb          | /a\\..\\b",
                "/a\\..\\b            | /a\\..\\b",
                "/a/..;/b             | /a/..;/b",
                "/a/.../b             | /a/.../b",
                "/.a/..b/c..          | /.a/..b/c..",
                "/a+b                 | /a+b",
                "/a%2Bb               | /a+b",
            })
    void thePathIsNormalisedByNginxRules(String target, String normalised) {
        RequestPath path = RequestPath.of(target);

        assertThat(path.problem()).isNull();
        assertThat(path.normalised()).isEqualTo(normalised);
        assertThat(path.raw()).isEqualTo(target);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "a",
                "*",
                "http://a/b",
                "?a",
                "#a",
                "/..",
                "/../a",
                "/a/../..",
                "/a/../../b",
                "/%2e%2e",
                "/%2e%2e%2fa",
                "//..",
                "/a%2F..%2F..",
                "/%00",
                "/a%00b",
                "/a?b c",
                "/%",
                "/a%",
                "/a%4",
                "/%zz",
                "/%4g",
                "/%g4",
                "/%-1",
                "/% 1",
                "/a b",
                "/a\tb",
                "/a\r\nX: y",
                "/a\u0000b",
                "/a\u007Fb",
                "/a?\n",
                "/\u0100",
                "/\u010A"
            })
    void aTargetWithoutASafePathIsRefused(String target) {
        RequestPath path = RequestPath.of(target);

        assertThat(path.problem()).isNotNull();
        assertThat(path.normalised()).isEqualTo("/");
        assertThat(path.raw()).isEqualTo(target);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/a|b",
                "/a?q={x}",
                "/a?%zz",
                "/a?/../b",
                "/a?a=%00",
                "/\u00E9",
                "/a?\"<>\\^`",
                "/a;b=c",
                "/a?b?c#d"
            })
    void whatIsUnusualButClearStaysAsSent(String target) {
        RequestPath path = RequestPath.of(target);

        assertThat(path.problem()).isNull();
        assertThat(path.raw()).isEqualTo(target);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            nullValues = "null",
            value = {
                "/a      | null",
                "/a?     | ''",
                "/a?b    | b",
                "/a?b?c  | b?c",
                "/a?b#c  | b",
                "/a#b?c  | null",
                "/a%3Fb  | null",
                "/%41?%41| %41"
            })
    void theQueryIsWhatStandsAfterTheFirstMark(String target, String query) {
        assertThat(RequestPath.of(target).query()).isEqualTo(query);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "/api/x                | x",
                "/api/a%2Fb            | a/b",
                "/api/a%20b            | a%20b",
                "/api/a%25b            | a%25b",
                "/api/a%252Fb          | a%252Fb",
                "/api/a%3Fb            | a%3Fb",
                "/api/a%23b            | a%23b",
                "/api/a%0Ab            | a%0Ab",
                "/api/a%5Cb            | a%5Cb",
                "/api/a%7Cb            | a%7Cb",
                "/api/%C3%A9           | %C3%A9",
                "/api/%26%3D%3B        | &=;",
                "/api/%41              | A",
                "/api/a//b             | a/b",
                "/api/../api/x         | x",
                "/api/%2e%2e/api/x     | x",
                "/api/..;/x            | ..;/x",
                "//api/x               | x",
            })
    void theRestIsEscapedAsNginxDoesForProxyPassWithAUri(String target, String rest) {
        assertThat(RequestPath.of(target).restEscaped("/api/".length())).isEqualTo(rest);
    }

    @Test
    void whatCouldNotStandRawIsEscapedOnlyBesideAnEscape() {
        assertThat(RequestPath.of("/api/a|b").restEscaped(5)).isEqualTo("a|b");
        assertThat(RequestPath.of("/api/a|b%41").restEscaped(5)).isEqualTo("a%7CbA");
    }

    @Test
    void aPrefixLongerThanThePathLeavesNothing() {
        assertThat(RequestPath.of("/api").restEscaped(5)).isEmpty();
    }

    @Test
    void anyNormalisedPathIsItsOwnNormalForm() {
        Random random = new Random(7);
        for (int round = 0; round < 20_000; round++) {
            String target = target(random);
            RequestPath path = RequestPath.of(target);

            String again = RequestPath.of(RequestPath.escape(path.normalised())).normalised();

            assertThat(again).as(target).isEqualTo(path.normalised());
        }
    }

    @Test
    void noNormalisedPathHoldsDotSegmentsOrEmptyOnes() {
        Random random = new Random(8);
        for (int round = 0; round < 20_000; round++) {
            String target = target(random);

            String normalised = RequestPath.of(target).normalised();

            assertThat(normalised + "/").as(target).startsWith("/").doesNotContain("/../", "/./");
            assertThat(normalised).as(target).doesNotContain("//", "\0");
        }
    }

    @Test
    void theEscapedRestDecodedOnceIsTheRest() {
        Random random = new Random(9);
        for (int round = 0; round < 20_000; round++) {
            String target = target(random);
            RequestPath path = RequestPath.of(target);
            int prefix = 1 + random.nextInt(path.normalised().length());

            String rest = path.restEscaped(prefix);

            assertThat(decoded(rest)).as(target).isEqualTo(path.normalised().substring(prefix));
        }
    }

    private static String target(Random random) {
        StringBuilder target = new StringBuilder("/");
        for (int i = random.nextInt(10); i >= 0; i--) {
            target.append(PIECES[random.nextInt(PIECES.length)]);
        }
        return target.toString();
    }

    private static String decoded(String text) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            if (text.charAt(i) == '%') {
                out.append((char) Integer.parseInt(text.substring(i + 1, i + 3), 16));
                i += 2;
            } else {
                out.append(text.charAt(i));
            }
        }
        return out.toString();
    }
}
