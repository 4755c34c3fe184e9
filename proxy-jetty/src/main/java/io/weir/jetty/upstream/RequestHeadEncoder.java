package io.weir.jetty.upstream;

import io.weir.http.Headers;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * Writes request heads as they are: method and target byte for byte, fields in their order and case. (Jetty's generator
 * would take the target apart and put fields of its own in.)
 */
final class RequestHeadEncoder {
    private static final String VERSION = " HTTP/1.1\r\n";

    private RequestHeadEncoder() {}

    /** The bytes of a head, its empty line included. {@code framing} is a whole field line, or null. */
    static ByteBuffer encode(String method, String target, Headers headers, @Nullable String framing) {
        int length = method.length() + 1 + target.length() + VERSION.length() + 2;
        for (int i = 0; i < headers.size(); i++) {
            length += headers.name(i).length() + headers.value(i).length() + 4;
        }
        if (framing != null) {
            length += framing.length();
        }
        byte[] bytes = new byte[length];
        int at = put(method, bytes, 0);
        bytes[at++] = ' ';
        at = put(target, bytes, at);
        at = put(VERSION, bytes, at);
        for (int i = 0; i < headers.size(); i++) {
            at = put(headers.name(i), bytes, at);
            bytes[at++] = ':';
            bytes[at++] = ' ';
            at = put(headers.value(i), bytes, at);
            bytes[at++] = '\r';
            bytes[at++] = '\n';
        }
        if (framing != null) {
            at = put(framing, bytes, at);
        }
        bytes[at++] = '\r';
        bytes[at++] = '\n';
        return ByteBuffer.wrap(bytes, 0, at);
    }

    /** Latin-1: the low byte of each char. This copies without an array in between. */
    @SuppressWarnings("deprecation")
    private static int put(String text, byte[] bytes, int at) {
        text.getBytes(0, text.length(), bytes, at);
        return at + text.length();
    }
}
