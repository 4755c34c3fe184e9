package io.weir.body;

import io.weir.http.Headers;
import io.weir.http.Tokens;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** A set of media types: {@code text/html}, {@code text/*}, {@code *}{@code /*}. Parameters do not count, nor does case. */
final class MediaTypes {
    static final String EVENT_STREAM = "text/event-stream";

    private final Set<String> types = new TreeSet<>();

    MediaTypes(String... types) {
        for (String type : types) {
            int slash = type.indexOf('/');
            if (slash < 1 || !Tokens.isToken(type.substring(0, slash)) || !Tokens.isToken(type.substring(slash + 1))) {
                throw new IllegalArgumentException(
                        "media type: \"" + type + "\" (expected: type/subtype, type/*, */*)");
            }
            this.types.add(type.toLowerCase(Locale.ROOT));
        }
    }

    /** The type of a message, lower-cased and without parameters; "" if it names none. */
    static String of(Headers headers) {
        String value = headers.get("Content-Type");
        if (value == null) {
            return "";
        }
        int end = value.indexOf(';');
        return Tokens.trim(value, 0, end < 0 ? value.length() : end).toLowerCase(Locale.ROOT);
    }

    /** Whether the type, as {@link #of} gives it, is among them. */
    boolean contain(String type) {
        int slash = type.indexOf('/');
        return types.contains(type)
                || slash > 0 && (types.contains(type.substring(0, slash) + "/*") || types.contains("*/*"));
    }

    boolean contains(String type) {
        return types.contains(type);
    }

    @Override
    public String toString() {
        return String.join(", ", types);
    }
}
