package io.weir.jetty.body;

import io.weir.body.BodyException;
import io.weir.body.Buffering;
import io.weir.http.ProxyError;
import io.weir.jetty.server.Clock;
import io.weir.upstream.MinimumRate;
import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpException;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.server.Components;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;

/**
 * A client's request body, counted: it is neither longer nor shorter than it said, and not longer than allowed. HTTP/1.1's
 * parser sees to the former by itself; an HTTP/2 client could say one length and send another, and the upstream would take
 * what is left over for the next request.
 *
 * <p>One attempt reads it at a time. What was read is kept in a {@link ReplayBuffer}, within its capacity, so that the next
 * attempt can read it from the start and then goes on with the client's. One that was {@linkplain #collect collected} is
 * in a {@link WholeBody} instead, all of it.
 */
public final class RequestBody implements Content.Source {
    /** A body that may not go on, and the error to answer. */
    public static final class Refused extends IOException {
        private static final long serialVersionUID = 1L;
        private final ProxyError error;

        Refused(ProxyError error, String message) {
            super(message);
            this.error = error;
        }

        /** The error. */
        public ProxyError error() {
            return error;
        }
    }

    /** Null where there is no client. */
    private final @Nullable Request request;

    private final long length;
    private final boolean chunked;
    private final long limit;
    private final Clock clock;
    private final Duration patience;
    private final @Nullable PacedClock paced;
    private volatile long taken;
    private volatile boolean asked;
    private volatile boolean ended;
    private @Nullable Refused refused;
    private volatile @Nullable ReplayBuffer replay;
    private volatile @Nullable WholeBody whole;
    private volatile boolean closed;

    /** What had come when the request did; whoever is first takes it. */
    private final AtomicReference<Content.@Nullable Chunk> first = new AtomicReference<>();

    /** Who waits for the next chunk: whoever reads now, and perhaps one who gave up and does nothing when woken. */
    private final AtomicReference<@Nullable Runnable> waiting = new AtomicReference<>();

    /** Who asked while the body was pinned. */
    private final AtomicReference<@Nullable Runnable> postponed = new AtomicReference<>();

    private final Runnable arrived = new Invocable.Task() {
        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }

        @Override
        public void run() {
            if (paced == null) {
                clock.stop();
            } else {
                paced.stop();
            }
            Runnable woken = waiting.getAndSet(null);
            if (woken != null) {
                woken.run();
            }
        }
    };

    /**
     * @param limit most bytes that may come
     * @param clock runs while the client is waited for
     * @param patience how long it runs
     * @param rate how fast the client has to send; null for any rate
     */
    public RequestBody(Request request, long limit, Clock clock, Duration patience, @Nullable MinimumRate rate) {
        this.request = request;
        this.limit = limit;
        this.clock = clock;
        this.patience = patience;
        paced = rate == null ? null : new PacedClock(clock, rate);
        length = request.getLength();
        chunked = length < 0 && hasBodyOfUnknownLength(request);
        ended = length == 0 || (length < 0 && !chunked);
    }

    private RequestBody(Clock clock) {
        request = null;
        limit = 0;
        this.clock = clock;
        patience = Duration.ZERO;
        paced = null;
        length = -1;
        chunked = false;
        ended = true;
    }

    /** That of a request which has no client and no body. */
    public static RequestBody none(Clock clock) {
        return new RequestBody(clock);
    }

    /** How long it is, because the client said so, or because it is all here and no trailers follow; −1: not known. */
    public long length() {
        WholeBody collected = whole;
        if (length >= 0 || collected == null) {
            return length;
        }
        return collected.isComplete() && !collected.hasTrailers() ? collected.length() : -1;
    }

    /** Bytes that have come so far. */
    public long taken() {
        return taken;
    }

    /** Whether the request has a body of which the length is not known. */
    public boolean isChunked() {
        return chunked && length() < 0;
    }

    /** Whether the request has a body, even one of no bytes. */
    public boolean isPresent() {
        return length >= 0 || chunked;
    }

    /** Whether the client has been asked for it, if only by being told to continue, or has sent some unasked. */
    public boolean isAsked() {
        return asked;
    }

    /** Whether nothing more will come. */
    public boolean hasEnded() {
        return ended;
    }

    /**
     * Reads it whole, before anybody else reads it; where there is no room, as much as there was.
     *
     * @param onDiskTrouble hears, at most once, why there was no room
     * @param then runs in the end, unless this is closed before; is given what is wrong with the body, or null
     */
    public void collect(
            Buffering buffering,
            TempFiles files,
            Consumer<IOException> onDiskTrouble,
            Consumer<@Nullable Throwable> then) {
        Components components = client().getComponents();
        Executor executor = components.getExecutor();
        WholeBody collected = new WholeBody(components.getByteBufferPool(), executor, buffering, files);
        synchronized (this) {
            if (closed) {
                return;
            }
            whole = collected;
        }
        new BodyCollector(this, collected, executor, onDiskTrouble, then).iterate();
    }

    // ---- more than one reader, one after the other ----

    /** From now on keeps what is read, up to that many bytes. One that was collected is kept anyway. */
    public synchronized void keep(int bytes) {
        if (whole != null) {
            return;
        }
        replay = new ReplayBuffer(client().getComponents().getByteBufferPool(), closed ? 0 : bytes);
    }

    /** Whether bytes were taken that are kept nowhere, so that nobody else can read the whole body. */
    public boolean isLost() {
        WholeBody collected = whole;
        if (collected != null) {
            return taken > collected.length();
        }
        ReplayBuffer keeping = replay;
        return keeping == null ? taken > 0 : keeping.isLost();
    }

    /** As {@link #isLost}; it stays so, for nothing is read from the client, until {@link #restart} or {@link #goOn}. */
    public boolean pin() {
        WholeBody collected = whole;
        if (collected != null) {
            return !collected.isComplete(); // then more of it may be taken at any time
        }
        ReplayBuffer keeping = replay;
        return keeping == null ? taken > 0 : keeping.pin();
    }

    /** The next reader begins at the start. The one before has stopped. */
    public void restart() {
        WholeBody collected = whole;
        if (collected != null) {
            collected.rewind();
        }
        ReplayBuffer keeping = replay;
        if (keeping != null) {
            keeping.rewind();
            postponed.set(null);
            keeping.unpin();
        }
    }

    /** There will be no next reader: the present one goes on. */
    public void goOn() {
        WholeBody collected = whole;
        if (collected != null) {
            collected.settle();
        }
        ReplayBuffer keeping = replay;
        if (keeping != null) {
            keeping.settle();
            keeping.unpin();
            runPostponed();
        }
    }

    @Override
    public Content.@Nullable Chunk read() {
        Refused before = refused;
        if (before != null) {
            return Content.Chunk.from(before);
        }
        WholeBody collected = whole;
        if (collected != null) {
            Content.Chunk chunk = collected.read();
            if (chunk != null || !collected.isExhausted()) {
                return chunk;
            }
        }
        ReplayBuffer keeping = replay;
        if (keeping != null) {
            Content.Chunk again = keeping.read();
            if (again != null || keeping.isPinned()) {
                return again;
            }
        }
        Content.Chunk chunk = fromClient();
        if (keeping != null && chunk != null && !Content.Chunk.isFailure(chunk)) {
            keeping.keep(chunk);
        }
        return chunk;
    }

    /** The client's next chunk, counted. */
    Content.@Nullable Chunk fromClient() {
        Content.Chunk chunk = take();
        if (chunk == null || Content.Chunk.isFailure(chunk)) {
            return chunk;
        }
        Refused found = check();
        if (found == null) {
            return chunk;
        }
        chunk.release();
        refused = found;
        return Content.Chunk.from(found);
    }

    @Override
    public void demand(Runnable callback) {
        WholeBody collected = whole;
        if (collected != null && !collected.isExhausted()) {
            collected.demand(callback);
            return;
        }
        ReplayBuffer keeping = replay;
        if (keeping != null && keeping.isPinned()) {
            postponed.set(callback);
            if (!keeping.isPinned()) {
                runPostponed(); // it went on meanwhile
            }
            return;
        }
        await(callback);
    }

    private void runPostponed() {
        Runnable callback = postponed.getAndSet(null);
        if (callback != null) {
            callback.run();
        }
    }

    /** Asks the client for more. */
    void await(Runnable callback) {
        asked = true;
        if (paced == null) {
            clock.start(patience);
        } else {
            paced.start(patience, taken);
        }
        Runnable before = waiting.getAndUpdate(present -> present == null
                ? callback
                : () -> {
                    present.run();
                    callback.run();
                });
        if (before == null) {
            client().demand(arrived);
        }
    }

    /**
     * Throws away what still comes, from now on and whoever else was reading, however much it is; then, when the client has
     * sent all or has broken off, runs {@code whenEnded}.
     */
    public void drain(Runnable whenEnded) {
        while (true) {
            Content.Chunk chunk = take();
            if (chunk == null) {
                await(() -> drain(whenEnded));
                return;
            }
            chunk.release();
            if (chunk.isLast()) {
                ended = true;
                whenEnded.run();
                return;
            }
        }
    }

    /** Nobody will read any more. */
    public synchronized void close() {
        closed = true;
        Content.Chunk unread = first.getAndSet(null);
        if (unread != null) {
            unread.release();
        }
        ReplayBuffer keeping = replay;
        if (keeping != null) {
            keeping.close();
        }
        WholeBody collected = whole;
        if (collected != null) {
            collected.close();
        }
    }

    boolean isClosed() {
        return closed;
    }

    @Override
    public void fail(Throwable failure) {
        if (request != null) {
            request.fail(failure);
        }
    }

    private Request client() {
        return Objects.requireNonNull(request, "there is no client to read from");
    }

    /** What a failed read means. */
    public static ProxyError errorOf(Throwable failure) {
        if (failure instanceof Refused refused) {
            return refused.error();
        }
        if (failure instanceof BodyException transforming) {
            return transforming.error();
        }
        if (failure instanceof EofException) {
            return ProxyError.CLIENT_GONE;
        }
        return failure instanceof HttpException ? ProxyError.BAD_REQUEST : ProxyError.CLIENT_GONE;
    }

    private Content.@Nullable Chunk take() {
        Content.Chunk chunk = first.getAndSet(null);
        if (chunk == null) {
            chunk = ended ? Content.Chunk.EOF : client().read();
        }
        if (chunk != null && !Content.Chunk.isFailure(chunk)) {
            taken += chunk.remaining();
            ended = chunk.isLast();
            asked |= chunk.hasRemaining();
        }
        return isMalformed(chunk)
                ? Content.Chunk.from(new Refused(ProxyError.BAD_REQUEST, "the request body is malformed"))
                : chunk;
    }

    /** Jetty's HTTP/1.1 calls a malformed chunk an early end; but then the client has not ended. */
    private boolean isMalformed(Content.@Nullable Chunk chunk) {
        return chunk != null
                && chunk.getFailure() instanceof EofException
                && chunked
                && client().getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_1
                && !client().getConnectionMetaData()
                        .getConnection()
                        .getEndPoint()
                        .isInputShutdown();
    }

    private @Nullable Refused check() {
        if (taken > limit) {
            return new Refused(ProxyError.BODY_TOO_LARGE, "the request body is longer than " + limit + " bytes");
        }
        if (length >= 0 && (taken > length || (ended && taken < length))) {
            return new Refused(ProxyError.BAD_REQUEST, "the request body has not the length that it said: " + length);
        }
        return null;
    }

    /** HTTP/1.1 says so by a field; HTTP/2 by not ending the stream with the head. */
    private boolean hasBodyOfUnknownLength(Request request) {
        if (request.getConnectionMetaData().getHttpVersion().getVersion() < HttpVersion.HTTP_2.getVersion()) {
            for (HttpField field : request.getHeaders()) {
                if (field.getHeader() == HttpHeader.TRANSFER_ENCODING) {
                    return true;
                }
            }
            return false;
        }
        if (request.getTunnelSupport() != null) {
            return false; // CONNECT: Jetty keeps the stream's bytes for a tunnel, and would have us ask for ever
        }
        Content.Chunk chunk = request.read();
        if (chunk == null) {
            return true;
        }
        boolean endsWithHead = chunk.isLast()
                && !chunk.hasRemaining()
                && !(chunk instanceof Trailers)
                && !Content.Chunk.isFailure(chunk);
        if (!endsWithHead) {
            asked = true;
            first.set(chunk);
        }
        return !endsWithHead;
    }
}
