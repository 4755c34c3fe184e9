package io.weir.middleware;

/** The parts of {@code WWW-Authenticate} (RFC 9110 §11.6.1). */
final class Challenges {
    private Challenges() {}

    /** A quoted string. */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~') {
                throw new IllegalArgumentException("realm: a character that is no printable ASCII, at " + i);
            }
            if (c == '"' || c == '\\') {
                quoted.append('\\');
            }
            quoted.append(c);
        }
        return quoted.append('"').toString();
    }
}
