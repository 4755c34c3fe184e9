package io.weir.http;

/**
 * What went over the client's connection for one exchange, in bytes.
 *
 * @param bodySent of the response's body, without chunking
 * @param sent all that was sent, heads and chunking included; −1 if the engine can't tell
 * @param bodyReceived of the request's body, without chunking
 */
public record Traffic(long bodySent, long sent, long bodyReceived) {
    private static final Traffic NONE = new Traffic(0, 0, 0);

    /** Nothing at all. */
    public static Traffic none() {
        return NONE;
    }

    /** A response's body, and nothing else is known. */
    public static Traffic ofBody(long bodySent) {
        return new Traffic(bodySent, -1, 0);
    }
}
