package io.weir.route;

import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;

/** Patterns and literals of a configuration, in the terms in which paths are kept: one char, one byte of UTF-8. */
final class Patterns {
    private Patterns() {}

    static Pattern compile(String regex) {
        try {
            // As in PCRE, only a line feed ends a line: "." finds a carriage return, "$" does not look past one.
            return Pattern.compile(bytes(regex), Pattern.UNIX_LINES);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "regex \"" + regex + "\": " + e.getDescription() + " at " + e.getIndex(), e);
        }
    }

    /** The text with each byte of its UTF-8 form as one char, so that {@code /é/} finds {@code /%C3%A9/}. */
    static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }
}
