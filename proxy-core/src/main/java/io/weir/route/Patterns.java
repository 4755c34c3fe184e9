package io.weir.route;

import io.weir.http.Text;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;

/**
 * Patterns and literals of a configuration, in the terms in which paths are kept: one char, one byte of UTF-8.
 *
 * <p>The texts come from clients, and a backtracking matcher can be made to run for ever or to overflow its stack by a text
 * of some kilobytes. So {@link #find} gives up in the end, and its callers refuse such a request rather than go on as
 * if the pattern had not been there (nginx answers 500 at PCRE's match limit).
 */
final class Patterns {
    /** Chars that one search may read: a path of 16 KiB 120 times over, in 10 to 100 ms. */
    private static final int MOST_STEPS = 2_000_000;

    private Patterns() {}

    /** A search that was given up. */
    static final class TooCostly extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private TooCostly(Pattern pattern, String text) {
            super(
                    "regex \"" + Text.escape(pattern.pattern()) + "\" is too costly on a text of " + text.length()
                            + " bytes",
                    null,
                    false,
                    false);
        }
    }

    /**
     * Compiles with PCRE's defaults: only a line feed ends a line, so that {@code .} and {@code $} mean what they mean in
     * nginx.
     */
    static Pattern compile(String regex, int flags) {
        if (regex.contains("[[:") || regex.contains("[^[:")) {
            throw new IllegalArgumentException(
                    "regex \"" + regex + "\": Java has no classes like [:digit:]; write \\d or \\p{Digit}");
        }
        try {
            return Pattern.compile(bytes(regex), flags | Pattern.UNIX_LINES);
        } catch (PatternSyntaxException e) {
            throw new IllegalArgumentException(
                    "regex \"" + regex + "\": " + e.getDescription() + " at " + e.getIndex(), e);
        }
    }

    /**
     * The first place in which the pattern is found, or null.
     *
     * @throws TooCostly if the search takes too long or too much stack
     */
    static @Nullable Matcher find(Pattern pattern, String text) {
        Matcher matcher = pattern.matcher(new Metered(pattern, text));
        try {
            return matcher.find() ? matcher : null;
        } catch (StackOverflowError e) {
            throw new TooCostly(pattern, text);
        }
    }

    /** The text with each byte of its UTF-8 form as one char, so that {@code /é/} finds {@code /%C3%A9/}. */
    static String bytes(String text) {
        return new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
    }

    /** A text that can be read so many times and no more. */
    private static final class Metered implements CharSequence {
        private final Pattern pattern;
        private final String text;
        private int stepsLeft = MOST_STEPS;

        Metered(Pattern pattern, String text) {
            this.pattern = pattern;
            this.text = text;
        }

        @Override
        public char charAt(int index) {
            if (--stepsLeft < 0) {
                throw new TooCostly(pattern, text);
            }
            return text.charAt(index);
        }

        @Override
        public int length() {
            return text.length();
        }

        @Override
        public CharSequence subSequence(int start, int end) {
            return text.substring(start, end);
        }

        @Override
        public String toString() {
            return text;
        }
    }
}
