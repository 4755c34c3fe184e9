package io.weir.http;

import org.jspecify.annotations.Nullable;

/** Cookies of a request (RFC 6265 §4.2). */
public final class Cookies {
    private Cookies() {}

    /** Value of the first cookie of that name in any {@code Cookie} line; null if there is none. */
    public static @Nullable String first(Headers headers, String name) {
        for (String line : headers.all("Cookie")) {
            for (String pair : line.split(";")) {
                String trimmed = pair.strip();
                int equals = trimmed.indexOf('=');
                if (equals > 0 && trimmed.substring(0, equals).equals(name)) {
                    return trimmed.substring(equals + 1);
                }
            }
        }
        return null;
    }
}
