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
        this.head = head;
        this.body = body;
        this.error = error;
        this.closes = closes;
    }

    /** A reply with that status and its standard phrase as a plain text body. */
    public static Reply status(int status) {
        if (status == 204 || status == 304 || status < 200) {
            return new Reply(ResponseHead.of(status), NO_BODY, null, false);
        }
        return text(status, status + " " + Reasons.of(status) + "\n");
    }

    /** A plain text reply in UTF-8. */
    public static Reply text(int status, String text) {
        return of(status, "text/plain;charset=utf-8", text.getBytes(StandardCharsets.UTF_8));
    }

    /** A reply with that body. The array is copied. */
    public static Reply of(int status, String contentType, byte[] body) {
        return new Reply(ResponseHead.of(status, "Content-Type", contentType), body.clone(), null, false);
    }

    /** A redirect: {@code status} 301, 302, 303, 307 or 308. A location that starts with {@code /} stays relative. */
    public static Reply redirect(int status, String location) {
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

    /** This reply with another head. The body stays. */
    public Reply withHead(ResponseHead head) {
        return new Reply(head, body, error, closes);
    }

    /** This reply, after which the connection closes. */
    public Reply closing() {
        return new Reply(head, body, error, true);
    }

    /** Status and length. */
    @Override
    public String toString() {
        return status() + " (" + body.length + " bytes)";
    }
}
