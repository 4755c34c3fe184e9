package io.weir.jetty.tunnel;

import io.weir.jetty.server.Clock;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Passes bytes between a client and an upstream that have switched to another protocol, whatever they mean, so that pings,
 * fragments, extensions and close codes are the two ends' own.
 *
 * <pre>
 *   client {@link Leg} ─▶ {@link Pump} up ──▶ upstream leg
 *     end point   ◀─ pump down ◀──   end point
 * </pre>
 *
 * <p>The pumps start when both legs have been opened, which is Jetty's doing: each takes the place of the connection that
 * spoke HTTP, with the bytes which that one had read too many. An end of one direction is passed on, and the other goes on;
 * after both ends, a failure or a silence that lasts too long both sides are closed. Thread-safe.
 */
public final class Tunnel {
    /** Is told how it ends: one of the three, once, unless {@link #close} was first. */
    public interface Listener {
        /** Both sides have ended. */
        void tunnelClosed();

        /** A side has broken, the client's or else the upstream's. */
        void tunnelBroke(boolean byClient, Throwable cause);

        /** It has been silent for too long. */
        void tunnelExpired();
    }

    private final Listener listener;
    private final Duration patience;
    private final Clock clock;
    private final Leg client;
    private final Leg upstream;
    private final Pump up;
    private final Pump down;

    // Guarded by this.
    private int open;
    private int through;
    private boolean ended;

    /**
     * Between those two end points.
     *
     * @param patience how long neither may say anything
     */
    public Tunnel(
            EndPoint client,
            EndPoint upstream,
            ByteBufferPool buffers,
            Scheduler scheduler,
            Executor executor,
            Duration patience,
            Listener listener) {
        this.listener = listener;
        this.patience = patience;
        clock = new Clock(scheduler, executor, this::clockExpired);
        this.client = new Leg(this, client, executor, true);
        this.upstream = new Leg(this, upstream, executor, false);
        up = new Pump(this, this.client, this.upstream, buffers);
        down = new Pump(this, this.upstream, this.client, buffers);
    }

    /** The connection that takes HTTP's place at the client's end point. */
    public Connection clientConnection() {
        return client;
    }

    /** The connection that takes HTTP's place at the upstream's end point. */
    public Connection upstreamConnection() {
        return upstream;
    }

    /** Bytes that the client has taken. */
    public long bytesToClient() {
        return down.bytes();
    }

    /** Whether the client's end point has been taken over: from then on closing the tunnel is all that ends it. */
    public boolean hasClient() {
        return client.isOpened();
    }

    /** Closes both sides, save one that has not been taken over; the listener is not told. */
    public void close() {
        end();
    }

    // ---- what legs and pumps tell ----

    void opened(Leg leg) {
        boolean late;
        synchronized (this) {
            late = ended;
            if (++open < 2 && !late) {
                return;
            }
        }
        if (late) {
            leg.closeIfOpened();
            return;
        }
        active();
        down.iterate();
        up.iterate();
    }

    /** Bytes have moved. */
    void active() {
        clock.start(patience);
    }

    /** One direction has ended: true if the other goes on, else all is over. */
    boolean goesOn() {
        synchronized (this) {
            if (++through < 2) {
                return true;
            }
        }
        closed();
        return false;
    }

    void closed() {
        if (end()) {
            listener.tunnelClosed();
        }
    }

    void broke(Leg leg, Throwable cause) {
        if (end()) {
            listener.tunnelBroke(leg == client, cause);
        }
    }

    private void clockExpired() {
        if (clock.hasExpired() && end()) {
            listener.tunnelExpired();
        }
    }

    private boolean end() {
        synchronized (this) {
            if (ended) {
                return false;
            }
            ended = true;
        }
        clock.close();
        client.closeIfOpened();
        upstream.closeIfOpened();
        return true;
    }

    /** Both ends. */
    @Override
    public String toString() {
        return client.getEndPoint().getRemoteSocketAddress() + " <-> "
                + upstream.getEndPoint().getRemoteSocketAddress();
    }
}
