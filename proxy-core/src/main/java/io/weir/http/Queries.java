package io.weir.http;

import org.jspecify.annotations.Nullable;

/** Arguments of a raw query, {@code a=1&b=2}; values stay as they were sent. */
public final class Queries {
    private Queries() {}

    /** Value of the first argument of that name, ignoring case as nginx does; null if there is none. */
    public static @Nullable String first(@Nullable String query, String name) {
        if (query == null) {
            return null;
        }
        int at = 0;
        while (at < query.length()) {
            int and = query.indexOf('&', at);
            int end = and < 0 ? query.length() : and;
            int equals = at + name.length();
            if (equals < end && query.charAt(equals) == '=' && query.regionMatches(true, at, name, 0, name.length())) {
                return query.substring(equals + 1, end);
            }
            at = end + 1;
        }
        return null;
    }
}
