package io.weir.jetty.tunnel;

import io.weir.jetty.server.WatchedEndPoint;
import java.nio.ByteBuffer;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.jspecify.annotations.Nullable;

/** One side of a tunnel, in Jetty's terms: a connection that leaves reading and writing to the pumps. */
final class Leg extends AbstractConnection.NonBlocking implements Connection.UpgradeTo {
    private final io.weir.jetty.tunnel.Tunnel tunnel; // Jetty's Connection has a Tunnel of its own
    private final boolean isClient;
    private final @Nullable WatchedEndPoint watched;
    private @Nullable ByteBuffer early;
    private volatile boolean opened;

    Leg(io.weir.jetty.tunnel.Tunnel tunnel, EndPoint endPoint, Executor executor, boolean isClient) {
        super(endPoint, executor);
        this.tunnel = tunnel;
        this.isClient = isClient;
        watched = isClient ? WatchedEndPoint.below(endPoint) : null;
    }

    /** What was read together with the head that switched the protocol; null if there was nothing, or it was taken. */
    @Nullable
    ByteBuffer takeEarly() {
        ByteBuffer taken = early;
        early = null;
        return taken;
    }

    /** Whether what looks like the end of the stream is a reset. (An upstream's end point throws then.) */
    boolean wasReset() {
        return watched != null && watched.wasReset();
    }

    /** Whether it is the client's. */
    boolean isClient() {
        return isClient;
    }

    boolean isOpened() {
        return opened;
    }

    /** Closes the end point. Before it is this leg's, HTTP has it, and a stream of HTTP/2 could not even be closed. */
    void closeIfOpened() {
        if (opened) {
            getEndPoint().close();
        }
    }

    @Override
    public void onUpgradeTo(ByteBuffer buffer) {
        early = buffer;
    }

    @Override
    public void onOpen() {
        super.onOpen();
        getEndPoint().setIdleTimeout(0);
        if (watched != null) {
            watched.leaveHttp();
        }
        opened = true;
        tunnel.opened(this);
    }

    @Override
    public void onFillable() {
        // Who waits for bytes is the pump.
    }

    /** The tunnel has a clock of its own; a connector that shuts down sets this one, and waits for us itself. */
    @Override
    public boolean onIdleExpired(TimeoutException timeout) {
        return false;
    }

    @Override
    public void onClose(@Nullable Throwable cause) {
        super.onClose(cause);
        if (cause == null) {
            tunnel.closed();
        } else {
            tunnel.broke(this, cause);
        }
    }
}
