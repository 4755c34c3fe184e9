package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
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
    private final BodyIntake intake;
    private final Stream stream;
    private final Clock clock;
    private final UpstreamRequest attempt;

    private Content.@Nullable Chunk chunk;
    private volatile boolean last;

    Http2Sender(Http2Call call, Stream stream, BodyIntake intake, Clock clock) {
        this.call = call;
        this.intake = intake;
        this.stream = stream;
        this.clock = clock;
        attempt = call.attempt();
    }

    void giveUp(Throwable cause) {
        intake.stop();
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
        Content.Chunk next = intake.isHeldBack() ? null : intake.read(this);
        if (next == null) {
            return Action.IDLE; // if it was stopped, it is aborted
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
