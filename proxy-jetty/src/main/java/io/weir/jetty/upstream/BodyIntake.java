package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.body.BodyChain;
import io.weir.jetty.body.RequestBody;
import io.weir.jetty.body.TransformedSource;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.IteratingCallback;
import org.jspecify.annotations.Nullable;

/**
 * What one attempt takes of the client's body. It may be held back until the upstream has said {@code 100 Continue}, or has
 * had time enough to say so, be there a connection by then or not. An attempt that fails takes nothing more: whether the
 * body has been touched is settled then.
 */
final class BodyIntake {
    private final RequestBody body;
    /** What the body passes through; null: nothing. */
    private final @Nullable TransformedSource transformed;

    private final boolean keepsLength;
    private volatile boolean heldBack;
    private volatile boolean stopped;

    BodyIntake(UpstreamRequest attempt, RequestBody body) {
        this.body = body;
        BodyChain chain = attempt.bodyChain();
        transformed = chain == null ? null : new TransformedSource(body, chain);
        keepsLength = chain == null || chain.keepsBytes();
        heldBack = body.isPresent() && !body.hasEnded() && attempt.headers().containsToken("Expect", "100-continue");
    }

    /** Bytes that the upstream gets; −1 if that is not known. */
    long length() {
        return keepsLength ? body.length() : -1;
    }

    /** Whether there is a body of which the length is not known. */
    boolean isChunked() {
        return keepsLength ? body.isChunked() : body.isPresent();
    }

    /** Whether it waits to be {@linkplain #release released}. */
    boolean isHeldBack() {
        return heldBack;
    }

    /** It may be taken from now on. */
    void release() {
        heldBack = false;
    }

    /** Nothing more is taken from the client. */
    synchronized void stop() {
        stopped = true;
        if (transformed != null) {
            transformed.close();
        }
    }

    boolean isStopped() {
        return stopped;
    }

    /**
     * The next chunk; null if there is none now, or no more is taken.
     *
     * @param awaiting is iterated when there is one; null if it is not to be asked for
     */
    synchronized Content.@Nullable Chunk read(@Nullable IteratingCallback awaiting) {
        if (stopped) {
            return null;
        }
        Content.Chunk next = transformed == null ? body.read() : transformed.read();
        if (next == null && awaiting != null) {
            body.demand(awaiting::iterate);
        }
        return next;
    }
}
