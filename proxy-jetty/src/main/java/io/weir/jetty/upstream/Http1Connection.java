package io.weir.jetty.upstream;

import io.weir.http.ProxyError;
import io.weir.http.ResponseHead;
import io.weir.jetty.server.Clock;
import io.weir.jetty.server.SharedSelector;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * One connection to an upstream: reads, and goes back to its pool or closes. It serves one {@link Http1Call} at a time.
 * Everything below is guarded by this object's monitor, which may be taken while a call's is held and never the other way
 * round: a call is told things only after it was left.
 *
 * <p>A connection is kept only after a response that left nothing to doubt: the request was sent whole, the response ended
 * where it said, nothing came after it. While it waits it listens, so that an upstream that closes it, or says something
 * that nobody asked for, is noticed.
 */
final class Http1Connection extends AbstractConnection implements Connection.UpgradeFrom {
    /** What a reading step found. */
    enum Event {
        /** Nothing yet: more bytes are awaited. */
        WAIT,
        /** An interim head. */
        INTERIM,
        /** The final head. */
        HEAD,
        /** The connection or the message is broken; see {@link #problem}. */
        BROKEN
    }

    private static final int BUFFER_SIZE = 32 * 1024;

    private final AbstractEndPoint endPoint;
    private final UpstreamEndPoint socket;
    private final Http1Pool pool;
    private final ByteBufferPool buffers;
    private final ResponseParser response;
    private final Clock readClock;
    private final long openedAt = System.nanoTime();
    private final Callback fillable = new Fillable();

    /** Room to see whether something comes that nobody has asked for; what it is does not matter. */
    private final ByteBuffer unasked = BufferUtil.allocate(1);

    private @Nullable Http1Call call;
    private RetainableByteBuffer.@Nullable Mutable buffer;
    private boolean listening;
    private boolean received;
    private boolean closed;
    private boolean surrendered;

    /** Whether it has been in its pool: the upstream may have closed it there. */
    private boolean waited;

    /** How many turns of its selector had ended when it was given to its pool last; its pool asks, under its own lock. */
    private long waitsSince;

    private int served;

    /** Speaks at {@code endPoint}, which is the socket itself, or TLS over it. */
    Http1Connection(AbstractEndPoint endPoint, UpstreamEndPoint socket, Http1Pool pool, int maxHeadBytes) {
        super(endPoint, pool.connector().getExecutor());
        this.endPoint = endPoint;
        this.socket = socket;
        this.pool = pool;
        buffers = pool.connector().getByteBufferPool();
        response = new ResponseParser(maxHeadBytes);
        readClock = new Clock(scheduler(), getExecutor(), this::readClockExpired);
    }

    // ---- its life ----

    @Override
    public void onOpen() {
        super.onOpen();
        endPoint.setIdleTimeout(0); // our clocks know which phase it is
    }

    /** Gives it to a call. False, and closed, if it is dead, worn out, or has something to say that nobody asked for. */
    boolean begin(Http1Call next) {
        synchronized (this) {
            if (closed) {
                return false;
            }
            if (!waited || (!isOld() && (isKnownSilent() || isSilent()))) {
                readClock.stop();
                call = next;
                served++;
                received = false;
                response.begin(next.isHead());
                return true;
            }
            closed = true;
        }
        close();
        return false;
    }

    /** Called by the call when its request has been sent whole and its response read whole. */
    void recycle() {
        boolean kept;
        synchronized (this) {
            if (closed) {
                return;
            }
            call = null;
            kept = response.isPersistent()
                    && !hasRemaining()
                    && served < pool.keepAlive().requests()
                    && park();
            closed |= !kept;
        }
        if (!kept) {
            close();
        }
    }

    /** It has been opened for a request to come. */
    void keep() {
        boolean kept;
        synchronized (this) {
            kept = !closed && park();
            closed |= !kept;
        }
        if (!kept) {
            close();
        }
    }

    private boolean park() {
        releaseBuffer();
        waited = true;
        readClock.start(pool.keepAlive().timeout());
        listen();
        if (selector() instanceof SharedSelector shared) {
            waitsSince = shared.turns(); // only now, that it has been told
        }
        return pool.park(this);
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            response.drop();
            releaseBuffer();
        }
        readClock.close();
        endPoint.close();
    }

    /** Jetty has closed it, or we have. */
    @Override
    public void onClose(@Nullable Throwable cause) {
        super.onClose(cause);
        readable(cause == null ? new ClosedChannelException() : cause);
    }

    /** Lets go of the end point, whose protocol has been switched; null if it is closed. */
    @Nullable
    EndPoint surrender() {
        boolean interested;
        synchronized (this) {
            if (closed) {
                return null;
            }
            surrendered = true;
            interested = listening;
        }
        readClock.close();
        if (interested) {
            // Another thread had it listen just before the head came; only one may.
            endPoint.getFillInterest().onFail(new ClosedChannelException());
        }
        return endPoint;
    }

    /** What came behind the head, for the connection that takes this one's place. */
    @Override
    public synchronized @Nullable ByteBuffer onUpgradeFrom() {
        ByteBuffer rest = hasRemaining() ? BufferUtil.copy(bytes()) : null;
        closed = true;
        releaseBuffer();
        return rest;
    }

    AbstractEndPoint endPoint() {
        return endPoint;
    }

    /** The selector on whose thread its events come. */
    ManagedSelector selector() {
        return socket.selector();
    }

    UpstreamEndPoint socket() {
        return socket;
    }

    Scheduler scheduler() {
        return pool.connector().getScheduler();
    }

    Executor executor() {
        return getExecutor();
    }

    // ---- for the call ----

    /** Reads on until there is a head, interim or final. */
    synchronized Event readHead() {
        while (true) {
            if (response.problem() != null) {
                return Event.BROKEN;
            }
            ResponseHead head = response.head();
            if (head != null) {
                return head.isInterim() ? Event.INTERIM : Event.HEAD;
            }
            if (hasRemaining()) {
                response.parse(bytes());
            } else if (fill() == 0) {
                return Event.WAIT;
            }
        }
    }

    /** The head that {@link #readHead} found. */
    synchronized ResponseHead takeHead() {
        return response.takeHead();
    }

    /** The next piece of body; null if none is there now, or never will: then there is a {@link #problem}. */
    synchronized Content.@Nullable Chunk readBody() {
        while (true) {
            ByteBuffer piece = response.takeContent();
            if (piece != null) {
                return chunk(piece);
            }
            if (response.isComplete()) {
                HttpFields trailers = response.takeTrailers();
                return trailers == null ? Content.Chunk.EOF : new Trailers(trailers);
            }
            if (response.problem() != null) {
                return null;
            }
            if (hasRemaining()) {
                response.parse(bytes());
            } else if (fill() == 0) {
                return null;
            }
        }
    }

    /** Whether {@link #readBody} would find something without reading from the socket. */
    synchronized boolean hasNews() {
        return response.hasContent() || response.isComplete() || response.problem() != null || hasRemaining();
    }

    synchronized boolean isComplete() {
        return response.isComplete();
    }

    synchronized ResponseParser.@Nullable Problem problem() {
        return response.problem();
    }

    /**
     * Whether it had nothing to say when its selector looked last: no end, and nothing that nobody asked for. Of TLS the
     * selector does not know all: some of it may have been read and not been deciphered.
     */
    boolean isKnownSilent() {
        return endPoint == socket && selector() instanceof SharedSelector shared && shared.hasHeardOut(waitsSince);
    }

    /** Has the call told of bytes, and starts the read clock if {@code patience} is given. */
    synchronized void await(@Nullable Duration patience) {
        if (patience != null) {
            readClock.start(patience);
        }
        listen();
    }

    /** The upstream is not waited for any more. */
    synchronized void stopReadClock() {
        readClock.stop();
    }

    /** Whether any byte of an answer has come. */
    synchronized boolean hasReceived() {
        return received;
    }

    /** Whether it has waited for its call, unused. */
    synchronized boolean isReused() {
        return waited;
    }

    // ---- reading ----

    /** The piece as a chunk that holds on to its buffer. */
    private Content.Chunk chunk(ByteBuffer piece) {
        RetainableByteBuffer.Mutable source = buffer;
        if (source == null) {
            throw new IllegalStateException("content without buffer");
        }
        if (!response.isComplete()) {
            response.parse(source.getByteBuffer()); // whether this was the last piece
        }
        boolean last = response.isComplete() && !response.hasContent() && !response.hasTrailers();
        if (last && !source.hasRemaining()) {
            buffer = null; // it is the chunk's
        } else {
            source.retain();
        }
        return Content.Chunk.asChunk(piece, last, source);
    }

    private boolean isOld() {
        return System.nanoTime() - openedAt > Clock.nanos(pool.keepAlive().age());
    }

    /** Whether nothing has come since the last response: no end, and no byte that nobody asked for. */
    private boolean isSilent() {
        try {
            return !closed && endPoint.fill(unasked) == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private ByteBuffer bytes() {
        return buffer == null ? BufferUtil.EMPTY_BUFFER : buffer.getByteBuffer();
    }

    private boolean hasRemaining() {
        return buffer != null && buffer.hasRemaining();
    }

    /** Bytes that came: 0 for none now; −1 if none will, of which the parser has been told. */
    private int fill() {
        if (closed) {
            response.fail(ProxyError.CONNECTION_TERMINATED, "the connection was closed", null);
            return -1;
        }
        RetainableByteBuffer.Mutable target = emptyBuffer();
        int filled;
        try {
            filled = endPoint.fill(target.getByteBuffer());
            if (filled < 0) {
                response.end();
            }
        } catch (IOException e) {
            response.fail(ProxyError.CONNECTION_TERMINATED, "the connection broke: " + e.getMessage(), e);
            filled = -1;
        }
        if (filled > 0) {
            received = true;
        } else {
            releaseBuffer();
        }
        return filled;
    }

    /** The buffer, once all in it was parsed; a new one if a piece of the old is still on its way to the client. */
    private RetainableByteBuffer.Mutable emptyBuffer() {
        RetainableByteBuffer.Mutable present = buffer;
        if (present != null && !present.isRetained()) {
            BufferUtil.clear(present.getByteBuffer());
            return present;
        }
        releaseBuffer();
        RetainableByteBuffer.Mutable fresh = buffers.acquire(BUFFER_SIZE, true);
        buffer = fresh;
        return fresh;
    }

    private void releaseBuffer() {
        RetainableByteBuffer.Mutable released = buffer;
        buffer = null;
        if (released != null) {
            released.release();
        }
    }

    private void listen() {
        if (!listening && !closed) {
            listening = true;
            endPoint.fillInterested(fillable);
        }
    }

    // ---- what the selector and the clock tell ----

    private void readable(@Nullable Throwable failure) {
        Http1Call current;
        synchronized (this) {
            listening = false;
            if (surrendered) {
                return;
            }
            current = call;
            if (failure != null) {
                response.fail(
                        ProxyError.CONNECTION_TERMINATED, "the connection broke: " + failure.getMessage(), failure);
            }
            if (current == null) {
                if (failure == null && isSilent()) {
                    listen(); // TLS has exchanged something for itself: a session ticket, say
                    return;
                }
                closed = true; // it was waiting for a request, and is told of an end or of something unasked
            } else {
                readClock.stop();
            }
        }
        if (current != null) {
            current.readable();
        } else {
            pool.remove(this);
            close();
        }
    }

    private void readClockExpired() {
        Http1Call current;
        synchronized (this) {
            if (!readClock.hasExpired()) {
                return;
            }
            readClock.stop();
            current = call;
            closed |= current == null;
        }
        if (current != null) {
            current.readExpired();
        } else {
            pool.remove(this);
            close();
        }
    }

    private final class Fillable implements Callback {
        @Override
        public void succeeded() {
            readable(null);
        }

        @Override
        public void failed(Throwable failure) {
            readable(failure);
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }

    @Override
    public void onFillable() {
        readable(null);
    }
}
