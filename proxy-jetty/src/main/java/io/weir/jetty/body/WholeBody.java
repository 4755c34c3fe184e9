package io.weir.jetty.body;

import io.weir.body.Buffering;
import io.weir.http.ProxyError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.jspecify.annotations.Nullable;

/**
 * A request's body that was read whole before any of it was sent: its start in memory, what had no room there in a file,
 * and its last bytes in memory again. It can be read as often as need be. Where the file could not be written it is as much
 * of the body as had come by then.
 *
 * <p>One thread at a time fills it, and is through with that before the first reads. {@link #write} blocks. Thread-safe in
 * what concerns reading and closing.
 */
final class WholeBody {
    private final ByteBufferPool pool;
    private final Executor executor;
    private final long memory;
    private final SpillFile file;

    // Guarded by this.
    private final List<Piece> before = new ArrayList<>(2);
    private final List<Piece> after = new ArrayList<>(1);
    private long held;
    private long length;
    private Content.@Nullable Chunk end;
    private boolean working;
    private boolean settled;
    private boolean closed;

    // Where the present reader is, guarded as well: pieces come first, then the file, then the rest.
    private int next;
    private long fileRead;
    private @Nullable Piece readAhead;
    private boolean endRead;
    private int reader;
    private @Nullable Runnable waiting;

    WholeBody(ByteBufferPool pool, Executor executor, Buffering buffering, TempFiles files) {
        this.pool = pool;
        this.executor = executor;
        memory = buffering.memory();
        file = new SpillFile(files, buffering.directory(), buffering.file());
    }

    // ---- filling ----

    /** Takes bytes until they are all here (true), or {@link #write} has to make room (false). */
    synchronized boolean fill(ByteBuffer bytes) {
        if (closed) {
            return true;
        }
        int wanted = bytes.remaining();
        while (bytes.hasRemaining()) {
            Piece last = after.isEmpty() ? lastOf(before) : lastOf(after);
            if (last == null || last.isFull()) {
                if (!after.isEmpty() && file.room() > 0) {
                    length += wanted - bytes.remaining();
                    return false;
                }
                last = add(bytes.remaining());
            }
            last.fill(bytes);
        }
        length += wanted;
        return true;
    }

    private Piece add(int wanted) {
        boolean inMemory = after.isEmpty() && file.isEmpty();
        Piece piece = Piece.of(pool, inMemory && held < memory ? wanted : Piece.LARGEST);
        if (inMemory && held + piece.capacity() <= memory) {
            held += piece.capacity();
            before.add(piece);
        } else {
            after.add(piece);
        }
        return piece;
    }

    /**
     * Writes to the file what waits for it. Blocks.
     *
     * @throws IOException if it can't: from then on everything is kept in memory
     */
    void write() throws IOException {
        Piece full;
        synchronized (this) {
            full = closed ? null : after.get(0);
            working = full != null;
        }
        if (full == null) {
            return;
        }
        ByteBuffer bytes = full.bytes();
        try {
            file.put(bytes);
        } finally {
            int written = bytes.position();
            boolean unwanted;
            synchronized (this) {
                working = false;
                unwanted = closed;
                file.added(written);
                full.emptied(written);
                if (full.length() > 0) {
                    file.breakDown();
                } else {
                    after.clear();
                    full.release();
                }
            }
            if (unwanted) {
                release();
            }
        }
    }

    /** It is all here. */
    synchronized void complete(Content.Chunk last) {
        end = last instanceof Trailers ? last : Content.Chunk.EOF;
        endRead = false;
    }

    // ---- what it is ----

    /** Whether it is all here, or only what had come when the file failed. */
    synchronized boolean isComplete() {
        return end != null;
    }

    /** How many bytes are here. */
    synchronized long length() {
        return length;
    }

    /** Whether trailers follow. */
    synchronized boolean hasTrailers() {
        return end instanceof Trailers;
    }

    // ---- reading ----

    /** The next of it; null if it has to be waited for, or nothing follows. */
    Content.@Nullable Chunk read() {
        Content.Chunk chunk;
        boolean through;
        synchronized (this) {
            chunk = poll();
            through = settled && isExhausted();
        }
        if (through) {
            close();
        }
        return chunk;
    }

    private Content.@Nullable Chunk poll() {
        if (closed) {
            return endRead && end != null ? end : Content.Chunk.from(broken(), true);
        }
        if (next < before.size()) {
            return before.get(next++).lend(isLast());
        }
        Piece ahead = readAhead;
        if (ahead != null) {
            readAhead = null;
            fileRead += ahead.length();
            return ahead.give(isLast());
        }
        if (fileRead < file.length()) {
            return null;
        }
        if (next < before.size() + after.size()) {
            return after.get(next++ - before.size()).lend(isLast());
        }
        endRead = end != null;
        return end;
    }

    /** Whether the piece that is handed out now is followed by nothing, not even trailers. */
    private boolean isLast() {
        boolean last = end == Content.Chunk.EOF && next == before.size() + after.size() && fileRead == file.length();
        endRead |= last;
        return last;
    }

    /** Whether all of what is here has been read. */
    synchronized boolean isExhausted() {
        return end != null
                ? endRead
                : next == before.size() + after.size() && fileRead == file.length() && readAhead == null;
    }

    /** Runs it when there is something to read. */
    void demand(Runnable callback) {
        boolean begins;
        synchronized (this) {
            boolean mustWait = !closed && readAhead == null && next >= before.size() && fileRead < file.length();
            if (mustWait) {
                waiting = callback;
            }
            begins = mustWait && !working;
            working |= begins;
            if (mustWait && !begins) {
                return; // the task that runs looks for it
            }
        }
        if (begins) {
            run(this::readAhead);
        } else {
            callback.run();
        }
    }

    /** Reads from the file, on the executor. */
    private void readAhead() {
        while (true) {
            int forReader;
            long at;
            synchronized (this) {
                forReader = reader;
                at = fileRead;
            }
            Piece piece = Piece.of(pool, Piece.LARGEST);
            ByteBuffer room = piece.room(Piece.LARGEST);
            Exception trouble = null;
            try {
                file.read(room, at);
            } catch (IOException | RuntimeException e) {
                trouble = e;
            }
            piece.filled(room.position());
            Runnable told;
            boolean unwanted;
            boolean again;
            synchronized (this) {
                boolean stale = forReader != reader;
                again = stale && !closed && waiting != null;
                working = again;
                unwanted = closed;
                if (!stale && !closed && trouble != null) {
                    unwanted = true;
                    closed = true; // bytes are lost
                }
                if (stale || unwanted) {
                    piece.release();
                } else {
                    readAhead = piece;
                }
                told = again ? null : waiting;
                if (!again) {
                    waiting = null;
                }
            }
            if (unwanted) {
                release();
            }
            if (told != null) {
                told.run();
            }
            if (!again) {
                return;
            }
        }
    }

    /** The next reader begins at its start. */
    synchronized void rewind() {
        reader++;
        next = 0;
        fileRead = 0;
        endRead = false;
        waiting = null;
        if (readAhead != null) {
            readAhead.release();
            readAhead = null;
        }
    }

    /** There will be no other reader than the present one. */
    void settle() {
        boolean through;
        synchronized (this) {
            settled = true;
            through = isExhausted();
        }
        if (through) {
            close();
        }
    }

    /** Nobody reads any more. */
    void close() {
        boolean idle;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            idle = !working;
        }
        if (idle && file.isOpen()) {
            run(this::release);
        } else if (idle) {
            release();
        }
    }

    private void release() {
        synchronized (this) {
            before.forEach(Piece::release);
            before.clear();
            after.forEach(Piece::release);
            after.clear();
            if (readAhead != null) {
                readAhead.release();
                readAhead = null;
            }
        }
        file.close();
    }

    private static IOException broken() {
        return new RequestBody.Refused(ProxyError.INTERNAL_ERROR, "the buffered request body can't be read");
    }

    private static @Nullable Piece lastOf(List<Piece> pieces) {
        return pieces.isEmpty() ? null : pieces.get(pieces.size() - 1);
    }

    private void run(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            task.run(); // the server is stopping, and this has to be done by somebody
        }
    }
}
