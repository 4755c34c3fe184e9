package io.weir.http;

import org.jspecify.annotations.Nullable;

/** Cookies of a request (RFC 6265 §4.2). */
public final class Cookies {
    private Cookies() {}

    /**
     * Value of the first cookie of that name in any {@code Cookie} line, ignoring case as nginx's {@code $cookie_NAME}
     * does; null if there is none.
     */
    public static @Nullable String first(Headers headers, String name) {
        for (int i = 0; i < headers.size(); i++) {
            if (headers.name(i).equalsIgnoreCase("Cookie")) {
                String value = firstIn(headers.value(i), name);
                if (value != null) {
                    return value;
                }
            }
        }
        return null;
    }

    private static @Nullable String firstIn(String line, String name) {
        int at = 0;
        while (at < line.length()) {
            int semicolon = line.indexOf(';', at);
            int end = semicolon < 0 ? line.length() : semicolon;
            int equals = line.indexOf('=', at);
            if (equals >= 0 && equals < end && Tokens.trim(line, at, equals).equalsIgnoreCase(name)) {
                return Tokens.trim(line, equals + 1, end);
            }
            at = end + 1;
        }
        return null;
    }
}
