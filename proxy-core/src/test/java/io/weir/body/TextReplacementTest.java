package io.weir.body;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextReplacementTest {
    private static final RequestHead GET = RequestHead.get("/", "a.test");
    private static final ResponseHead HTML = ResponseHead.of(200, "Content-Type", "text/html; charset=utf-8");

    @ParameterizedTest
    @CsvSource({
        "a cat is a cat,      a dog is a dog",
        "CAT Cat cAt,         dog dog dog",
        "cacat,               cadog",
        "ccat catt,           cdog dogt",
        "ca,                  ca",
        "cat,                 dog",
        "the cow,             the MOO",
        "catcow,              dogMOO",
        "caterpillar cater,   WORM dogER", // the first pair that was named wins, so see below
        "no match at all,     no match at all",
        "cca cca,             cca cca",
    })
    void eachSplitGivesTheSame(String body, String expected) throws BodyException {
        TextReplacement replacement = TextReplacement.of("caterpillar", "WORM")
                .and("cater", "dogER")
                .and("cat", "dog")
                .and("cow", "MOO");

        for (int first = 0; first <= body.length(); first++) {
            for (int second = first; second <= body.length(); second++) {
                String actual = Chunks.through(engaged(replacement))
                        .sendText(body.substring(0, first), body.substring(first, second), body.substring(second));
                assertThat(actual).as("cut at %d and %d", first, second).isEqualTo(expected);
            }
        }
    }

    @Test
    void atOnePlaceThePairThatWasNamedFirstWinsWhateverComesWhen() throws BodyException {
        TextReplacement replacement = TextReplacement.of("abcd", "1").and("ab", "2");

        assertThat(Chunks.through(engaged(replacement)).sendText("ab", "cd ab", "c"))
                .isEqualTo("1 2c");
        assertThat(Chunks.through(engaged(TextReplacement.of("ab", "2").and("abcd", "1")))
                        .sendText("ab", "cd"))
                .isEqualTo("2cd");
    }

    @Test
    void replacementsAreNotSearchedAgain() throws BodyException {
        TextReplacement replacement = TextReplacement.of("a", "b").and("b", "a");

        assertThat(Chunks.through(engaged(replacement)).sendText("ab", "ba")).isEqualTo("baab");
    }

    @Test
    void onceIsOnceForEachText() throws BodyException {
        TextReplacement replacement = TextReplacement.of("a", "1").and("b", "2").once();

        assertThat(Chunks.through(engaged(replacement)).sendText("xab", "ab", "ba"))
                .isEqualTo("x12abba");
    }

    @Test
    void caseCountsWhereItIsSaid() throws BodyException {
        TextReplacement replacement = TextReplacement.of("Cat", "dog").exactCase();

        assertThat(Chunks.through(engaged(replacement)).sendText("cat Cat CAT")).isEqualTo("cat dog CAT");
    }

    @Test
    void textsAreComparedAsUtf8() throws BodyException {
        Chunks chunks = Chunks.through(engaged(TextReplacement.of("für", "pour")));

        byte[] out = chunks.send(Chunks.bytewise("für FÜR für".getBytes(UTF_8)));

        assertThat(new String(out, UTF_8)).isEqualTo("pour FÜR pour");
    }

    @Test
    void onlyWhatMayBeTheBeginningOfATextIsHeldBack() throws BodyException {
        Chunks chunks = Chunks.through(engaged(TextReplacement.of("</body>", "!</body>")));

        assertThat(text(chunks.give("token".getBytes(UTF_8), false))).isEqualTo("token");
        assertThat(text(chunks.give("<".getBytes(UTF_8), false))).isEmpty();
        assertThat(text(chunks.give("b>".getBytes(UTF_8), false))).isEqualTo("<b>");
        assertThat(text(chunks.give("</bo".getBytes(UTF_8), true))).isEqualTo("</bo");
        assertThat(chunks.chain().isDone()).isTrue();
    }

    @Test
    void aShortTextWithALongReplacementComesInPieces() throws BodyException {
        BodyTransformer replacer = engaged(TextReplacement.of("x", "y".repeat(10_000)));
        Pieces pieces = new Pieces();
        java.nio.ByteBuffer chunk = java.nio.ByteBuffer.wrap("x".repeat(100_000).getBytes(UTF_8));
        long all = 0;
        do {
            pieces.clear();
            try {
                replacer.transform(chunk, true, pieces);
            } catch (java.io.IOException e) {
                throw new AssertionError(e);
            }
            assertThat(pieces.bytes()).isLessThan(100_000);
            all += pieces.bytes();
        } while (pieces.wantsAgain());

        assertThat(all).isEqualTo(1_000_000_000L);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20})
    void itIsStringReplaceHoweverTheBodyIsCut(long seed) throws BodyException {
        Random random = new Random(seed);
        for (int round = 0; round < 200; round++) {
            String body = word(random, random.nextInt(60_000 / (1 + random.nextInt(1000))));
            String text = word(random, 1 + random.nextInt(6));
            String replacement = word(random, random.nextInt(6)).toUpperCase(Locale.ROOT);

            byte[] out = Chunks.through(
                            engaged(TextReplacement.of(text, replacement).exactCase()))
                    .send(Chunks.cut(body.getBytes(ISO_8859_1), random, 1 + random.nextInt(40_000)));

            assertThat(new String(out, ISO_8859_1)).isEqualTo(body.replace(text, replacement));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "text/html,                 ,         true",
        "TEXT/HTML;charset=x,       ,         true",
        "text/html,                 identity, true",
        "text/html,                 gzip,     false",
        "text/plain,                ,         false",
        ",                          ,         false",
    })
    void onlyPlainHtmlIsTouched(String type, String coding, boolean engaged) {
        ResponseHead head = ResponseHead.of(200);
        head = type == null ? head : head.withHeader("Content-Type", type);
        head = coding == null ? head : head.withHeader("Content-Encoding", coding);

        assertThat(TextReplacement.of("a", "b").engage(GET, head) != null).isEqualTo(engaged);
    }

    @Test
    void otherTypesAreTouchedWhereItIsSaid() {
        TextReplacement replacement = TextReplacement.of("a", "b").types("application/json", "text/*");

        for (String type : List.of("application/json", "text/plain", "text/html")) {
            assertThat(replacement.engage(GET, ResponseHead.of(200, "Content-Type", type)))
                    .isNotNull();
        }
        assertThat(replacement.engage(GET, ResponseHead.of(200, "Content-Type", "image/png")))
                .isNull();
    }

    @Test
    void nothingCannotBeReplaced() {
        assertThatThrownBy(() -> TextReplacement.of("", "x")).hasMessageContaining("a text to look for");
        assertThatThrownBy(() -> TextReplacement.of("a", "x").types("html")).hasMessageContaining("type/subtype");
    }

    private static BodyTransformer engaged(TextReplacement replacement) {
        BodyTransformer engaged = replacement.engage(GET, HTML);
        assertThat(engaged).isNotNull();
        return engaged;
    }

    /** Of few letters, so that texts are found, and nearly found. */
    private static String word(Random random, int length) {
        StringBuilder word = new StringBuilder();
        for (int i = 0; i < length; i++) {
            word.append((char) ('a' + random.nextInt(2 + random.nextInt(2))));
        }
        return word.toString();
    }

    private static String text(byte[] bytes) {
        return new String(bytes, UTF_8);
    }
}
