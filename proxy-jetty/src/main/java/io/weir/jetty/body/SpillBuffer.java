package io.weir.jetty.body;

import io.weir.body.Buffering;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.IteratingCallback;
import org.jspecify.annotations.Nullable;

/**
 * A body that is read from its source as fast as it comes, and waits here for its reader: in memory, beyond that in a file,
 * and beyond that its source waits, too. Its first read starts it.
 *
 * <pre>
 *   source ─▶ ready, in memory ─────────────────────────────▶ reader     while that has room
 *   source ─▶ pending, in memory ─▶ file ─▶ ready, in memory ─▶ reader   when it has none
 * </pre>
 *
 * <p>So the bytes in {@code ready} come before those in the file, and those before the ones in {@code pending}. The file is
 * written and read on the executor, by one task at a time; the rest is done by whoever calls, for it does not block.
 *
 * <p>If the source breaks, its reader first gets what had come, then the failure.
 */
public final class SpillBuffer implements Content.Source {
    /** Is told, at once, how the source ends; the reader may be far behind. */
    public interface Listener {
        /** The last byte is here. */
        void upstreamDone();

        /** It broke. */
        void bufferedBroke(Throwable cause);
    }

    /** Bytes that waited here are gone: the body can't go on, and neither end is to blame. */
    public static final class Lost extends IOException {
        private static final long serialVersionUID = 1L;

        Lost(Throwable cause) {
            super("the buffered body can't be read: " + cause, cause);
        }
    }

    /** What the task is to do next. */
    private enum Step {
        NOTHING,
        READ,
        WRITE
    }

    private static final int MOST_PENDING = 2 * Piece.LARGEST;

    private static final int MOST_IN_A_ROW = 16;

    /** From there on a chunk is kept as it is while nothing else waits. */
    private static final int WORTH_KEEPING = 4 * 1024;

    private final Content.Source source;
    private final long memory;
    private final ByteBufferPool pool;
    private final Executor executor;
    private final Listener listener;
    private final Consumer<IOException> onDiskTrouble;
    private final Filler filler = new Filler();

    // Guarded by this.
    private final SpillFile file;
    private final Deque<Piece> ready = new ArrayDeque<>();
    private final Deque<Piece> pending = new ArrayDeque<>();
    private long readyBytes;
    private long pendingBytes;
    private Content.@Nullable Chunk end;
    private @Nullable Runnable waiting;
    private boolean working;
    private boolean stalled;
    private boolean closed;

    /**
     * @param onDiskTrouble hears, at most once, that the body goes on without a file
     */
    public SpillBuffer(
            Content.Source source,
            Buffering buffering,
            TempFiles files,
            ByteBufferPool pool,
            Executor executor,
            Listener listener,
            Consumer<IOException> onDiskTrouble) {
        this.source = source;
        memory = buffering.memory();
        file = new SpillFile(files, buffering.directory(), buffering.file());
        this.pool = pool;
        this.executor = executor;
        this.listener = listener;
        this.onDiskTrouble = onDiskTrouble;
    }

    // ---- the reader's side ----

    @Override
    public Content.@Nullable Chunk read() {
        Content.Chunk next = poll();
        if (next == null) {
            filler.iterate();
            next = poll();
        }
        if (next != null) {
            goOn();
        }
        return next;
    }

    @Override
    public void demand(Runnable callback) {
        synchronized (this) {
            if (!hasNext()) {
                waiting = callback;
                return;
            }
        }
        callback.run();
    }

    /** The reader wants no more: all is given back, and the source is told. */
    @Override
    public void fail(Throwable failure) {
        close(failure);
        source.fail(failure);
    }

    private Content.@Nullable Chunk poll() {
        Content.Chunk next;
        boolean through;
        synchronized (this) {
            Piece first = ready.poll();
            through = isThrough();
            if (first != null) {
                readyBytes -= first.capacity();
                through &= end == Content.Chunk.EOF;
                next = first.give(through);
            } else {
                next = through ? end : null;
            }
            through &= file.isOpen();
        }
        if (through) {
            run(this::closeFile);
        }
        return next;
    }

    private boolean hasNext() {
        return !ready.isEmpty() || isThrough();
    }

    /** Whether nothing follows but the end. */
    private boolean isThrough() {
        return end != null && (closed || (ready.isEmpty() && !working && file.isEmpty() && pending.isEmpty()));
    }

    // ---- the source's side ----

    private synchronized boolean mayTake() {
        boolean may = !closed && end == null && (goesToMemory() || goesToFile());
        stalled = !may;
        return may;
    }

    private boolean goesToMemory() {
        return file.isEmpty() && pending.isEmpty() && !working && (ready.isEmpty() || readyBytes < memory);
    }

    private boolean goesToFile() {
        return pendingBytes < Math.min(MOST_PENDING, file.room());
    }

    private void take(Content.Chunk chunk) {
        if (Content.Chunk.isFailure(chunk)) {
            synchronized (this) {
                if (closed) {
                    return;
                }
                end = chunk;
            }
            listener.bufferedBroke(chunk.getFailure());
            return;
        }
        boolean last = chunk.isLast();
        boolean unwanted;
        synchronized (this) {
            unwanted = closed;
            if (unwanted || !keep(chunk)) {
                chunk.release();
            }
            if (last && !unwanted) {
                end = chunk instanceof Trailers ? chunk : Content.Chunk.EOF;
            }
        }
        if (last && !unwanted) {
            listener.upstreamDone();
        }
    }

    /** Whether the chunk itself is kept, rather than a copy of its bytes. */
    private boolean keep(Content.Chunk chunk) {
        ByteBuffer bytes = chunk.getByteBuffer();
        if (!goesToMemory()) {
            pendingBytes += bytes.remaining();
            copy(bytes, pending);
            return false;
        }
        if (ready.isEmpty() && bytes.remaining() >= WORTH_KEEPING) {
            Piece piece = Piece.of(chunk);
            readyBytes += piece.capacity();
            ready.add(piece);
            return true;
        }
        readyBytes += copy(bytes, ready);
        return false;
    }

    /** Copies to the end of that queue; says how much memory it took in addition. */
    private int copy(ByteBuffer bytes, Deque<Piece> queue) {
        int added = 0;
        while (bytes.hasRemaining()) {
            Piece last = queue.peekLast();
            if (last == null || last.isFull()) {
                last = Piece.of(pool, bytes.remaining());
                added += last.capacity();
                queue.add(last);
            }
            last.fill(bytes);
        }
        return added;
    }

    // ---- the file ----

    /** Something has changed: whoever can go on does. */
    private void goOn() {
        boolean begins;
        boolean canTake;
        Runnable told = null;
        synchronized (this) {
            begins = !working && next() != Step.NOTHING;
            working |= begins;
            canTake = stalled;
            if (waiting != null && hasNext()) {
                told = waiting;
                waiting = null;
            }
        }
        if (begins) {
            run(this::work);
        }
        if (canTake) {
            filler.iterate();
        }
        if (told != null) {
            told.run();
        }
    }

    /** What the task has to do; moves on what needs no file. */
    private Step next() {
        if (closed) {
            return Step.NOTHING;
        }
        Piece first = pending.peek();
        boolean canWrite = first != null && file.room() >= first.length();
        if (!file.isEmpty()) {
            boolean canRead = ready.isEmpty() || readyBytes + Piece.LARGEST <= memory;
            return canRead && (ready.isEmpty() || !canWrite) ? Step.READ : canWrite ? Step.WRITE : Step.NOTHING;
        }
        if (!ready.isEmpty() && readyBytes >= memory && file.room() > 0) {
            return canWrite ? Step.WRITE : Step.NOTHING;
        }
        pending.forEach(piece -> readyBytes += piece.capacity());
        ready.addAll(pending);
        pending.clear();
        pendingBytes = 0;
        return Step.NOTHING;
    }

    private void work() {
        try {
            move();
        } catch (RuntimeException | Error e) {
            synchronized (this) {
                working = false;
            }
            fail(new Lost(e)); // or the reader would wait for ever
            throw e;
        }
    }

    /** Moves bytes to and from the file, on the executor, until there is nothing to move. */
    private void move() {
        while (true) {
            Step step;
            ByteBuffer bytes = null;
            boolean isClosed;
            synchronized (this) {
                step = next();
                working = step != Step.NOTHING;
                isClosed = closed;
                Piece first = pending.peek();
                if (step == Step.WRITE && first != null) {
                    bytes = first.bytes();
                }
            }
            if (step == Step.NOTHING) {
                if (isClosed) {
                    closeFile();
                }
                goOn();
                return;
            }
            if (bytes != null) {
                write(bytes);
            } else {
                readBack();
            }
            goOn();
        }
    }

    private void write(ByteBuffer bytes) {
        int before = bytes.position();
        IOException trouble = null;
        try {
            file.put(bytes);
        } catch (IOException e) {
            trouble = e;
        }
        int written = bytes.position() - before;
        synchronized (this) {
            file.added(written);
            Piece first = pending.element(); // while this works, nobody else takes it away
            first.emptied(written);
            pendingBytes -= written;
            if (first.length() == 0) {
                pending.remove().release();
            }
            if (trouble != null) {
                file.breakDown();
            }
        }
        if (trouble != null) {
            onDiskTrouble.accept(trouble);
        }
    }

    private void readBack() {
        Piece piece = Piece.of(pool, Piece.LARGEST);
        ByteBuffer room = piece.room(Piece.LARGEST);
        IOException trouble = null;
        try {
            file.read(room, 0);
        } catch (IOException e) {
            trouble = e;
        }
        boolean unwanted;
        synchronized (this) {
            unwanted = closed || trouble != null;
            if (!unwanted) {
                file.removed(room.position());
                piece.filled(room.position());
                readyBytes += piece.capacity();
                ready.add(piece);
            }
        }
        if (unwanted) {
            piece.release();
        }
        if (trouble != null) {
            fail(new Lost(trouble)); // all that can be done is to break the body off
        }
    }

    // ---- ways to end ----

    private void close(Throwable failure) {
        boolean mayClose;
        synchronized (this) {
            if (closed) {
                return;
            }
            closed = true;
            end = Content.Chunk.from(failure, true);
            ready.forEach(Piece::release);
            ready.clear();
            mayClose = !working && (file.isOpen() || !pending.isEmpty());
        }
        if (mayClose) {
            run(this::closeFile);
        }
        goOn();
    }

    /** The last that is done with the file; also gives back what was on its way there. */
    private void closeFile() {
        synchronized (this) {
            pending.forEach(Piece::release);
            pending.clear();
        }
        file.close();
    }

    private void run(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            task.run(); // the server is stopping, and this has to be done by somebody
        }
    }

    /** Reads the source. */
    private final class Filler extends IteratingCallback {
        private volatile boolean demanded;

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }

        @Override
        protected Action process() {
            for (int taken = 0; !demanded && mayTake(); taken++) {
                if (taken == MOST_IN_A_ROW) {
                    run(this::iterate); // a source that never pauses would keep a thread that serves sockets
                    return Action.IDLE;
                }
                Content.Chunk chunk = source.read();
                if (chunk == null) {
                    demanded = true;
                    source.demand(this::available);
                } else {
                    take(chunk);
                    goOn();
                }
            }
            return Action.IDLE;
        }

        private void available() {
            demanded = false;
            iterate();
        }

        @Override
        protected void onCompleteFailure(Throwable cause) {
            SpillBuffer.this.fail(new Lost(cause)); // or the reader would wait for ever
        }
    }
}
