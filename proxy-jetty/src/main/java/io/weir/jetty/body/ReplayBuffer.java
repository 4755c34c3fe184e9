package io.weir.jetty.body;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * What has been taken of a request's body, kept as long as it may have to be sent once more. It keeps copies: to hold on to
 * a chunk of one byte would hold the whole buffer that it came in. Beyond its capacity it keeps nothing, and the body is
 * lost for others. Thread-safe.
 */
final class ReplayBuffer {
    private static final int SMALLEST_PIECE = 1024;
    private static final int LARGEST_PIECE = 16 * 1024;

    /** A buffer of the pool, and its bytes so far: from its start to {@code bytes.position()}. */
    private record Piece(RetainableByteBuffer owner, ByteBuffer bytes) {}

    private final ByteBufferPool pool;
    private final int capacity;
    private final List<Piece> pieces = new ArrayList<>(2);
    private Content.@Nullable Chunk trailers;
    private long kept;
    /** The piece to read next; past the last one it is the client's turn. */
    private int next;

    private boolean trailersRead = true;
    private boolean lost;
    private boolean pinned;
    private boolean settled;

    ReplayBuffer(ByteBufferPool pool, int capacity) {
        this.pool = pool;
        this.capacity = capacity;
    }

    /** Keeps a copy of what was taken from the client just now, if there is room. */
    synchronized void keep(Content.Chunk chunk) {
        if (lost || settled) {
            return;
        }
        ByteBuffer bytes = chunk.getByteBuffer().slice();
        kept += bytes.remaining();
        if (kept > capacity && !pinned) {
            lost = true;
            releaseAll();
            return;
        }
        while (bytes.hasRemaining()) {
            ByteBuffer room = room(bytes.remaining());
            ByteBuffer part = bytes.slice(bytes.position(), Math.min(bytes.remaining(), room.remaining()));
            bytes.position(bytes.position() + part.remaining());
            room.put(part);
        }
        next = pieces.size();
        if (chunk instanceof Trailers) {
            trailers = chunk; // it has no bytes
        }
    }

    /** The next of what is kept and has not been read since the start; null if it is the client's turn. */
    synchronized Content.@Nullable Chunk read() {
        if (next < pieces.size()) {
            Piece piece = pieces.get(next);
            if (settled) {
                pieces.remove(next);
            } else {
                next++;
                piece.owner.retain();
            }
            return Content.Chunk.asChunk(piece.bytes.duplicate().flip().slice(), false, piece.owner);
        }
        if (trailersRead) {
            return null;
        }
        trailersRead = true;
        return trailers;
    }

    /** Whether bytes are gone, so that the body can't be read from its start. */
    synchronized boolean isLost() {
        return lost;
    }

    /**
     * As {@link #isLost}, and that stays so until {@link #unpin}: meanwhile the client is not to be asked for more. One
     * chunk that is on its way all the same is kept in excess.
     */
    synchronized boolean pin() {
        pinned = true;
        return lost;
    }

    synchronized boolean isPinned() {
        return pinned;
    }

    synchronized void unpin() {
        pinned = false;
    }

    /** Has it read from the start once more. */
    synchronized void rewind() {
        if (lost) {
            throw new IllegalStateException("the body can't be read again: more than " + capacity + " bytes came");
        }
        next = 0;
        trailersRead = trailers == null;
    }

    /** It will not have to be read again; what has not been read again yet still is. */
    synchronized void settle() {
        settled = true;
        for (int i = 0; i < next; i++) {
            pieces.get(i).owner.release();
        }
        pieces.subList(0, next).clear();
        next = 0;
    }

    /** Nobody reads any more. */
    synchronized void close() {
        lost = true;
        trailersRead = true;
        releaseAll();
    }

    /** Where the next bytes go: what is left of the last piece, or a new one. */
    private ByteBuffer room(int wanted) {
        if (!pieces.isEmpty()) {
            ByteBuffer last = pieces.get(pieces.size() - 1).bytes;
            if (last.hasRemaining()) {
                return last;
            }
        }
        RetainableByteBuffer owner = pool.acquire(Math.min(LARGEST_PIECE, Math.max(SMALLEST_PIECE, wanted)), true);
        ByteBuffer bytes = owner.getByteBuffer().duplicate().clear();
        pieces.add(new Piece(owner, bytes));
        return bytes;
    }

    private void releaseAll() {
        pieces.forEach(piece -> piece.owner.release());
        pieces.clear();
        next = 0;
    }
}
