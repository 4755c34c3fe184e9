package io.weir.jetty.upstream;

import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.ResponseHead;
import io.weir.http.Tokens;
import io.weir.jetty.server.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpParser;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * One connection to an upstream: reads, parses, and goes back to its pool or closes. It serves one {@link Http1Call} at a
 * time. Everything below is guarded by this object's monitor; the call is told things only after it was left.
 *
 * <p>A connection is kept only after a response that left nothing to doubt: the request was sent whole, the response ended
 * where it said, nothing came after it. While it waits it listens, so that an upstream that closes it, or says something
 * that nobody asked for, is noticed.
 */
final class Http1Connection extends AbstractConnection implements HttpParser.ResponseHandler {
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

    /** What is wrong with a response. */
    record Problem(
            ProxyError error, String detail, @Nullable Throwable cause) {}

    private static final int BUFFER_SIZE = 32 * 1024;
    private static final int MOST_INTERIMS = 32;

    private final Http1Pool pool;
    private final ByteBufferPool buffers;
    private final HttpParser parser;
    private final Clock readClock;
    private final long openedAt = System.nanoTime();
    private final Callback fillable = new Fillable();

    private @Nullable Http1Call call;
    private RetainableByteBuffer.@Nullable Mutable buffer;
    private boolean interested;
    private boolean received;
    private boolean closed;
    private int served;

    // The response that is being read.
    private int status;
    private Headers.Builder fields = Headers.builder();
    private @Nullable ResponseHead head;
    private HttpFields.@Nullable Mutable trailers;
    private @Nullable ByteBuffer content;
    private boolean http10;
    private boolean persistent;
    private boolean chunkedCoding;
    private int interims;
    private boolean complete;
    private @Nullable Problem problem;

    Http1Connection(EndPoint endPoint, Http1Pool pool, int maxHeadBytes) {
        super(endPoint, pool.connector().getExecutor());
        this.pool = pool;
        buffers = pool.connector().getByteBufferPool();
        parser = new HttpParser(this, maxHeadBytes, HttpCompliance.STRICT);
        parser.setHeaderCacheCaseSensitive(true);
        readClock = new Clock(pool.connector().getScheduler(), getExecutor(), this::readClockExpired);
    }

    // ---- its life ----

    @Override
    public void onOpen() {
        super.onOpen();
        getEndPoint().setIdleTimeout(0); // our clocks know which phase it is
    }

    /** Gives it to a call. False, and closed, if it is dead, worn out, or has something to say that nobody asked for. */
    boolean begin(Http1Call next) {
        synchronized (this) {
            if (closed) {
                return false;
            }
            boolean old = System.nanoTime() - openedAt > pool.keepAlive().age().toNanos();
            if (served == 0 || (!old && isSilent())) {
                readClock.stop();
                call = next;
                served++;
                received = false;
                interims = 0;
                complete = false;
                problem = null;
                head = null;
                trailers = null;
                parser.setHeadResponse(next.isHead());
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
            boolean leftOver = buffer != null && buffer.hasRemaining();
            kept = persistent && !leftOver && served < pool.keepAlive().requests();
            if (kept) {
                releaseBuffer();
                parser.reset();
                readClock.start(pool.keepAlive().timeout());
                listen();
                kept = pool.park(this);
            }
            closed |= !kept;
        }
        if (!kept) {
            close();
        }
    }

    @Override
    public void close() {
        synchronized (this) {
            closed = true;
            content = null;
            releaseBuffer();
        }
        readClock.close();
        getEndPoint().close();
    }

    Scheduler scheduler() {
        return pool.connector().getScheduler();
    }

    Executor executor() {
        return pool.connector().getExecutor();
    }

    // ---- reading: called by the call, under this monitor ----

    /** Reads on until there is a head, interim or final. */
    synchronized Event readHead() {
        if (problem != null) {
            return Event.BROKEN;
        }
        while (true) {
            parse();
            if (problem != null) {
                return Event.BROKEN;
            }
            if (head != null && head.isInterim() && complete) {
                complete = false;
                parser.reset();
                parser.setHeadResponse(call != null && call.isHead());
                return Event.INTERIM;
            }
            if (head != null && !head.isInterim()) {
                if (content == null && !complete && head.status() != 101) {
                    parse(); // a message without body is complete at once
                }
                return problem == null ? Event.HEAD : Event.BROKEN;
            }
            if (hasRemaining()) {
                continue; // the parser stopped at a part of the message; it goes on from there
            }
            int filled = fill();
            if (filled == 0) {
                return Event.WAIT;
            }
        }
    }

    /** The head that {@link #readHead} found. */
    synchronized ResponseHead takeHead() {
        ResponseHead taken = head;
        head = null;
        if (taken == null) {
            throw new IllegalStateException("no head");
        }
        return taken;
    }

    /** The next piece of body; null if none is there now. */
    synchronized Content.@Nullable Chunk readBody() {
        while (true) {
            ByteBuffer piece = content;
            if (piece != null) {
                content = null;
                RetainableByteBuffer.Mutable source = buffer;
                if (source == null) {
                    throw new IllegalStateException("content without buffer");
                }
                source.retain();
                if (!complete && problem == null) {
                    parse(); // whether this was the last piece
                }
                return Content.Chunk.asChunk(piece, complete && trailers == null, source);
            }
            if (complete) {
                HttpFields.Mutable found = trailers;
                trailers = null;
                return found == null ? Content.Chunk.EOF : new Trailers(found.asImmutable());
            }
            if (problem != null) {
                return null;
            }
            parse();
            if (content != null || complete || problem != null || hasRemaining()) {
                continue;
            }
            if (fill() == 0) {
                return null;
            }
        }
    }

    /** Whether {@link #readBody} would find something without reading from the socket. */
    synchronized boolean hasNews() {
        return content != null || complete || problem != null || hasRemaining();
    }

    synchronized boolean isComplete() {
        return complete;
    }

    synchronized @Nullable Problem problem() {
        return problem;
    }

    /** Asks to be told of bytes, and starts the read clock if {@code patience} is given. */
    synchronized void await(@Nullable Duration patience) {
        if (patience != null) {
            readClock.start(patience);
        }
        listen();
    }

    synchronized void startReadClock(Duration patience) {
        if (!closed && !complete && interested) {
            readClock.start(patience);
        }
    }

    /** Whether any byte of an answer has come. */
    synchronized boolean hasReceived() {
        return received;
    }

    /** Whether it served another call before. */
    synchronized boolean isReused() {
        return served > 1;
    }

    // ---- the parser's findings ----

    @Override
    public void startResponse(HttpVersion version, int status, @Nullable String reason) {
        this.status = status;
        fields = Headers.builder();
        chunkedCoding = false;
        persistent = version == HttpVersion.HTTP_1_1;
        http10 = version == HttpVersion.HTTP_1_0;
    }

    @Override
    public void parsedHeader(HttpField field) {
        String value = field.getValue() == null ? "" : field.getValue();
        HttpHeader header = field.getHeader();
        if (header == HttpHeader.CONNECTION) {
            if (Tokens.contains(value, "close")) {
                persistent = false;
            } else if (http10 && Tokens.contains(value, "keep-alive")) {
                persistent = true;
            }
        } else if (header == HttpHeader.TRANSFER_ENCODING) {
            if (http10 || chunkedCoding || !value.equalsIgnoreCase("chunked")) {
                // RFC 9112 §6.1; another coding could not be taken off or passed on.
                throw new HttpException.RuntimeException(502, "Transfer-Encoding: " + value);
            }
            chunkedCoding = true;
        }
        fields.add(field.getName(), value);
    }

    @Override
    public boolean headerComplete() {
        if (status < 200 && status != 101 && ++interims > MOST_INTERIMS) {
            throw new HttpException.RuntimeException(502, "more than " + MOST_INTERIMS + " interim responses");
        }
        head = new ResponseHead(status, fields.build());
        boolean untilEnd = parser.getContentLength() < 0 && !chunkedCoding && parser.hasContent();
        if (untilEnd && call != null && !call.isHead()) {
            persistent = false; // it ends with the connection
        }
        return true;
    }

    @Override
    public boolean content(ByteBuffer piece) {
        content = piece;
        return true;
    }

    @Override
    public boolean contentComplete() {
        return false;
    }

    @Override
    public void parsedTrailer(HttpField field) {
        if (trailers == null) {
            trailers = HttpFields.build();
        }
        trailers.add(field);
    }

    @Override
    public boolean messageComplete() {
        complete = true;
        return true;
    }

    @Override
    public void earlyEOF() {
        if (parser.isAtEOF()) {
            broken(ProxyError.CONNECTION_TERMINATED, "the upstream closed the connection", null);
        } else {
            broken(ProxyError.PROTOCOL_ERROR, "the upstream's body is malformed", null);
        }
    }

    @Override
    public void badMessage(HttpException failure) {
        String reason = String.valueOf(failure.getReason());
        if (reason.startsWith("Early EOF")) {
            broken(ProxyError.CONNECTION_TERMINATED, "the upstream closed the connection", null);
        } else if (reason.startsWith("Response Header Bytes Too Large")) {
            broken(ProxyError.RESPONSE_HEAD_TOO_LARGE, "the upstream's head is larger than allowed", null);
        } else {
            broken(ProxyError.PROTOCOL_ERROR, "the upstream's answer is not HTTP: " + reason, null);
        }
    }

    // ---- helpers, in call order ----

    /** Whether nothing has come since the last response: no end, and no byte that nobody asked for. */
    private boolean isSilent() {
        return fill() == 0 && problem == null;
    }

    private void parse() {
        RetainableByteBuffer.Mutable source = buffer;
        parser.parseNext(source == null ? BufferUtil.EMPTY_BUFFER : source.getByteBuffer());
    }

    private boolean hasRemaining() {
        return buffer != null && buffer.hasRemaining();
    }

    /** Bytes that came: 0 for none now; −1 at the end, of which the parser has been told. */
    private int fill() {
        RetainableByteBuffer.Mutable target = buffer;
        if (target != null && target.isRetained()) {
            releaseBuffer(); // a piece of it is still on its way to the client
            target = null;
        }
        if (target == null) {
            target = buffers.acquire(BUFFER_SIZE, true);
            buffer = target;
        } else {
            BufferUtil.clear(target.getByteBuffer());
        }
        int filled;
        try {
            filled = getEndPoint().fill(target.getByteBuffer());
        } catch (IOException e) {
            broken(ProxyError.CONNECTION_TERMINATED, "the connection broke: " + e.getMessage(), e);
            filled = -1;
        }
        if (filled <= 0) {
            releaseBuffer();
        } else {
            received = true;
        }
        if (filled < 0) {
            parser.atEOF();
            parser.parseNext(BufferUtil.EMPTY_BUFFER);
            if (!complete && problem == null) {
                earlyEOF();
            }
        }
        return filled;
    }

    private void broken(ProxyError error, String detail, @Nullable Throwable cause) {
        if (problem == null && !complete) {
            problem = new Problem(error, detail, cause);
        }
        persistent = false;
    }

    private void listen() {
        if (!interested && !closed) {
            interested = true;
            getEndPoint().fillInterested(fillable);
        }
    }

    private void releaseBuffer() {
        RetainableByteBuffer.Mutable released = buffer;
        buffer = null;
        if (released != null) {
            released.release();
        }
    }

    private void readable(@Nullable Throwable failure) {
        Http1Call current;
        synchronized (this) {
            interested = false;
            current = call;
            if (failure != null) {
                broken(ProxyError.CONNECTION_TERMINATED, "the connection broke: " + failure.getMessage(), failure);
            }
            if (current == null) {
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
