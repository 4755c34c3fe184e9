package io.weir.json;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * JSON (RFC 8259) on one line. Whoever calls it sees to it that names and values alternate.
 *
 * <p>Header fields and targets are kept as bytes, one a char. Where those spell UTF-8, the text that they spell is
 * written; where they don't, each stands for itself as in Latin-1. So what is written is JSON whatever a client sent.
 */
public final class JsonWriter {
    private static final String HEX = "0123456789abcdef";

    private final StringBuilder out;
    private boolean first = true;

    private JsonWriter(StringBuilder out) {
        this.out = out;
    }

    /** Starts with nothing written. */
    public static JsonWriter create() {
        return new JsonWriter(new StringBuilder(256));
    }

    /** The text so far. */
    @Override
    public String toString() {
        return out.toString();
    }

    /** Begins an object. */
    public JsonWriter object() {
        return open('{');
    }

    /** Ends an object. */
    public JsonWriter endObject() {
        return close('}');
    }

    /** Begins an array. */
    public JsonWriter array() {
        return open('[');
    }

    /** Ends an array. */
    public JsonWriter endArray() {
        return close(']');
    }

    /** The name of the value that comes next. */
    public JsonWriter name(String name) {
        separate();
        quote(name, out);
        out.append(':');
        first = true; // no comma between a name and its value
        return this;
    }

    /** A string, or null. */
    public JsonWriter value(@Nullable String text) {
        separate();
        if (text == null) {
            out.append("null");
        } else {
            quote(text, out);
        }
        return this;
    }

    /** A number. */
    public JsonWriter value(long number) {
        separate();
        out.append(number);
        return this;
    }

    /** A time in seconds to the millisecond; null if it is negative. */
    public JsonWriter seconds(long nanos) {
        separate();
        if (nanos < 0) {
            out.append("null");
            return this;
        }
        long millis = nanos / 1_000_000;
        String fraction = Long.toString(1000 + millis % 1000);
        out.append(millis / 1000).append('.').append(fraction, 1, 4);
        return this;
    }

    /** An array of strings, under that name. */
    public JsonWriter strings(String name, List<String> texts) {
        name(name).array();
        texts.forEach(this::value);
        return endArray();
    }

    /** {@code text} as it stands between the quotes of a JSON string. */
    public static void escape(String text, StringBuilder out) {
        String shown = spelled(text);
        for (int i = 0; i < shown.length(); i++) {
            char c = shown.charAt(i);
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                case '\b' -> out.append("\\b");
                case '\f' -> out.append("\\f");
                default -> {
                    if (c < ' ' || (c >= 0x7F && c < 0xA0) || Character.isSurrogate(c) && !isPaired(shown, i)) {
                        out.append("\\u").append(HEX.charAt(c >> 12)).append(HEX.charAt(c >> 8 & 15));
                        out.append(HEX.charAt(c >> 4 & 15)).append(HEX.charAt(c & 15));
                    } else {
                        out.append(c);
                    }
                }
            }
        }
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        escape(text, out);
        out.append('"');
    }

    private static boolean isPaired(String text, int index) {
        char c = text.charAt(index);
        return Character.isHighSurrogate(c)
                ? index + 1 < text.length() && Character.isLowSurrogate(text.charAt(index + 1))
                : index > 0 && Character.isHighSurrogate(text.charAt(index - 1));
    }

    /** The text that those bytes spell; themselves if they spell none, or are text already. */
    private static String spelled(String bytes) {
        boolean plain = true;
        for (int i = 0; i < bytes.length(); i++) {
            char c = bytes.charAt(i);
            if (c > 0xFF) {
                return bytes;
            }
            plain &= c < 0x80;
        }
        if (plain) {
            return bytes;
        }
        try {
            return StandardCharsets.UTF_8
                    .newDecoder() // which reports what is no UTF-8
                    .decode(ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1)))
                    .toString();
        } catch (CharacterCodingException e) {
            return bytes;
        }
    }

    private JsonWriter open(char bracket) {
        separate();
        out.append(bracket);
        first = true;
        return this;
    }

    private JsonWriter close(char bracket) {
        out.append(bracket);
        first = false;
        return this;
    }

    private void separate() {
        if (!first) {
            out.append(',');
        }
        first = false;
    }
}
