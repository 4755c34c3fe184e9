package io.weir.route;

import io.weir.http.IpRange;
import java.util.List;
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
        if (isPlain(name) || isIpv6(name)) {
            return new HostPattern(Kind.EXACT, text, name, null);
        }
        throw new IllegalArgumentException("site name: \"" + text
                + "\" (expected: a.example.com, *.example.com, mail.* or .example.com; ASCII, without port)");
    }

    /** Case is ignored, as nginx does it where the expression holds a capital: hosts are compared in lower case. */
    static HostPattern regex(String regex) {
        return new HostPattern(Kind.REGEX, "~" + regex, regex, Patterns.compile(regex, Pattern.CASE_INSENSITIVE));
    }

    /** The names that it takes for itself, in the one form in which they are compared. */
    List<String> keys() {
        return switch (kind) {
            case EXACT -> List.of(part);
            case LEADING -> List.of("*." + part);
            case SUFFIX -> List.of(part, "*." + part);
            case TRAILING -> List.of(part + ".*");
            case REGEX -> List.of(text);
        };
    }

    private static boolean isIpv6(String name) {
        return name.startsWith("[") && name.endsWith("]") && IpRange.parseAddress(name) != null;
    }

    private static boolean isPlain(String name) {
        if (name.startsWith(".") || name.endsWith(".") || name.contains("..")) {
            return false;
        }
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
