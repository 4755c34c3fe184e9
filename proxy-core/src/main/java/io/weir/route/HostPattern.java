package io.weir.route;

import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** A name of a site. {@code text} is what it was written as, {@code part} what is compared. */
record HostPattern(
        Kind kind, String text, String part, @Nullable Pattern pattern) {
    enum Kind {
        EXACT,
        /** {@code *.example.com}: part is {@code example.com}. */
        LEADING,
        /** {@code .example.com}: the name itself too. */
        SUFFIX,
        /** {@code mail.*}: part is {@code mail}. */
        TRAILING,
        REGEX
    }

    static HostPattern parse(String text) {
        String name = text.toLowerCase(Locale.ROOT);
        if (name.endsWith(".") && name.length() > 1) {
            name = name.substring(0, name.length() - 1);
        }
        if (name.startsWith("*.") && isPlain(name.substring(2))) {
            return new HostPattern(Kind.LEADING, text, name.substring(2), null);
        }
        if (name.startsWith(".") && isPlain(name.substring(1))) {
            return new HostPattern(Kind.SUFFIX, text, name.substring(1), null);
        }
        if (name.endsWith(".*") && isPlain(name.substring(0, name.length() - 2))) {
            return new HostPattern(Kind.TRAILING, text, name.substring(0, name.length() - 2), null);
        }
        if (isPlain(name) || name.startsWith("[")) {
            return new HostPattern(Kind.EXACT, text, name, null);
        }
        throw new IllegalArgumentException("site name: \"" + text
                + "\" (expected: a.example.com, *.example.com, mail.* or .example.com; without port)");
    }

    static HostPattern regex(String regex) {
        return new HostPattern(Kind.REGEX, "~" + regex, regex, Patterns.compile(regex));
    }

    private static boolean isPlain(String name) {
        for (int i = 0; i < name.length(); i++) {
            char c = name.charAt(i);
            boolean fine = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
            if (!fine) {
                return false;
            }
        }
        return !name.isEmpty();
    }

    @Override
    public String toString() {
        return text;
    }
}
