package io.weir.http;

/** Text that came off the wire, made safe to show in logs and messages. */
public final class Text {
    private static final String HEX = "0123456789ABCDEF";

    private Text() {}

    /**
     * {@code text} with control characters, quotes, backslashes and non-ASCII written as {@code \xHH}, as nginx does; a
     * char above U+00FF as {@code \}{@code uHHHH}.
     */
    public static String escape(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (mustEscape(text.charAt(i))) {
                return escapeFrom(text, i, true);
            }
        }
        return text;
    }

    /** {@code text} with control characters and non-ASCII written as {@code \xHH}: for people, who want quotes as they are. */
    public static String printable(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < 0x20 || c >= 0x7F) {
                return escapeFrom(text, i, false);
            }
        }
        return text;
    }

    /** 16 hex digits, lower case. */
    public static String hex(long value) {
        String digits = Long.toHexString(value);
        return "0".repeat(16 - digits.length()) + digits;
    }

    private static String escapeFrom(String text, int first, boolean quotes) {
        StringBuilder escaped = new StringBuilder(text.length() + 16).append(text, 0, first);
        for (int i = first; i < text.length(); i++) {
            char c = text.charAt(i);
            if (!mustEscape(c) || (!quotes && (c == '"' || c == '\\'))) {
                escaped.append(c);
                continue;
            }
            if (c > 0xFF) {
                escaped.append("\\u").append(HEX.charAt(c >> 12)).append(HEX.charAt(c >> 8 & 15));
            } else {
                escaped.append("\\x");
            }
            escaped.append(HEX.charAt(c >> 4 & 15)).append(HEX.charAt(c & 15));
        }
        return escaped.toString();
    }

    private static boolean mustEscape(char c) {
        return c < 0x20 || c >= 0x7F || c == '"' || c == '\\';
    }
}
