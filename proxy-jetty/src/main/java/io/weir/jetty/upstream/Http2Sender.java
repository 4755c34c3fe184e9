package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.jetty.body.RequestBody;
import io.weir.jetty.server.Clock;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.frames.DataFrame;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.IteratingCallback;
import org.jspecify.annotations.Nullable;

/** Writes a request's body on its stream, one chunk at a time, as the upstream's window allows. */
final class Http2Sender extends IteratingCallback {
    private final Http2Call call;
    private final RequestBody body;
    private final Stream stream;
    private final Clock clock;
    private final UpstreamRequest attempt;

    /** Held while the body is read or asked for, so that who stops it knows what was taken. */
    private final Object taking = new Object();

    private boolean stopped;
    private Content.@Nullable Chunk chunk;
    private volatile boolean last;
    private volatile boolean holdsBodyBack;

    Http2Sender(Http2Call call, Stream stream, RequestBody body, Clock clock) {
        this.call = call;
        this.body = body;
        this.stream = stream;
        this.clock = clock;
        attempt = call.attempt();
        holdsBodyBack = !body.hasEnded() && attempt.headers().containsToken("Expect", "100-continue");
    }

    /** The upstream wants the body, or has had time enough to say so. */
    void continueBody() {
        holdsBodyBack = false;
        iterate();
    }

    /** From here on nothing more is taken from the client: whether the body has been touched is settled. */
    void stopTaking() {
        synchronized (taking) {
            stopped = true;
        }
    }

    void giveUp(Throwable cause) {
        stopTaking();
        abort(cause);
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
        if (holdsBodyBack) {
            return Action.IDLE;
        }
        Content.Chunk next;
        synchronized (taking) {
            if (stopped) {
                return Action.IDLE; // and is aborted
            }
            next = body.read();
            if (next == null) {
                body.demand(this::iterate);
                return Action.IDLE;
            }
        }
        if (Content.Chunk.isFailure(next)) {
            call.requestFailed(next.getFailure());
            return Action.SUCCEEDED;
        }
        chunk = next;
        last = next.isLast();
        clock.start(attempt.timeouts().send());
        if (next instanceof Trailers with) {
            stream.headers(new HeadersFrame(stream.getId(), trailers(with.getTrailers()), null, true), this);
        } else {
            stream.data(new DataFrame(stream.getId(), next.getByteBuffer(), last), this);
        }
        return Action.SCHEDULED;
    }

    private static MetaData trailers(HttpFields fields) {
        HttpFields.Mutable kept = HttpFields.build();
        fields.forEach(field -> {
            if (TrailerFields.mayHold(field.getName())) {
                kept.add(field);
            }
        });
        return new MetaData(HttpVersion.HTTP_2, kept);
    }

    @Override
    protected void onSuccess() {
        clock.stop();
        releaseChunk();
    }

    @Override
    protected void onCompleteSuccess() {
        if (last) {
            call.requestSent();
        }
    }

    @Override
    protected void onCompleteFailure(Throwable cause) {
        clock.stop();
        releaseChunk();
        call.sendFailed(cause);
    }

    private void releaseChunk() {
        Content.Chunk released = chunk;
        chunk = null;
        if (released != null) {
            released.release();
        }
    }
}
