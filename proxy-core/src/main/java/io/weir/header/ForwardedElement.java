package io.weir.header;

import io.weir.http.Tokens;
import org.jspecify.annotations.Nullable;

/**
 * One element of {@code Forwarded} (RFC 7239 §4), the parts that matter here.
 *
 * @param node the value of {@code for}: an address, {@code unknown} or an obfuscated name; null if not said
 * @param proto the value of {@code proto}; null if not said
 * @param host the value of {@code host}; null if not said
 */
record ForwardedElement(
        @Nullable String node,
        @Nullable String proto,
        @Nullable String host) {

    /**
     * Where the last element of {@code line} before {@code end} is parted from the ones before it; -1 if there are none.
     * Looks from the right: a quote that a client opened on the left and never closed can't swallow what proxies appended.
     */
    static int lastComma(String line, int end) {
        return lastOutsideQuotes(line, ',', end);
    }

    /** Reads an element; null if it is malformed. */
    static @Nullable ForwardedElement parse(String text) {
        String node = null;
        String proto = null;
        String host = null;
        int end = text.length();
        while (end >= 0) {
            int semicolon = lastOutsideQuotes(text, ';', end);
            String pair = Tokens.trim(text, semicolon + 1, end);
            end = semicolon;
            int equals = pair.indexOf('=');
            if (pair.isEmpty()) {
                continue;
            }
            String name = equals < 0 ? "" : pair.substring(0, equals);
            String value = value(pair.substring(equals + 1));
            if (!Tokens.isToken(name) || value == null) {
                return null;
            }
            boolean twice = false;
            if (name.equalsIgnoreCase("for")) {
                twice = node != null;
                node = value;
            } else if (name.equalsIgnoreCase("proto")) {
                twice = proto != null;
                proto = value;
            } else if (name.equalsIgnoreCase("host")) {
                twice = host != null;
                host = value;
            }
            if (twice) {
                return null;
            }
        }
        return new ForwardedElement(node, proto, host);
    }

    /** What a token or a quoted string says; null if it is neither. Plain addresses with a port are let pass. */
    private static @Nullable String value(String text) {
        if (text.isEmpty() || text.charAt(0) != '"') {
            boolean plain = !text.isEmpty() && text.chars().noneMatch(c -> c <= ' ' || "\",;=\\".indexOf(c) >= 0);
            return plain ? text : null;
        }
        StringBuilder value = new StringBuilder();
        for (int i = 1; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"') {
                return i == text.length() - 1 ? value.toString() : null;
            }
            if (c == '\\' && ++i == text.length()) {
                return null;
            }
            value.append(text.charAt(i));
        }
        return null;
    }

    private static int lastOutsideQuotes(String text, char separator, int end) {
        boolean quoted = false;
        for (int i = end - 1; i >= 0; i--) {
            char c = text.charAt(i);
            if (c == '"' && !(quoted && i > 0 && text.charAt(i - 1) == '\\')) {
                quoted = !quoted;
            } else if (c == separator && !quoted) {
                return i;
            }
        }
        return -1;
    }
}
