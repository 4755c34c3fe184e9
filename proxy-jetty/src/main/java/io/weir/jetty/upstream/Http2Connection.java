package io.weir.jetty.upstream;

import io.weir.jetty.server.Clock;
import io.weir.upstream.KeepAlive;
import java.nio.channels.ClosedChannelException;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.HTTP2Session;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.frames.GoAwayFrame;
import org.eclipse.jetty.http2.frames.SettingsFrame;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * One HTTP/2 connection to an upstream, which carries many calls at once. It takes no new ones when it is old, has served
 * enough, or the upstream has said GOAWAY; then it closes after its last.
 */
final class Http2Connection implements Session.Listener {
    /** Is told, once, what became of opening it. */
    interface Opening {
        void ready(Http2Connection connection);

        void failed(Throwable cause);
    }

    private final Http2Pool pool;
    private final Opening opening;
    private final Clock idleClock;
    private final long openedAt = System.nanoTime();

    // Guarded by this.
    private @Nullable Session session;
    private int active;
    private int served;
    private boolean waited;
    private boolean ready;
    private boolean retired;
    private boolean closed;

    /** @param opening who waits for it to be ready */
    Http2Connection(Http2Pool pool, Opening opening) {
        this.pool = pool;
        this.opening = opening;
        idleClock = new Clock(pool.connector().getScheduler(), pool.connector().getExecutor(), this::idleClockExpired);
    }

    /** What its streams are opened on. */
    synchronized Session session() {
        Session open = session;
        if (open == null) {
            throw new IllegalStateException("not connected");
        }
        return open;
    }

    /** It is connected; whether it speaks HTTP/2, and how many streams it allows, its settings tell. */
    synchronized void connected(Session connected) {
        session = connected;
    }

    /** What became of asking for a stream. */
    enum Reservation {
        /** There is no room, or never will be. */
        NONE,
        /** It may be opened; others are open, or this is the first of all. */
        BUSY,
        /** It may be opened, on a connection that nobody used meanwhile: the upstream may just be closing it. */
        IDLE
    }

    /** Reserves a stream. */
    synchronized Reservation reserve() {
        KeepAlive keepAlive = pool.keepAlive();
        retired |= System.nanoTime() - openedAt > Clock.nanos(keepAlive.age());
        if (retired || session == null || active >= mostStreams(session)) {
            return Reservation.NONE;
        }
        boolean unused = active == 0 && waited;
        active++;
        served++;
        retired = served >= keepAlive.requests();
        idleClock.stop();
        return unused ? Reservation.IDLE : Reservation.BUSY;
    }

    /** Whether it has never had a stream. */
    synchronized boolean isUnused() {
        return served == 0;
    }

    /** Whether it takes no more calls. */
    synchronized boolean isRetired() {
        return retired;
    }

    synchronized boolean isClosed() {
        return closed;
    }

    /** Nobody may have waited for it, or not until it was ready. */
    synchronized void waitIfUnused() {
        if (active == 0 && !closed) {
            waited = true;
            idleClock.start(pool.keepAlive().timeout());
        }
    }

    /** A stream has ended, or could not be opened. */
    void released() {
        synchronized (this) {
            active--;
        }
        waitIfUnused();
        pool.serve(this);
        closeIfUseless();
    }

    /** Takes no more calls, and closes when it has none. */
    void retire() {
        synchronized (this) {
            retired = true;
        }
        closeIfUseless();
    }

    private void closeIfUseless() {
        Session useless;
        synchronized (this) {
            boolean unkept = retired || pool.keepAlive().idle() == 0;
            if (active > 0 || !unkept || closed || session == null) {
                return;
            }
            closed = true;
            retired = true;
            useless = session;
        }
        idleClock.close();
        pool.remove(this);
        useless.close(ErrorCode.NO_ERROR.code, "no further use", Callback.NOOP);
    }

    private void idleClockExpired() {
        synchronized (this) {
            if (!idleClock.hasExpired() || active > 0) {
                return;
            }
            retired = true;
        }
        closeIfUseless();
    }

    private static int mostStreams(Session session) {
        int theirs = session instanceof HTTP2Session known ? known.getMaxLocalStreams() : -1;
        return theirs < 0 ? Http2Pool.MOST_STREAMS : Math.min(theirs, Http2Pool.MOST_STREAMS);
    }

    // ---- what Jetty tells ----

    @Override
    public void onSettings(Session session, SettingsFrame frame) {
        synchronized (this) {
            if (ready || closed) {
                return;
            }
            ready = true;
            this.session = session;
        }
        opening.ready(this);
    }

    @Override
    public void onGoAway(Session session, GoAwayFrame frame) {
        retire();
    }

    @Override
    public void onClose(Session session, GoAwayFrame frame, Callback callback) {
        gone(new ClosedChannelException());
        callback.succeeded();
    }

    @Override
    public void onFailure(Session session, Throwable failure, Callback callback) {
        gone(failure);
        callback.succeeded();
    }

    /** Our clocks know which phase it is. */
    @Override
    public boolean onIdleTimeout(Session session) {
        return false;
    }

    private void gone(Throwable cause) {
        boolean unready;
        synchronized (this) {
            unready = !ready;
            ready = true;
            retired = true;
            closed = true;
        }
        idleClock.close();
        pool.remove(this);
        if (unready) {
            opening.failed(cause);
        }
    }
}
