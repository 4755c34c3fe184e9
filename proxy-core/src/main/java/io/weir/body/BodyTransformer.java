package io.weir.body;

import io.weir.http.Headers;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * Changes one message's body on its way: chunks in, chunks out. Made anew for each message, and for each attempt that sends
 * one, by a {@link RequestTransform} or {@link ResponseTransform}; it may keep state. Nothing of it must block: it runs
 * where sockets are served. It is called by one thread at a time.
 *
 * <p>What it writes is delivered before it is given more, so the two ends stay in step, and a body of any length passes in
 * bounded memory. A chunk is whatever came at once, at most some 32 KiB from an upstream; no border of it means anything.
 *
 * <p>What it throws ends the message: a request is answered with 400, a response with 502 if its head has not left yet, else
 * it is broken off so that the client can see it. A {@link BodyException} says another error. A {@link RuntimeException} is
 * a mistake of the transformer's, and is logged as one.
 */
@FunctionalInterface
public interface BodyTransformer {
    /**
     * Takes a chunk.
     *
     * @param chunk read-only, and not to be kept, though it or slices of it may be written as they are. It counts as taken
     *     when this returns, whatever its position, unless {@link Output#again} was called
     * @param last whether it is the last; it may be empty then. Trailers follow by themselves
     */
    void transform(ByteBuffer chunk, boolean last, Output out) throws IOException;

    /** No more is there for now: what is held back only for better work should be written, or a client waits for it. */
    default void flush(Output out) throws IOException {}

    /**
     * Whether what comes out is byte for byte what went in, so that the message keeps {@code Content-Length}, digests and a
     * strong {@code ETag}. Asked once, before the first chunk.
     */
    default boolean keepsBytes() {
        return false;
    }

    /**
     * The message's fields as they go on, such as another {@code Content-Type}. Those that speak of the length and of exact
     * bytes need not be thought of. Asked once, before the first chunk.
     */
    default Headers fields(Headers fields) {
        return fields;
    }

    /** Nothing more comes, for whatever reason: lets go of what it holds. Called exactly once. */
    default void close() {}

    /** Where a transformer writes. */
    interface Output {
        /** Passes these bytes on. They are not copied: the buffer's content must not be changed afterwards. */
        void write(ByteBuffer bytes);

        /**
         * Asks to be called once more, with what is left of the same chunk, when what was written has been delivered: how
         * much comes out of little. One that asks must have taken or written something.
         */
        void again();
    }

    /** Compresses to one gzip member; {@code level} 1 to 9. Each {@link #flush} lets the reader have all so far. */
    static BodyTransformer gzip(int level) {
        return new GzipEncoder(level);
    }

    /** Undoes gzip, some 64 KiB at a time whatever they came from; bad data, or an early end, is an {@link IOException}. */
    static BodyTransformer gunzip() {
        return new GzipDecoder(null);
    }
}
