package io.weir.jetty.tunnel;

import io.weir.jetty.server.Clock;
import io.weir.log.WebSocketSummary;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

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
 * after both ends, a failure or a silence that lasts too long both sides are closed. Of a WebSocket the frames are followed.
 */
public final class Tunnel implements Passage {
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

    private volatile boolean goingAway;

    /**
     * Between those two end points.
     *
     * @param webSocket whether they speak WebSocket
     * @param patience how long neither may say anything
     */
    public Tunnel(
            EndPoint client,
            EndPoint upstream,
            ByteBufferPool buffers,
            Scheduler scheduler,
            Executor executor,
            Duration patience,
            boolean webSocket,
            Listener listener) {
        this.listener = listener;
        this.patience = patience;
        clock = new Clock(scheduler, executor, this::clockExpired);
        this.client = new Leg(this, client, executor, true);
        this.upstream = new Leg(this, upstream, executor, false);
        up = new Pump(this, this.client, this.upstream, buffers, webSocket ? new FrameFollower() : null);
        down = new Pump(this, this.upstream, this.client, buffers, webSocket ? new FrameFollower() : null);
    }

    /** The connection that takes HTTP's place at the client's end point. */
    public Connection clientConnection() {
        return client;
    }

    /** The connection that takes HTTP's place at the upstream's end point. */
    public Connection upstreamConnection() {
        return upstream;
    }

    @Override
    public long bytesToClient() {
        return down.bytes();
    }

    @Override
    public boolean hasClient() {
        return client.isOpened();
    }

    @Override
    public @Nullable WebSocketSummary webSocket() {
        FrameFollower asked = up.frames();
        FrameFollower said = down.frames();
        return asked == null || said == null
                ? null
                : new WebSocketSummary(asked.messages(), said.messages(), asked.closeCode(), said.closeCode());
    }

    @Override
    public void goAway() {
        goingAway = true;
        synchronized (this) {
            if (open < 2 || ended) {
                return; // the pumps will see it when they start
            }
        }
        down.iterate();
        up.iterate();
    }

    @Override
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

    /** Whether both ends are to be told to close. */
    boolean isGoingAway() {
        return goingAway;
    }

    /** Whether one end has begun to close by itself, so that the other will answer it. */
    boolean isClosing() {
        return up.hasSeenClose() || down.hasSeenClose();
    }

    /** Whether both ends have said their close. */
    boolean hasCloseBothWays() {
        return up.hasClosePassed() && down.hasClosePassed();
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
            listener.closed();
        }
    }

    void broke(Leg leg, Throwable cause) {
        if (end()) {
            listener.broke(leg == client, cause);
        }
    }

    private void clockExpired() {
        if (clock.hasExpired() && end()) {
            listener.expired();
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
