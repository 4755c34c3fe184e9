package io.weir.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class HeadersTest {
    private static final Headers TWO_COOKIES = Headers.of("SET-cookie", "a=1", "Host", "h", "Set-Cookie", "b=2");

    @Test
    void caseOrderAndRepeatedLinesAreKept() {
        assertThat(lines(TWO_COOKIES)).containsExactly("SET-cookie: a=1", "Host: h", "Set-Cookie: b=2");
    }

    @Test
    void lookUpIgnoresCase() {
        assertThat(TWO_COOKIES.get("set-COOKIE")).isEqualTo("a=1");
        assertThat(TWO_COOKIES.all("set-cookie")).containsExactly("a=1", "b=2");
        assertThat(TWO_COOKIES.contains("HOST")).isTrue();
    }

    @Test
    void whatIsNotThereIsNullOrEmpty() {
        assertThat(TWO_COOKIES.get("X")).isNull();
        assertThat(TWO_COOKIES.all("X")).isEmpty();
        assertThat(TWO_COOKIES.joined("X")).isNull();
        assertThat(Headers.empty().contains("X")).isFalse();
    }

    @Test
    void linesAreJoinedByCommaAndThoseOfCookieBySemicolon() {
        Headers headers = Headers.of("Via", "1.1 a", "Cookie", "a=1", "via", "1.1 b", "cookie", "b=2", "VIA", "");

        assertThat(headers.joined("Via")).isEqualTo("1.1 a, 1.1 b, ");
        assertThat(headers.joined("Cookie")).isEqualTo("a=1; b=2");
    }

    @Test
    void tokensAreFoundInAnyLine() {
        Headers headers = Headers.of("Connection", "keep-alive", "Connection", "close , UpGrade");

        assertThat(headers.containsToken("connection", "upgrade")).isTrue();
        assertThat(headers.containsToken("Connection", "up")).isFalse();
        assertThat(headers.containsToken("Upgrade", "upgrade")).isFalse();
    }

    @Test
    void setReplacesAllLinesAtThePlaceOfTheFirst() {
        Headers changed = Headers.of("a", "1", "X", "2", "b", "3", "x", "4").with("x", "5");

        assertThat(lines(changed)).containsExactly("a: 1", "x: 5", "b: 3");
    }

    @Test
    void setAppendsWhatWasNotThere() {
        assertThat(lines(Headers.of("a", "1").with("b", "2"))).containsExactly("a: 1", "b: 2");
    }

    @Test
    void removeTakesEveryLine() {
        assertThat(lines(TWO_COOKIES.without("sEt-cOOkie"))).containsExactly("Host: h");
        assertThat(TWO_COOKIES.without("X")).isSameAs(TWO_COOKIES);
    }

    @Test
    void aBuilderDoesNotReachBackIntoWhatItCameFromOrMade() {
        Headers origin = Headers.of("a", "1");
        Headers.Builder builder = origin.toBuilder().add("b", "2");
        Headers made = builder.build();

        builder.value(0, "changed").remove("b").add("c", "3");

        assertThat(lines(origin)).containsExactly("a: 1");
        assertThat(lines(made)).containsExactly("a: 1", "b: 2");
    }

    @Test
    void linesBeyondTheEndAreOutOfBounds() {
        Headers.Builder builder = TWO_COOKIES.toBuilder().remove("Set-Cookie");

        assertThatThrownBy(() -> builder.name(1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> builder.value(1)).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> builder.value(1, "x")).isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> TWO_COOKIES.value(3)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    @Test
    void anOddCountOfStringsIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Headers.of("a", "1", "b"));
    }

    static Stream<BiConsumer<String, String>> waysIn() {
        Headers there = Headers.of("Host", "h", "Keep-Alive", "1", "X", "1");
        return Stream.of(
                (name, value) -> Headers.of(name, value),
                (name, value) -> Headers.builder().add(name, value),
                (name, value) -> Headers.builder().set(name, value),
                (name, value) -> there.toBuilder().set(name, value),
                (name, value) -> there.with(name, value),
                (name, value) -> ResponseHead.of(200).withHeader(name, value),
                (name, value) -> Reply.status(200).withHeader(name, value),
                (name, value) -> RequestHead.get("/", "h").withHeader(name, value),
                (name, value) -> RequestHead.builder("GET", "/").header(name, value));
    }

    @ParameterizedTest
    @MethodSource("waysIn")
    void nothingThatSplitsAMessageComesIn(BiConsumer<String, String> way) {
        // U+010A and U+560D end in the bytes LF and CR; a writer that casts to bytes would send those
        for (String split : new String[] {"\r", "\n", "\0", "\u010A", "\u560D", "\u0100", "\uD83D\uDE00"}) {
            assertThatIllegalArgumentException().isThrownBy(() -> way.accept("X", "a" + split + "b"));
            assertThatIllegalArgumentException().isThrownBy(() -> way.accept("X", split));
            assertThatIllegalArgumentException().isThrownBy(() -> way.accept("X" + split, "a"));
        }
    }

    @ParameterizedTest
    @MethodSource("waysIn")
    void namesAreTokens(BiConsumer<String, String> way) {
        // U+017F and U+212A are "s" and "k" where case is ignored
        for (String name :
                new String[] {"", " ", "X ", " X", "a b", "a:b", "a\tb", "h\u00F6", "Ho\u017Ft", "\u212Aeep-Alive"}) {
            assertThatIllegalArgumentException().isThrownBy(() -> way.accept(name, "a"));
        }
    }

    @Test
    void aReplacedValueIsCheckedToo() {
        Headers.Builder builder = Headers.of("X", "1").toBuilder();

        assertThatIllegalArgumentException().isThrownBy(() -> builder.value(0, "a\r\nSet-Cookie: x"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a\tb", "caf\u00C3\u00A9", "\u00FF", "\u007F\u0001"})
    void otherValuesPassAsTheyAre(String value) {
        assertThat(Headers.of("X", value).get("X")).isEqualTo(value);
    }

    @Test
    void theMessageNamesTheFieldAndTheChar() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Headers.of("X-City", "Z\r"))
                .withMessageContaining("header X-City: value holds \\x0D at 1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Headers.of("X\nY", "a"))
                .withMessageContaining("\"X\\x0AY\" (expected: a token)");
    }

    @Test
    void equalMeansTheSameLinesInTheSameOrderAndCase() {
        assertThat(Headers.of("a", "1").toBuilder().add("b", "2").build()).isEqualTo(Headers.of("a", "1", "b", "2"));
        assertThat(Headers.of("a", "1", "b", "2").hashCode())
                .isEqualTo(Headers.of("a", "1").with("b", "2").hashCode());
        assertThat(Headers.of("a", "1")).isNotEqualTo(Headers.of("A", "1"));
        assertThat(Headers.of("a", "1", "b", "2")).isNotEqualTo(Headers.of("b", "2", "a", "1"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Authorization",
                "proxy-authorization",
                "Cookie",
                "Set-Cookie",
                "X-API-Key",
                "ApiKey",
                "X-Auth-Token",
                "X-Amz-Security-Token",
                "X-Client-Secret"
            })
    void credentialsAreHiddenInText(String name) {
        assertThat(Headers.of("Host", "h", name, "s3cret")).hasToString("Host: h\n" + name + ": (not shown)\n");
    }

    @Test
    void textIsSafeToPrint() {
        assertThat(Headers.of("X", "\u001B[2J \"q\" \\ \u00E9")).hasToString("X: \\x1B[2J \"q\" \\ \\xE9\n");
    }

    @Test
    void whateverIsDoneItIsWhatAPlainListWouldDo() {
        Random random = new Random(42);
        for (int round = 0; round < 500; round++) {
            Headers.Builder builder = Headers.builder();
            List<String[]> model = new ArrayList<>();
            for (int step = 0; step < 40; step++) {
                String name = new String[] {"a", "A", "b", "Cc", "cC"}[random.nextInt(5)];
                String value = Integer.toString(step);
                switch (random.nextInt(4)) {
                    case 0 -> {
                        builder.set(name, value);
                        setInModel(model, name, value);
                    }
                    case 1 -> {
                        builder.remove(name);
                        model.removeIf(line -> line[0].equalsIgnoreCase(name));
                    }
                    default -> {
                        builder.add(name, value);
                        model.add(new String[] {name, value});
                    }
                }
                if (random.nextInt(8) == 0) {
                    builder = builder.build().toBuilder();
                }
            }

            List<String> expected =
                    model.stream().map(line -> line[0] + ": " + line[1]).toList();
            assertThat(lines(builder.build())).isEqualTo(expected);
        }
    }

    private static void setInModel(List<String[]> model, String name, String value) {
        for (int i = 0; i < model.size(); i++) {
            if (model.get(i)[0].equalsIgnoreCase(name)) {
                model.removeIf(line -> line[0].equalsIgnoreCase(name));
                model.add(i, new String[] {name, value});
                return;
            }
        }
        model.add(new String[] {name, value});
    }

    private static List<String> lines(Headers headers) {
        List<String> lines = new ArrayList<>();
        for (int i = 0; i < headers.size(); i++) {
            lines.add(headers.name(i) + ": " + headers.value(i));
        }
        return lines;
    }
}
