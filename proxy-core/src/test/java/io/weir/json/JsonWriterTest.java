package io.weir.json;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class JsonWriterTest {
    @Test
    void objectsAndArraysAreSeparatedByCommas() {
        String json = JsonWriter.create()
                .object()
                .name("a")
                .value(1)
                .name("b")
                .array()
                .object()
                .endObject()
                .value("x")
                .value((String) null)
                .endArray()
                .strings("c", List.of("y", "z"))
                .strings("d", List.of())
                .endObject()
                .toString();

        assertThat(json).isEqualTo("{\"a\":1,\"b\":[{},\"x\",null],\"c\":[\"y\",\"z\"],\"d\":[]}");
    }

    @Test
    void whatWouldEndAStringOrALineIsEscaped() {
        assertThat(escaped("\"\\/\b\f\n\r\t\u0000\u001B\u007F"))
                .isEqualTo("\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001b\\u007f");
    }

    @Test
    void bytesThatSpellUtf8AreWrittenAsTextAndOthersAsLatin1() {
        assertThat(escaped("\u00C3\u00A9")).isEqualTo("\u00E9");
        assertThat(escaped("\u00F0\u009F\u0098\u0080")).isEqualTo("\uD83D\uDE00");
        assertThat(escaped("\u00E9 \u0085")).isEqualTo("\u00E9 \\u0085");
        assertThat(escaped("\u20AC\u00C3\u00A9")).isEqualTo("\u20AC\u00C3\u00A9"); // is text already
    }

    @Test
    void halfOfAPairIsEscaped() {
        assertThat(escaped("\uD83Dx\uDE00")).isEqualTo("\\ud83dx\\ude00");
    }

    @Test
    void timesAreSecondsToTheMillisecond() {
        assertThat(JsonWriter.create()
                        .array()
                        .seconds(1_234_567_890L)
                        .seconds(0)
                        .seconds(-1)
                        .endArray())
                .hasToString("[1.234,0.000,null]");
    }

    private static String escaped(String text) {
        StringBuilder out = new StringBuilder();
        JsonWriter.escape(text, out);
        return out.toString();
    }
}
