package io.weir.jetty.upstream;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.weir.http.Headers;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.jspecify.annotations.Nullable;

/**
 * The head of a response of the plainest kind, which most are, read at one go: HTTP/1.1, all of it there, ASCII without
 * anything odd, followed by a body of one {@code Content-Length}. Whatever else a head may be, or be wrong with, is left to
 * Jetty's parser, which reads the same of a plain one, in twice the time. As there, names that are known get their usual
 * case.
 */
record PlainHead(int status, Headers fields, long length) {
    private static final byte[] VERSION = "HTTP/1.1 ".getBytes(ISO_8859_1);

    /** A longer one is not worth copying. */
    private static final int MOST_BYTES = 2048;

    /** More digits may not fit into a long. */
    private static final int MOST_DIGITS = 18;

    /** Small letters of what may stand in a name; 0 for all other bytes. */
    private static final byte[] IN_NAME = new byte[256];

    /** Names that are known, by their hashes; each after those that came before it to the same place. */
    private static final @Nullable HttpHeader[] KNOWN = new HttpHeader[1024];

    static {
        for (char c : "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz".toCharArray()) {
            IN_NAME[c] = (byte) c;
            IN_NAME[Character.toUpperCase(c)] = (byte) c;
        }
        for (HttpHeader header : HttpHeader.values()) {
            if (!header.isPseudo()) {
                int at = hash(header.lowerCaseName());
                while (KNOWN[at & KNOWN.length - 1] != null) {
                    at++;
                }
                KNOWN[at & KNOWN.length - 1] = header;
            }
        }
    }

    /**
     * Takes a plain head from the start of {@code bytes}.
     *
     * @param limit the most bytes that it may have
     * @return null, and nothing taken, if it is of another kind
     */
    static @Nullable PlainHead take(ByteBuffer bytes, int limit) {
        byte[] head = new byte[Math.min(bytes.remaining(), Math.min(limit, MOST_BYTES))];
        bytes.get(bytes.position(), head);
        Reader reader = new Reader(head);
        PlainHead read = reader.read();
        if (read != null) {
            bytes.position(bytes.position() + reader.at);
        }
        return read;
    }

    private static int hash(String lowerCaseName) {
        int hash = 0;
        for (int i = 0; i < lowerCaseName.length(); i++) {
            hash = 31 * hash + lowerCaseName.charAt(i);
        }
        return hash;
    }

    private static final class Reader {
        private final byte[] head;
        private int at;
        private @Nullable HttpHeader known;

        Reader(byte[] head) {
            this.head = head;
        }

        @Nullable
        PlainHead read() {
            int status = status();
            if (status < 200 || status == 204 || status == 304) {
                return null;
            }
            Headers.Builder fields = Headers.builder();
            long length = -1;
            while (!isEndOfLine()) {
                String name = name();
                if (name == null || known == HttpHeader.TRANSFER_ENCODING || known == HttpHeader.HOST) {
                    return null;
                }
                String value = value();
                if (value == null) {
                    return null;
                }
                if (known == HttpHeader.CONTENT_LENGTH && (length >= 0 || (length = number(value)) < 0)) {
                    return null;
                }
                fields.add(name, value);
            }
            return length < 0 ? null : new PlainHead(status, fields.build(), length);
        }

        /** The number of the first line, which is taken; −1 if that is not plain. */
        private int status() {
            int end = VERSION.length + 3;
            if (head.length <= end || head[end] != ' ') {
                return -1;
            }
            for (int i = 0; i < VERSION.length; i++) {
                if (head[i] != VERSION[i]) {
                    return -1;
                }
            }
            int status = 0;
            for (int i = VERSION.length; i < end; i++) {
                int digit = head[i] - '0';
                if (digit < 0 || digit > 9) {
                    return -1;
                }
                status = 10 * status + digit;
            }
            at = end;
            return value() == null ? -1 : status;
        }

        /** The name before the colon, which are taken; null if that is not plain. Sets which known one it is. */
        private @Nullable String name() {
            int from = at;
            int hash = 0;
            while (at < head.length) {
                byte c = IN_NAME[head[at] & 0xff];
                if (c == 0) {
                    break;
                }
                hash = 31 * hash + c;
                at++;
            }
            int to = at++;
            if (to == from || to == head.length || head[to] != ':') {
                return null;
            }
            known = known(hash, from, to);
            return known == null ? new String(head, from, to - from, ISO_8859_1) : known.asString();
        }

        private @Nullable HttpHeader known(int hash, int from, int to) {
            for (int i = hash; ; i++) {
                HttpHeader candidate = KNOWN[i & KNOWN.length - 1];
                if (candidate == null || isName(candidate.lowerCaseName(), from, to)) {
                    return candidate;
                }
            }
        }

        private boolean isName(String lowerCaseName, int from, int to) {
            if (lowerCaseName.length() != to - from) {
                return false;
            }
            for (int i = from; i < to; i++) {
                if (lowerCaseName.charAt(i - from) != IN_NAME[head[i]]) {
                    return false;
                }
            }
            return true;
        }

        /** The rest of the line without the blanks around it; the line is taken. Null if that is not plain. */
        private @Nullable String value() {
            while (at < head.length && head[at] == ' ') {
                at++;
            }
            int from = at;
            while (at < head.length && head[at] >= ' ' && head[at] != 0x7f) {
                at++;
            }
            int to = at;
            if (!isEndOfLine()) {
                return null;
            }
            while (to > from && head[to - 1] == ' ') {
                to--;
            }
            return new String(head, from, to - from, ISO_8859_1);
        }

        /** Whether the line ends here; its end is taken then. */
        private boolean isEndOfLine() {
            if (at + 2 > head.length || head[at] != '\r' || head[at + 1] != '\n') {
                return false;
            }
            at += 2;
            return true;
        }

        private static long number(String digits) {
            if (digits.isEmpty() || digits.length() > MOST_DIGITS) {
                return -1;
            }
            long number = 0;
            for (int i = 0; i < digits.length(); i++) {
                int digit = digits.charAt(i) - '0';
                if (digit < 0 || digit > 9) {
                    return -1;
                }
                number = 10 * number + digit;
            }
            return number;
        }
    }
}
