package io.weir.jetty.body;

import java.nio.ByteBuffer;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.Retainable;
import org.eclipse.jetty.io.RetainableByteBuffer;

/**
 * Some bytes of a body, in a buffer of the pool: filled from its start to its end, emptied the same way. To hold on to the
 * chunks themselves would hold the whole buffer that each came in, be it for one byte. Not thread-safe.
 */
final class Piece {
    /** How large one is at most. */
    static final int LARGEST = 32 * 1024;

    private static final int SMALLEST = 4 * 1024;

    private final Retainable owner;
    private final ByteBuffer buffer;
    private final int capacity;
    private int start;
    private int end;

    private Piece(Retainable owner, ByteBuffer buffer, int start, int end, int capacity) {
        this.owner = owner;
        this.buffer = buffer;
        this.start = start;
        this.end = end;
        this.capacity = capacity;
    }

    /** An empty one for about that many bytes. */
    static Piece of(ByteBufferPool pool, long wanted) {
        RetainableByteBuffer owner = pool.acquire((int) Math.min(LARGEST, Math.max(SMALLEST, wanted)), true);
        ByteBuffer buffer = owner.getByteBuffer().duplicate().clear();
        return new Piece(owner, buffer, 0, 0, buffer.capacity());
    }

    /** The bytes of that chunk, which is given up to it; nothing can be added. */
    static Piece of(Content.Chunk chunk) {
        ByteBuffer bytes = chunk.getByteBuffer().slice();
        return new Piece(chunk, bytes, 0, bytes.capacity(), bytes.capacity());
    }

    /** How much memory it takes, full or not. */
    int capacity() {
        return capacity;
    }

    int length() {
        return end - start;
    }

    boolean isFull() {
        return end == buffer.capacity();
    }

    /** Takes as much of {@code bytes} as there is room for. */
    void fill(ByteBuffer bytes) {
        int taken = Math.min(bytes.remaining(), buffer.capacity() - end);
        buffer.put(end, bytes, bytes.position(), taken);
        bytes.position(bytes.position() + taken);
        end += taken;
    }

    /** Room for {@code length} bytes at its end, to be written to and then {@linkplain #filled told of}. */
    ByteBuffer room(long length) {
        return buffer.slice(end, (int) Math.min(length, buffer.capacity() - end));
    }

    void filled(int bytes) {
        end += bytes;
    }

    /** Its bytes. */
    ByteBuffer bytes() {
        return buffer.slice(start, end - start);
    }

    /** Its first bytes are elsewhere now. */
    void emptied(int bytes) {
        start += bytes;
    }

    /** Its bytes as a chunk; the piece is given up. */
    Content.Chunk give(boolean last) {
        return Content.Chunk.asChunk(bytes(), last, owner);
    }

    /** Its bytes as a chunk; the piece stays. */
    Content.Chunk lend(boolean last) {
        owner.retain();
        return give(last);
    }

    void release() {
        owner.release();
    }
}
