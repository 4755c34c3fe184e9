package io.weir.jetty.server;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.HTTP2Connection;
import org.eclipse.jetty.http2.HTTP2Session;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * Ends an HTTP/2 connection that has had no stream for long, whatever else comes on it: PINGs, or a preface that trickles,
 * would put off Jetty's idle timeout for ever. It looks once in every keepAlive, so that such a connection ends after one
 * or two of them, and serving streams costs nothing.
 */
final class StreamlessClock implements Connection.Listener {
    private final Connector connector;
    private final HTTP2Connection connection;
    private volatile Scheduler.@Nullable Task next;
    private volatile boolean closed;
    private long opened; // what it saw the last time; one look comes after the other
    private long ended;
    private boolean saidGoodbye;

    StreamlessClock(Connector connector, HTTP2Connection connection) {
        this.connector = connector;
        this.connection = connection;
    }

    @Override
    public void onOpened(Connection ignored) {
        schedule();
    }

    @Override
    public void onClosed(Connection ignored) {
        closed = true;
        Scheduler.Task pending = next;
        if (pending != null) {
            pending.cancel();
        }
    }

    private void schedule() {
        long keepAlive = connector.getIdleTimeout();
        if (keepAlive <= 0) {
            return;
        }
        Scheduler.Task scheduled = connector.getScheduler().schedule(this::wake, keepAlive, TimeUnit.MILLISECONDS);
        next = scheduled;
        if (closed) {
            scheduled.cancel();
        }
    }

    private void wake() {
        try {
            connector.getExecutor().execute(this::look);
        } catch (RejectedExecutionException e) {
            return; // the server has stopped
        }
    }

    private void look() {
        HTTP2Session session = connection.getSession();
        long openedNow = session.getStreamsOpened();
        long endedNow = session.getStreamsClosed();
        boolean quiet =
                openedNow == opened && endedNow == ended && session.getStreams().isEmpty();
        opened = openedNow;
        ended = endedNow;
        if (quiet && saidGoodbye) {
            connection.getEndPoint().close(); // not even that got through
            return;
        }
        if (quiet) {
            saidGoodbye = true;
            Runnable close = connection.getEndPoint()::close;
            session.close(
                    ErrorCode.NO_ERROR.code,
                    "keepAlive",
                    Callback.from(InvocationType.NON_BLOCKING, close, failure -> close.run()));
        }
        schedule();
    }
}
