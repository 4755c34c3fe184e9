package io.weir.jetty.body;

import io.weir.http.ProxyError;
import java.io.IOException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.IteratingCallback;
import org.jspecify.annotations.Nullable;

/**
 * Reads a request's body into a {@link WholeBody} until it is all there, or the file fails: then the body goes on from where
 * it is. The file is written on the executor.
 */
final class BodyCollector extends IteratingCallback {
    private final RequestBody body;
    private final WholeBody whole;
    private final Executor executor;
    private final Consumer<IOException> onDiskTrouble;
    private final Consumer<@Nullable Throwable> then;
    private Content.@Nullable Chunk chunk;
    private @Nullable Throwable failure;
    private volatile boolean diskFailed;

    /**
     * @param then runs in the end, unless the body is closed before; is given what went wrong with the client's body
     */
    BodyCollector(
            RequestBody body,
            WholeBody whole,
            Executor executor,
            Consumer<IOException> onDiskTrouble,
            Consumer<@Nullable Throwable> then) {
        this.body = body;
        this.whole = whole;
        this.executor = executor;
        this.onDiskTrouble = onDiskTrouble;
        this.then = then;
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    @Override
    protected Action process() {
        while (!body.isClosed()) {
            if (chunk == null) {
                chunk = body.fromClient();
            }
            Content.Chunk current = chunk;
            if (current == null) {
                body.await(this::iterate);
                return Action.IDLE;
            }
            if (Content.Chunk.isFailure(current)) {
                failure = current.getFailure();
                return Action.SUCCEEDED;
            }
            if (!whole.fill(current.getByteBuffer())) {
                run(this::write);
                return Action.SCHEDULED;
            }
            releaseChunk();
            if (current.isLast()) {
                whole.complete(current);
                return Action.SUCCEEDED;
            }
            if (diskFailed) {
                return Action.SUCCEEDED;
            }
        }
        return Action.SUCCEEDED;
    }

    private void write() {
        try {
            whole.write();
        } catch (IOException e) {
            diskFailed = true;
            onDiskTrouble.accept(e);
        } catch (RuntimeException | Error e) {
            failed(e); // or the exchange would wait for ever
            throw e;
        }
        succeeded();
    }

    @Override
    protected void onCompleteSuccess() {
        releaseChunk();
        if (!body.isClosed()) {
            then.accept(failure);
        }
    }

    @Override
    protected void onCompleteFailure(Throwable cause) {
        releaseChunk();
        then.accept(new RequestBody.Refused(ProxyError.INTERNAL_ERROR, "collecting the request body failed: " + cause));
    }

    private void releaseChunk() {
        Content.Chunk released = chunk;
        chunk = null;
        if (released != null) {
            released.release();
        }
    }

    private void run(Runnable task) {
        try {
            executor.execute(task);
        } catch (RejectedExecutionException e) {
            task.run(); // the server is stopping, and this has to be done by somebody
        }
    }
}
