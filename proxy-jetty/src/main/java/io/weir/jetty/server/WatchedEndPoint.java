package io.weir.jetty.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A client's end point that can tell when the client leaves while its HTTP/1 request is being answered.
 *
 * <p>Jetty asks a socket for readable events only when it wants to read, so that a client which leaves during a request
 * goes unnoticed until a write fails. A watch asks in between. What the socket then has to say is either an end (a FIN,
 * which counts as leaving as it does in nginx, or a reset) or bytes: the rest of a request body, or the next requests of
 * a client that pipelines. The bytes are kept, up to {@value #PEEK_LIMIT} of them, and are what the connection reads
 * next; beyond that nothing is read ahead, TCP holds the client back, and an end behind those bytes is seen only once
 * the connection has read on.
 *
 * <pre>
 *   selector ── readable ──▶ does the connection wait for bytes?
 *                              yes ──▶ the connection fills, from the peeked bytes first
 *                              no  ──▶ watched? peek ──▶ bytes: keep them, watch on
 *                                                    └─▶ end:   run onClientGone, once
 * </pre>
 *
 * <p>The interest in readable events is one for watch and connection, and is left armed when a watch ends: an exchange
 * costs no system call for being watched. The connection's own fill interest is never touched, hence idle timeouts,
 * upgrades and failures are Jetty's own. Under TLS the peeked bytes are ciphertext.
 *
 * <p>Thread-safe.
 */
public final class WatchedEndPoint extends SocketChannelEndPoint {
    static final int PEEK_LIMIT = 4096;

    private final Executor executor;
    private final AtomicReference<@Nullable Runnable> watcher = new AtomicReference<>();
    private final Object readLock = new Object();
    private @Nullable ByteBuffer peeked; // guarded by readLock, in flush mode, null if empty
    private volatile boolean armed; // the selector was asked for a readable event and has not delivered it
    private SelectionKey key; // touched by the selector thread only

    WatchedEndPoint(
            SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler, Executor executor) {
        super(channel, selector, key, scheduler);
        this.key = key;
        this.executor = executor;
    }

    /** The watched end point at the bottom of the given one, below TLS; null if its connector makes other ones. */
    public static @Nullable WatchedEndPoint below(EndPoint endPoint) {
        EndPoint bottom = endPoint;
        while (bottom instanceof EndPoint.Wrapper wrapper) {
            bottom = wrapper.unwrap();
        }
        return bottom instanceof WatchedEndPoint watched ? watched : null;
    }

    /**
     * Runs the given task as soon as the client is seen to have left: once, on the selector thread, where it must not
     * block. Not run when this side closes first.
     *
     * @throws IllegalStateException if a watch is on already
     */
    public void watch(Runnable onClientGone) {
        if (!watcher.compareAndSet(null, onClientGone)) {
            throw new IllegalStateException("watched already");
        }
        arm();
    }

    /**
     * Ends the watch.
     *
     * @return true if its task has not run and never will; false if it has run, is running, or there was no watch
     */
    public boolean unwatch() {
        return watcher.getAndSet(null) != null;
    }

    @Override
    public int fill(ByteBuffer buffer) throws IOException {
        if (isInputShutdown()) {
            return -1;
        }
        int filled;
        synchronized (readLock) {
            filled = peeked == null ? read(buffer) : takePeeked(peeked, buffer);
        }
        // No lock from here: this calls foreign code.
        if (filled < 0) {
            shutdownInput();
        } else if (filled > 0) {
            notIdle();
        }
        if (watcher.get() != null) {
            arm();
        }
        return filled;
    }

    @Override
    public @Nullable Runnable onSelected() {
        int ready = key.readyOps();
        Runnable task = super.onSelected();
        if ((ready & SelectionKey.OP_READ) == 0) {
            return task;
        }
        // After super has withdrawn the interest, and before the next line: whoever finds it armed until here and
        // leaves it at that has made the wish known that is looked at below.
        armed = false;
        if (isFillInterested()) {
            return task;
        }
        if (watcher.get() != null) {
            peek();
        }
        return (ready & SelectionKey.OP_WRITE) == 0 ? null : task;
    }

    @Override
    public void replaceKey(SelectionKey newKey) {
        super.replaceKey(newKey);
        key = newKey;
    }

    /** Called when the connection has begun to wait for bytes: the peeked ones are no news to the selector. */
    @Override
    protected void needsFillInterest() {
        if (hasPeeked()) {
            dispatchFillable();
        } else {
            arm();
        }
    }

    int peekedBytes() {
        synchronized (readLock) {
            return peeked == null ? 0 : peeked.remaining();
        }
    }

    private boolean hasPeeked() {
        return peekedBytes() > 0;
    }

    private void arm() {
        if (!armed) {
            armed = true;
            super.needsFillInterest();
        }
    }

    private void peek() {
        int filled;
        boolean full;
        synchronized (readLock) {
            ByteBuffer into = peeked == null ? BufferUtil.allocate(PEEK_LIMIT) : peeked;
            filled = read(into);
            full = into.remaining() == PEEK_LIMIT;
            peeked = into.hasRemaining() ? into : null;
        }
        if (filled < 0) {
            clientGone();
            return;
        }
        if (filled > 0 && isFillInterested()) {
            dispatchFillable();
        }
        if (!full) {
            arm();
        }
    }

    private void clientGone() {
        Runnable onClientGone = watcher.getAndSet(null);
        if (onClientGone != null && isOpen()) {
            onClientGone.run();
        }
    }

    private int takePeeked(ByteBuffer from, ByteBuffer into) {
        int taken = BufferUtil.append(into, from);
        if (!from.hasRemaining()) {
            peeked = null;
        }
        return taken;
    }

    // A reset is an end of the stream, too: so says SocketChannelEndPoint.
    private int read(ByteBuffer into) {
        int position = BufferUtil.flipToFill(into);
        try {
            return getChannel().read(into);
        } catch (IOException x) {
            return -1;
        } finally {
            BufferUtil.flipToFlush(into, position);
        }
    }

    // The connection may handle a whole request in answer, which does not belong on the stack of whoever called.
    private void dispatchFillable() {
        try {
            executor.execute(this::peekedIsFillable);
        } catch (RejectedExecutionException x) {
            close(x);
        }
    }

    private void peekedIsFillable() {
        if (hasPeeked()) {
            getFillInterest().fillable();
        } else {
            arm();
        }
    }
}
