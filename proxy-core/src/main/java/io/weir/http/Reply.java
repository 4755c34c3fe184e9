package io.weir.http;

import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A response that the proxy makes itself. Immutable; the body is small and whole.
 */
public final class Reply {
    private static final byte[] NO_BODY = new byte[0];

    private final ResponseHead head;
    private final byte[] body;
    private final @Nullable ProxyError error;
    private final boolean closes;

    private Reply(ResponseHead head, byte[] body, @Nullable ProxyError error, boolean closes) {
        if (head.status() < 200) {
            throw new IllegalArgumentException("status: " + head.status() + " (expected: >= 200, a reply is final)");
        }
        this.head = head;
        this.body = hasNoBody(head.status()) ? NO_BODY : body;
        this.error = error;
        this.closes = closes;
    }

    /**
     * A reply with that status and its standard phrase as a plain text body; 204 and 304 have none.
     *
     * @throws IllegalArgumentException if the status is not within 200..999
     */
    public static Reply status(int status) {
        if (status < 200 || hasNoBody(status)) {
            return new Reply(ResponseHead.of(status), NO_BODY, null, false);
        }
        return text(status, status + " " + Reasons.of(status) + "\n");
    }

    /** A plain text reply in UTF-8; see {@link #of(int, String, byte[])}. */
    public static Reply text(int status, String text) {
        return of(status, "text/plain;charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    /**
     * A reply with that body. The array is copied.
     *
     * @throws IllegalArgumentException if the status is not within 200..999, or has no body (204, 304)
     */
    public static Reply of(int status, String contentType, byte[] body) {
        if (hasNoBody(status) && body.length > 0) {
            throw new IllegalArgumentException(
                    "status: " + status + " with a body (expected: one that may have a body)");
        }
        return new Reply(ResponseHead.of(status, "Content-Type", contentType), body.clone(), null, false);
    }

    /**
     * A redirect. A location that starts with {@code /} stays relative.
     *
     * @throws IllegalArgumentException if {@code status} is not 301, 302, 303, 307 or 308, or the location is no value of
     *     a field
     */
    public static Reply redirect(int status, String location) {
        switch (status) {
            case 301, 302, 303, 307, 308 -> {}
            default ->
                throw new IllegalArgumentException("status: " + status + " (expected: 301, 302, 303, 307 or 308)");
        }
        return status(status).withHeader("Location", location);
    }

    /** The plain reply to an error of the proxy's own; 499 has no reader, so its reply is never seen. */
    public static Reply of(ProxyError error) {
        Reply reply = status(error.status());
        return new Reply(reply.head, reply.body, error, error.closesConnection());
    }

    /** Its status. */
    public int status() {
        return head.status();
    }

    /** Status and fields, without Content-Length, which the engine adds. */
    public ResponseHead head() {
        return head;
    }

    /** A copy of the body. */
    public byte[] body() {
        return body.clone();
    }

    /** Length of the body in bytes. */
    public int length() {
        return body.length;
    }

    /** The error that this reply reports, or null if it is no error reply. */
    public @Nullable ProxyError error() {
        return error;
    }

    /** Whether the connection must close after this reply, because what follows on it can't be trusted. */
    public boolean closesConnection() {
        return closes;
    }

    /** This reply with all lines of that field replaced by one. */
    public Reply withHeader(String name, String value) {
        return withHead(head.withHeader(name, value));
    }

    /**
     * This reply with another head. The body stays, unless the new status has none.
     *
     * @throws IllegalArgumentException if the head is an interim one (1xx)
     */
    public Reply withHead(ResponseHead head) {
        return new Reply(head, body, error, closes);
    }

    /** This reply, after which the connection closes. */
    public Reply closing() {
        return new Reply(head, body, error, true);
    }

    private static boolean hasNoBody(int status) {
        return status == 204 || status == 304;
    }

    /** Status and length. */
    @Override
    public String toString() {
        return status() + " (" + body.length + " bytes)";
    }
}
