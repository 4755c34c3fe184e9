package io.weir.jetty.body;

import io.weir.body.BodyException;
import io.weir.jetty.server.Clock;
import io.weir.jetty.server.PendingWrite;
import io.weir.jetty.server.SharedSelector;
import io.weir.upstream.MinimumRate;
import java.time.Duration;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.IteratingCallback;
import org.jspecify.annotations.Nullable;

/**
 * Moves a response's body from the upstream to the client: one chunk at a time, each written as it comes. The next one is
 * read when the client has taken the last, so a slow client holds the upstream back. The head leaves with the first chunk,
 * or at once if there is none yet, or if there never is to be one: Jetty would add a {@code Content-Length: 0} to a head
 * that leaves together with the end, which is not true of what HEAD and 304 speak of, and forbidden in a 204.
 */
public final class ResponsePump extends IteratingCallback {
    /** Is told how it ends: one of the four, once. */
    public interface Listener {
        /** The upstream's last byte has been read; the client does not have it yet. */
        void upstreamDone();

        /** The client has taken all. */
        void delivered();

        /** The upstream's body broke. */
        void upstreamBroke(Throwable cause);

        /**
         * A transformer of the body failed.
         *
         * @param nothingSent whether the client has got nothing, not even the head
         */
        void transformerFailed(BodyException cause, boolean nothingSent);

        /** The client took no more. */
        void clientBroke(Throwable cause);
    }

    private final Content.Source source;
    private final Response response;
    private final Listener listener;
    private final Clock clock;
    private final Duration patience;
    private final @Nullable PacedClock paced;
    private Content.@Nullable Chunk chunk;
    private @Nullable HttpFields trailers;
    private boolean begun;
    private boolean last;
    private boolean sourceBroke;
    private final PendingWrite write = new PendingWrite(this);
    private volatile long written;

    /**
     * @param clock runs while the client takes a chunk; its owner hears of its end
     * @param patience how long it runs
     * @param rate how fast the client has to take it; null for any rate
     */
    public ResponsePump(
            Content.Source source,
            Response response,
            Listener listener,
            Clock clock,
            Duration patience,
            @Nullable MinimumRate rate) {
        this.source = source;
        this.response = response;
        this.listener = listener;
        this.clock = clock;
        this.patience = patience;
        paced = rate == null ? null : new PacedClock(clock, rate);
    }

    /** Bytes that were given to the client's connection. */
    public long written() {
        return written;
    }

    /** The trailers that came; to be asked when the last chunk is written. */
    public @Nullable HttpFields trailers() {
        return trailers;
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    @Override
    protected Action process() {
        if (last) {
            return Action.SUCCEEDED;
        }
        Content.Chunk next = begun || mayHaveBody() || saysLength() ? source.read() : null;
        boolean broken = Content.Chunk.isFailure(next);
        if (next != null && next.getFailure() instanceof BodyException failure) {
            sourceBroke = true;
            last = true;
            listener.transformerFailed(failure, !begun);
            return Action.SUCCEEDED;
        }
        if (!begun && (next == null || broken)) {
            begun = true;
            write(false, null); // a body that is broken already is read as broken again, once the client has the head
            return Action.SCHEDULED;
        }
        if (next == null) {
            source.demand(this::iterate);
            return Action.IDLE;
        }
        if (broken) {
            sourceBroke = true;
            listener.upstreamBroke(next.getFailure());
            last = true;
            return Action.SUCCEEDED;
        }
        begun = true;
        chunk = next;
        if (next.isLast()) {
            last = true;
            if (next instanceof Trailers with) {
                trailers = with.getTrailers();
            }
            listener.upstreamDone();
        }
        SharedSelector.atEndOfTurn(this::writeChunk);
        return Action.SCHEDULED;
    }

    private void writeChunk() {
        if (isAborted()) {
            succeeded(); // Jetty's part of the exchange has ended meanwhile
            return;
        }
        try {
            write(last, chunk);
        } catch (RuntimeException e) {
            failed(e); // as if process() had thrown it
        }
    }

    @Override
    protected void onSuccess() {
        releaseChunk();
        stopClock();
    }

    @Override
    protected void onCompleteSuccess() {
        if (!sourceBroke) {
            listener.delivered();
        }
    }

    @Override
    protected void onCompleteFailure(Throwable cause) {
        releaseChunk();
        stopClock();
        source.fail(cause);
        listener.clientBroke(cause);
    }

    private boolean mayHaveBody() {
        int status = response.getStatus();
        return status != 204
                && status != 304
                && !HttpMethod.HEAD.is(response.getRequest().getMethod());
    }

    /** With a length said, Jetty makes none up for a head that is all there is. */
    private boolean saysLength() {
        return response.getHeaders().contains(HttpHeader.CONTENT_LENGTH);
    }

    private void write(boolean isLast, Content.@Nullable Chunk next) {
        if (next != null) {
            written += next.remaining();
        }
        response.write(isLast, next == null ? BufferUtil.EMPTY_BUFFER : next.getByteBuffer(), write.begin());
        if (write.isPending()) {
            startClock();
            if (!write.isPending()) {
                stopClock(); // the client took it meanwhile
            }
        }
    }

    private void startClock() {
        if (paced == null) {
            clock.start(patience);
        } else {
            paced.start(patience, written);
        }
    }

    private void stopClock() {
        if (paced == null) {
            clock.stop();
        } else {
            paced.stop();
        }
    }

    private void releaseChunk() {
        Content.Chunk released = chunk;
        chunk = null;
        if (released != null) {
            released.release();
        }
    }
}
