package io.weir.body;

import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import org.jspecify.annotations.Nullable;

/**
 * How much a client or an upstream may send. Immutable; each {@code with…} gives a changed copy.
 *
 * @param requestHead bytes of a request's head, request line included; 431 beyond it. Default 32 KiB. Of the listener. Over
 *     HTTP/2 the bytes that it would have over HTTP/1.1; a head of more than twice as many ends the connection
 * @param requestFields field lines of a request; 431 beyond it. Default 200. Of the listener
 * @param requestTarget bytes of a request target; 414 beyond it. Default 16 KiB. Of the listener
 * @param requestBody bytes of a request body; 413 beyond it. Default unlimited ({@code Long.MAX_VALUE}); nginx's
 *     {@code client_max_body_size} defaults to 1 MiB
 * @param responseHead bytes of an upstream's head; 502 beyond it. Default 64 KiB
 */
public record Limits(int requestHead, int requestFields, int requestTarget, long requestBody, int responseHead) {
    private static final Limits DEFAULTS = new Limits(32 * 1024, 200, 16 * 1024, Long.MAX_VALUE, 64 * 1024);

    /** Checks that each is positive. */
    public Limits {
        check("requestHead", requestHead);
        check("requestFields", requestFields);
        check("requestTarget", requestTarget);
        if (requestBody < 0) {
            throw new IllegalArgumentException("requestBody: " + requestBody + " (expected: >= 0 bytes)");
        }
        check("responseHead", responseHead);
    }

    /** The defaults named above. */
    public static Limits defaults() {
        return DEFAULTS;
    }

    /** Another limit on request heads, in bytes. */
    public Limits withRequestHead(int bytes) {
        return new Limits(bytes, requestFields, requestTarget, requestBody, responseHead);
    }

    /** Another limit on the number of request fields. */
    public Limits withRequestFields(int lines) {
        return new Limits(requestHead, lines, requestTarget, requestBody, responseHead);
    }

    /** Another limit on request targets, in bytes. */
    public Limits withRequestTarget(int bytes) {
        return new Limits(requestHead, requestFields, bytes, requestBody, responseHead);
    }

    /** Another limit on request bodies, in bytes. */
    public Limits withRequestBody(long bytes) {
        return new Limits(requestHead, requestFields, requestTarget, bytes, responseHead);
    }

    /** Another limit on upstreams' heads, in bytes. */
    public Limits withResponseHead(int bytes) {
        return new Limits(requestHead, requestFields, requestTarget, requestBody, bytes);
    }

    /** The limit that a request's head, or the length of body that it announces, goes beyond; null if it keeps to all. */
    public @Nullable ProxyError exceededBy(RequestHead request) {
        if (request.rawTarget().length() > requestTarget) {
            return ProxyError.TARGET_TOO_LONG;
        }
        if (request.headers().size() > requestFields) {
            return ProxyError.HEAD_TOO_LARGE;
        }
        if (request.protocol().equals("HTTP/2.0") && size(request) > requestHead) { // HTTP/1.1's parser has counted
            return ProxyError.HEAD_TOO_LARGE;
        }
        if (requestBody == Long.MAX_VALUE) {
            return null;
        }
        String length = request.header("Content-Length");
        return length != null && isMore(length, requestBody) ? ProxyError.BODY_TOO_LARGE : null;
    }

    private static long size(RequestHead request) {
        Headers headers = request.headers();
        String authority = headers.contains("Host") ? null : request.authority();
        long size = request.method().length() + request.rawTarget().length() + "  HTTP/1.1\r\n\r\n".length();
        size += authority == null ? 0 : "Host: \r\n".length() + authority.length();
        for (int i = 0; i < headers.size(); i++) {
            size += headers.name(i).length()
                    + ": \r\n".length()
                    + headers.value(i).length();
        }
        return size;
    }

    private static boolean isMore(String length, long limit) {
        try {
            return Long.parseLong(length) > limit;
        } catch (NumberFormatException e) {
            return false; // the engine's parser has refused what is no number
        }
    }

    private static void check(String name, int value) {
        if (value < 1) {
            throw new IllegalArgumentException(name + ": " + value + " (expected: >= 1)");
        }
    }
}
