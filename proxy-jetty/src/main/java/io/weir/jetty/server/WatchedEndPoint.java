package io.weir.jetty.server;

import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BooleanSupplier;
import org.eclipse.jetty.http2.HTTP2Connection;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A client's end point that can tell when the client leaves while its HTTP/1 request is being answered.
 *
 * <p>Jetty wants to know that a socket is readable only when it is about to read, so that a client which leaves during a
 * request goes unnoticed until a write fails. A watch wants to know in between. What the socket has to say is then
 * either its end (a FIN, which counts as leaving as it does in nginx, or a reset) or bytes: more of the request's body,
 * or the next requests of a client that pipelines. Bytes are peeked: kept for the connection, which reads them next.
 * Beyond {@value #PEEK_LIMIT} of them TCP holds the client back, and an end behind them shows only when they are read.
 *
 * <pre>
 *   selector ── readable ──▶ does the connection want to read?
 *                              yes ──▶ it fills, from the peeked bytes first
 *                              no  ──▶ watched? peek ──▶ bytes: keep them, watch on
 *                                                    └─▶ end:   run onClientGone, once
 * </pre>
 *
 * <p>Watch and connection share one interest in the socket, which stays armed from one request to the next: being
 * watched costs no system call, and knowing that the selector waits saves some. The connection's own fill interest is
 * not touched, hence idle timeouts, upgrades and failures are Jetty's own. Under TLS the peeked bytes are ciphertext.
 *
 * <p>Between requests it keeps the client's two clocks: how long a connection may be kept without one, and how long a head
 * may take from its first byte to its last, however it trickles. What comes before a connection's first head, such as the
 * handshake of TLS, counts as part of it.
 *
 * <p>Thread-safe. For HTTP/2 there is no need of it: its connections always read.
 */
public final class WatchedEndPoint extends SocketChannelEndPoint {
    static final int PEEK_LIMIT = 4096;

    private enum ReadInterest {
        NONE,
        ON_ITS_WAY,
        /** The selector waits for bytes: had there been any, it would have said so. */
        SELECTED_FOR
    }

    private final Executor executor;
    private final PeekableInput input;
    private final AtomicReference<@Nullable Runnable> watcher = new AtomicReference<>();
    private final ClientClocks clocks;
    private final BooleanSupplier shuttingDown;
    private final Clock clock;
    private volatile boolean readsHead;
    private volatile boolean leftHttp;
    private volatile ReadInterest interest = ReadInterest.NONE;
    private SelectionKey key; // of the selector's thread only

    WatchedEndPoint(
            SocketChannel channel,
            ManagedSelector selector,
            SelectionKey key,
            Scheduler scheduler,
            Executor executor,
            ClientClocks clocks,
            BooleanSupplier shuttingDown) {
        super(channel, selector, key, scheduler);
        this.key = key;
        this.executor = executor;
        this.clocks = clocks;
        this.shuttingDown = shuttingDown;
        clock = new Clock(scheduler, executor, this::clockExpired);
        this.input = new PeekableInput(channel, PEEK_LIMIT);
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
     * Runs the given task as soon as the client is seen to have left: once, on the selector's thread, where it must not
     * block. It does not run when this side closes first.
     *
     * @throws IllegalStateException if a watch is on already
     */
    public void watch(Runnable onClientGone) {
        if (!watcher.compareAndSet(null, onClientGone)) {
            throw new IllegalStateException("watched already");
        }
        clock.stop();
        readsHead = false;
        arm();
    }

    /**
     * Ends the watch.
     *
     * @return true if its task has not run and never will; false if it has run, is running, or there was no watch
     */
    public boolean unwatch() {
        clock.start(clocks.keepAlive());
        return watcher.getAndSet(null) != null;
    }

    /** No HTTP is spoken here any more: the clocks are somebody else's. */
    public void leaveHttp() {
        leftHttp = true;
        clock.close();
    }

    /** Whether the end of the stream, which {@link #fill} has told of, was a reset. */
    public boolean wasReset() {
        return input.wasReset();
    }

    @Override
    public void onOpen() {
        super.onOpen();
        clock.start(clocks.head());
    }

    @Override
    public void onClose(@Nullable Throwable cause) {
        clock.close();
        super.onClose(cause);
    }

    @Override
    public @Nullable Runnable onSelected() {
        int ready = key.readyOps();
        Runnable task = super.onSelected();
        if ((ready & SelectionKey.OP_READ) == 0) {
            return task;
        }
        // Only once super has withdrawn the interest: who found it armed before, and left it at that, is seen below.
        interest = ReadInterest.NONE;
        if (isFillInterested()) {
            return task;
        }
        if (watcher.get() != null) {
            peek();
        }
        return (ready & SelectionKey.OP_WRITE) == 0 ? null : task;
    }

    @Override
    public void updateKey() {
        super.updateKey();
        if (interest == ReadInterest.ON_ITS_WAY) {
            interest = ReadInterest.SELECTED_FOR;
        }
    }

    @Override
    public void replaceKey(SelectionKey newKey) {
        super.replaceKey(newKey);
        key = newKey;
    }

    @Override
    public int fill(ByteBuffer buffer) {
        if (isInputShutdown()) {
            return -1;
        }
        int filled = interest == ReadInterest.SELECTED_FOR ? input.takePeeked(buffer) : input.read(buffer);
        if (filled < 0) {
            shutdownInput();
        } else if (filled > 0) {
            notIdle();
        }
        if (watcher.get() != null) {
            arm();
        } else if (filled > 0 && !readsHead) {
            readsHead = true;
            clock.start(clocks.head());
        }
        return filled;
    }

    /**
     * Of HTTP/1 and what comes before it, whose clocks are this class's and the exchange's, nothing is left to Jetty's idle
     * timeout; except that a connector which shuts down shortens it for those that wait without a request.
     */
    @Override
    protected void onIdleExpired(TimeoutException timeout) {
        boolean isClosingDown = shuttingDown.getAsBoolean() && watcher.get() == null;
        if (leftHttp || isHttp2() || isClosingDown) {
            super.onIdleExpired(timeout);
        }
    }

    /** Jetty's idle timeout is not asked during a request, see above. */
    @Override
    public void notIdle() {
        if (watcher.get() == null) {
            super.notIdle();
        }
    }

    /** The connection wants to read. The selector knows nothing of bytes that are peeked already. */
    @Override
    protected void needsFillInterest() {
        if (input.peekedBytes() > 0) {
            dispatchFillable();
        } else {
            arm();
        }
    }

    int peekedBytes() {
        return input.peekedBytes();
    }

    private void clockExpired() {
        if (clock.hasExpired() && watcher.get() == null && !isHttp2()) {
            TimeoutException late = new TimeoutException(readsHead ? "clientHead" : "keepAlive");
            if (getConnection() instanceof SslConnection tls) {
                tls.close(); // says goodbye first
            }
            close(late);
        }
    }

    private boolean isHttp2() {
        Connection connection = getConnection();
        return (connection instanceof SslConnection tls ? tls.getSslEndPoint().getConnection() : connection)
                instanceof HTTP2Connection;
    }

    private void arm() {
        if (interest == ReadInterest.NONE) {
            interest = ReadInterest.ON_ITS_WAY;
            super.needsFillInterest();
        }
    }

    private void peek() {
        int peeked = input.peek();
        if (peeked < 0) {
            clientGone();
            return;
        }
        // The connection may have begun to wait after it was asked whether it does.
        if (peeked > 0 && isFillInterested()) {
            dispatchFillable();
        }
        if (input.hasRoom()) {
            arm();
        }
    }

    private void clientGone() {
        Runnable onClientGone = watcher.getAndSet(null);
        if (onClientGone != null && isOpen()) {
            onClientGone.run();
        }
    }

    // The connection may handle a whole request then, which does not belong on the stack of whoever calls.
    private void dispatchFillable() {
        try {
            executor.execute(this::peekedIsFillable);
        } catch (RejectedExecutionException x) {
            close(x);
        }
    }

    private void peekedIsFillable() {
        if (input.peekedBytes() > 0) {
            getFillInterest().fillable();
        } else {
            arm();
        }
    }
}
