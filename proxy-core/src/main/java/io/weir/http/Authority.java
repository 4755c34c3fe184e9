package io.weir.http;

import org.jspecify.annotations.Nullable;

/** {@code host[:port]}, as it stands in {@code Host} and {@code :authority}. */
final class Authority {
    private Authority() {}

    /** The host as routing wants it: lower case, without port and one trailing dot. */
    static String host(String authority) {
        int end = hostEnd(authority);
        if (end > 0 && authority.charAt(end - 1) == '.') {
            end--;
        }
        return lowerCase(authority, end);
    }

    /**
     * Why this is no authority, or null if it is one. A host is an IPv6 address in brackets, or a name of the chars that
     * RFC 3986 §3.2.2 allows, without empty labels; a port is a number or nothing. User info is refused.
     */
    static @Nullable String problem(String authority) {
        int end = hostEnd(authority);
        if (end < authority.length() && !isPort(authority, end)) {
            return "the host's port is no number";
        }
        if (authority.startsWith("[")) {
            return IpRange.parseAddress(authority.substring(0, end)) == null ? "the host is no IPv6 address" : null;
        }
        char before = 'x';
        for (int i = 0; i < end; i++) {
            char c = authority.charAt(i);
            if (!isNameChar(c)) {
                return "the host holds a char that no name has";
            }
            if (c == '.' && before == '.') {
                return "the host has an empty label";
            }
            before = c;
        }
        return end == 0 || (end == 1 && before == '.') ? "the host is empty" : null;
    }

    private static int hostEnd(String authority) {
        int from = authority.startsWith("[") ? authority.indexOf(']') : 0;
        int colon = authority.indexOf(':', from);
        return from < 0 || colon < 0 ? authority.length() : colon;
    }

    private static boolean isPort(String authority, int colon) {
        int port = 0;
        for (int i = colon + 1; i < authority.length(); i++) {
            char c = authority.charAt(i);
            port = 10 * port + c - '0';
            if (c < '0' || c > '9' || port > 65535) {
                return false;
            }
        }
        return true;
    }

    /** {@code unreserved}, {@code sub-delims} or {@code %}. */
    private static boolean isNameChar(char c) {
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) {
            return true;
        }
        return switch (c) {
            case '-', '.', '_', '~', '!', '$', '&', '\'', '(', ')', '*', '+', ',', ';', '=', '%' -> true;
            default -> false;
        };
    }

    private static String lowerCase(String text, int end) {
        for (int i = 0; i < end; i++) {
            char c = text.charAt(i);
            if (c >= 'A' && c <= 'Z') {
                StringBuilder lower = new StringBuilder(end);
                for (int j = 0; j < end; j++) {
                    char d = text.charAt(j);
                    lower.append(d >= 'A' && d <= 'Z' ? (char) (d + 32) : d);
                }
                return lower.toString();
            }
        }
        return end == text.length() ? text : text.substring(0, end);
    }
}
