package io.weir.jetty.body;

import io.weir.body.BodyChain;
import io.weir.body.BodyException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.Content;
import org.jspecify.annotations.Nullable;

/**
 * A body on its way through transformers. A chunk of the source is read when all that came of the one before has been handed
 * out, and kept until then, since parts of it may be handed out as they are. When the source has nothing for now, what the
 * transformers hold back for better work is handed out, too. Trailers stay at the end.
 *
 * <p>A transformer's failure is the reader's, who sees to the source as well.
 *
 * <p>Once the chain or this is closed nothing comes any more, not even a failure: who closed it has other news for the reader.
 */
public final class TransformedSource implements Content.Source {
    private final Content.Source source;
    private final BodyChain chain;

    // Guarded by this. The source is read under it, and calls nobody back meanwhile.
    private Content.@Nullable Chunk input;
    private Content.@Nullable Chunk end;
    private Content.@Nullable Chunk failure;
    /** How the source broke; the reader gets first what had come before. */
    private Content.@Nullable Chunk broken;

    private boolean paused = true;

    /** A source with that chain before it. */
    public TransformedSource(Content.Source source, BodyChain chain) {
        this.source = source;
        this.chain = chain;
    }

    /** That source, behind the chain if there is one. */
    public static Content.Source of(Content.Source source, @Nullable BodyChain chain) {
        return chain == null ? source : new TransformedSource(source, chain);
    }

    @Override
    public synchronized Content.@Nullable Chunk read() {
        if (failure != null) {
            return failure;
        }
        try {
            return readOn();
        } catch (BodyException e) {
            close();
            failure = Content.Chunk.from(e, true);
            return failure;
        }
    }

    private Content.@Nullable Chunk readOn() throws BodyException {
        while (end == null) {
            ByteBuffer bytes = chain.next();
            if (bytes != null) {
                return chunk(bytes);
            }
            if (chain.isClosed()) {
                releaseInput();
                return null;
            }
            if (chain.isDone()) {
                finish(input instanceof Trailers ? input : Content.Chunk.EOF);
                break;
            }
            if (!feed()) {
                return failure;
            }
        }
        return end;
    }

    /** Has the chain work on the next chunk, or on what it holds back; false if there is nothing to work on. */
    private boolean feed() {
        releaseInput();
        Content.Chunk next = broken == null ? source.read() : broken;
        if (next != null && !Content.Chunk.isFailure(next)) {
            paused = false;
            input = next;
            chain.offer(next.getByteBuffer(), next.isLast());
            return true;
        }
        if (!paused) {
            paused = true;
            broken = next;
            chain.pause();
            return true;
        }
        if (next != null) {
            chain.close();
            failure = next;
        }
        return false;
    }

    /** The bytes may be part of the input. The last ones say so, unless trailers are to follow. */
    private Content.Chunk chunk(ByteBuffer bytes) {
        Content.Chunk from = input;
        boolean last = chain.isDone() && !(from instanceof Trailers);
        Content.Chunk chunk;
        if (from != null && from.canRetain()) {
            from.retain();
            chunk = Content.Chunk.asChunk(bytes, last, from);
        } else {
            chunk = Content.Chunk.from(bytes, last);
        }
        if (last) {
            finish(Content.Chunk.EOF);
        }
        return chunk;
    }

    private void finish(Content.Chunk with) {
        end = with;
        if (with == input) {
            input = null; // it goes to the reader
        }
        close();
    }

    @Override
    public void demand(Runnable callback) {
        source.demand(callback);
    }

    @Override
    public void fail(Throwable cause) {
        close();
        source.fail(cause);
    }

    /** Nobody reads any more: lets go of what is held. */
    public synchronized void close() {
        chain.close();
        releaseInput();
    }

    private void releaseInput() {
        Content.Chunk released = input;
        input = null;
        if (released != null) {
            released.release();
        }
    }
}
