package io.weir.body;

import io.weir.http.Headers;
import io.weir.http.ProxyError;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The transformers of one message at work: the engine offers chunks, and takes what comes of them. They are called by one
 * thread at a time, and closed once, whoever closes this first; after that there is nothing more to take.
 */
public final class BodyChain {
    private final List<BodyTransformer> transformers;
    private final Pipeline pipeline;
    private final boolean keepsBytes;
    private final ProxyError onFailure;
    private final Consumer<Throwable> mistakes;
    private @Nullable BodyException failure;
    private boolean closed;

    /**
     * Puts transformers in a row.
     *
     * @param transformers in the order in which they see the body; at least one
     * @param onFailure what their failures are where they don't say it
     * @param mistakes hears of exceptions that speak of a mistake in one, rather than of the body
     */
    public BodyChain(List<BodyTransformer> transformers, ProxyError onFailure, Consumer<Throwable> mistakes) {
        this.transformers = List.copyOf(transformers);
        this.onFailure = onFailure;
        this.mistakes = mistakes;
        pipeline = new Pipeline(this.transformers);
        keepsBytes = this.transformers.stream().allMatch(BodyTransformer::keepsBytes);
    }

    /** One that fails when it is first asked: its transformers could not be made. */
    public static BodyChain failing(BodyException failure) {
        BodyChain chain = new BodyChain(
                List.of((chunk, last, out) -> {
                    throw failure;
                }),
                failure.error(),
                mistake -> {});
        chain.failure = failure;
        return chain;
    }

    /** A message's fields as they go on with this body; those that speak of exact bytes are as they were. */
    public synchronized Headers fields(Headers fields) {
        Headers changed = fields;
        try {
            for (BodyTransformer transformer : transformers) {
                changed = transformer.fields(changed);
            }
        } catch (RuntimeException e) {
            mistaken(e);
        }
        return changed;
    }

    /** Whether what comes out is byte for byte what goes in. */
    public boolean keepsBytes() {
        return keepsBytes;
    }

    /** Takes a chunk, to be left alone until {@link #next} says null; only when it has said so before. */
    public synchronized void offer(ByteBuffer chunk, boolean last) {
        if (!closed) {
            pipeline.offer(chunk, last);
        }
    }

    /** There is no chunk for now; to be followed by {@link #next}. */
    public synchronized void pause() {
        pipeline.pause();
    }

    /**
     * The next bytes, perhaps a part of the chunk itself; null if there are none without another chunk, or none any more.
     *
     * @throws BodyException if a transformer failed, now or before
     */
    public synchronized @Nullable ByteBuffer next() throws BodyException {
        if (failure != null) {
            throw failure;
        }
        if (closed) {
            return null;
        }
        try {
            return pipeline.next();
        } catch (BodyException e) {
            throw fail(e);
        } catch (IOException e) {
            throw fail(new BodyException(onFailure, String.valueOf(e.getMessage()), e));
        } catch (RuntimeException | Error e) {
            throw mistaken(e);
        }
    }

    /** Whether all is out, the end included. */
    public synchronized boolean isDone() {
        return pipeline.isDone();
    }

    /** Whether it was closed. */
    public synchronized boolean isClosed() {
        return closed;
    }

    private BodyException mistaken(Throwable mistake) {
        mistakes.accept(mistake);
        return fail(new BodyException(onFailure, "a transformer failed: " + mistake, mistake));
    }

    private BodyException fail(BodyException cause) {
        failure = cause;
        return cause;
    }

    /** Closes the transformers, unless that has been done. Waits for one that is at work. */
    public synchronized void close() {
        if (closed) {
            return;
        }
        closed = true;
        for (BodyTransformer transformer : transformers) {
            try {
                transformer.close();
            } catch (RuntimeException e) {
                mistakes.accept(e);
            }
        }
    }
}
