package io.weir.http;

import org.jspecify.annotations.Nullable;

/**
 * The head of a response. Immutable.
 *
 * @param status its status code, 100 to 999
 * @param headers its fields
 */
public record ResponseHead(int status, Headers headers) {

    /** Checks the status. */
    public ResponseHead {
        if (status < 100 || status > 999) {
            throw new IllegalArgumentException("status: " + status + " (expected: 100..999)");
        }
    }

    /** A head with that status and those fields, given as name, value, name, value …. */
    public static ResponseHead of(int status, String... namesAndValues) {
        return new ResponseHead(status, Headers.of(namesAndValues));
    }

    /** Value of the first field line of that name, or null. */
    public @Nullable String header(String name) {
        return headers.get(name);
    }

    /** Whether this is an interim response, which the final one follows (RFC 9110 §15.2). */
    public boolean isInterim() {
        return status < 200 && status != 101;
    }

    /** Whether it announces server-sent events. */
    public boolean isEventStream() {
        String type = headers.get("Content-Type");
        if (type == null) {
            return false;
        }
        int parameters = type.indexOf(';');
        return (parameters < 0 ? type : type.substring(0, parameters)).trim().equalsIgnoreCase("text/event-stream");
    }

    /** This head with all lines of that field replaced by one. */
    public ResponseHead withHeader(String name, String value) {
        return new ResponseHead(status, headers.with(name, value));
    }

    /** This head without that field. */
    public ResponseHead withoutHeader(String name) {
        return headers.contains(name) ? new ResponseHead(status, headers.without(name)) : this;
    }

    /** This head with other fields. */
    public ResponseHead withHeaders(Headers headers) {
        return new ResponseHead(status, headers);
    }

    /** This head with another status. */
    public ResponseHead withStatus(int status) {
        return new ResponseHead(status, headers);
    }
}
