package io.weir.jetty.body;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.jspecify.annotations.Nullable;

/** A body whose chunks come when the test says so, in buffers of the pool. Reading while a demand is open is a mistake. */
final class ScriptedBody implements Content.Source {
    private final ByteBufferPool pool;
    private final Deque<Content.Chunk> arrived = new ArrayDeque<>();
    private @Nullable Runnable demand;

    @Nullable
    Throwable failed;

    long taken;

    ScriptedBody(ByteBufferPool pool) {
        this.pool = pool;
    }

    void arrive(byte[] bytes, boolean last) {
        RetainableByteBuffer owner = pool.acquire(Math.max(1, bytes.length), true);
        ByteBuffer buffer = owner.getByteBuffer().clear();
        buffer.put(bytes).flip();
        arrive(Content.Chunk.asChunk(buffer.slice(), last, owner));
    }

    void arrive(Content.Chunk chunk) {
        arrived.add(chunk);
        Runnable told = demand;
        demand = null;
        if (told != null) {
            told.run();
        }
    }

    boolean isDemanded() {
        return demand != null;
    }

    @Override
    public Content.@Nullable Chunk read() {
        if (demand != null) {
            throw new AssertionError("read though a demand is open");
        }
        if (failed != null) {
            return Content.Chunk.from(failed, true);
        }
        Content.Chunk next = arrived.poll();
        if (next != null) {
            taken += next.remaining();
        }
        return next;
    }

    @Override
    public void demand(Runnable callback) {
        if (demand != null) {
            throw new AssertionError("demanded twice");
        }
        if (arrived.isEmpty() && failed == null) {
            demand = callback;
        } else {
            callback.run();
        }
    }

    @Override
    public void fail(Throwable failure) {
        failed = failure;
        arrived.forEach(Content.Chunk::release);
        arrived.clear();
    }
}
