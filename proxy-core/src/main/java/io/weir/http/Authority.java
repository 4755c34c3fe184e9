package io.weir.http;

import org.jspecify.annotations.Nullable;

/** The form of {@code host[:port]}, as a {@code Host} field or a target holds it (RFC 3986 §3.2). */
final class Authority {
    private Authority() {}

    /**
     * Why an authority is refused, or null if it is fine. A name that two servers could read in two ways does not go on:
     * no user, no list, no empty label, no bare IPv6 address.
     */
    static @Nullable String problem(String authority) {
        boolean bracketed = authority.startsWith("[");
        int end = bracketed ? authority.indexOf(']') + 1 : authority.indexOf(':');
        if (end < 0) {
            end = authority.length();
        }
        if (end == 0 || authority.charAt(0) == ':') {
            return bracketed ? "the host has no closing bracket" : "the host is empty";
        }
        for (int i = bracketed ? 1 : 0; i < (bracketed ? end - 1 : end); i++) {
            char c = authority.charAt(i);
            boolean emptyLabel = c == '.' && (i + 1 == end ? i == 0 : authority.charAt(i + 1) == '.');
            if (emptyLabel) {
                return "the host has an empty label";
            }
            if (!isHostChar(c) && !(bracketed && c == ':')) {
                return "the host holds a character that no host has";
            }
        }
        return isPort(authority, end) ? null : "the port is no number";
    }

    private static boolean isHostChar(char c) {
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z')) {
            return true;
        }
        return switch (c) {
            case '.', '-', '_', '~', '%', '!', '$', '&', '\'', '(', ')', '*', '+', ';', '=' -> true;
            default -> false;
        };
    }

    /** Whether nothing follows, or a colon and digits, which may be none. */
    private static boolean isPort(String authority, int at) {
        if (at < authority.length() && authority.charAt(at) != ':') {
            return false;
        }
        for (int i = at + 1; i < authority.length(); i++) {
            if (authority.charAt(i) < '0' || authority.charAt(i) > '9') {
                return false;
            }
        }
        return true;
    }
}
