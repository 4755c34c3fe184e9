package io.weir.jetty.upstream;

import io.weir.jetty.tls.UpstreamSslContext;
import io.weir.upstream.KeepAlive;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.io.ClientConnector;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one upstream that wait for a request. The one used last is taken first, so that the others grow old
 * and go. No lock is held while a connection is asked or told anything.
 */
final class Http1Pool {
    private final ClientConnector connector;
    private final @Nullable UpstreamSslContext tls;
    private final ArrayDeque<Http1Connection> idle = new ArrayDeque<>();
    private volatile KeepAlive keepAlive = KeepAlive.defaults();
    private boolean closed;

    /** For connections that speak TLS so, or none at all where {@code tls} is null. */
    Http1Pool(ClientConnector connector, @Nullable UpstreamSslContext tls) {
        this.connector = connector;
        this.tls = tls;
    }

    void configure(KeepAlive keepAlive) {
        this.keepAlive = keepAlive;
    }

    KeepAlive keepAlive() {
        return keepAlive;
    }

    ClientConnector connector() {
        return connector;
    }

    @Nullable
    UpstreamSslContext tls() {
        return tls;
    }

    /** A kept connection that is open and silent, given to {@code call}; null if there is none. */
    @Nullable
    Http1Connection take(Http1Call call) {
        while (true) {
            Http1Connection candidate;
            synchronized (this) {
                candidate = idle.pollFirst();
            }
            if (candidate == null || candidate.begin(call)) {
                return candidate;
            }
        }
    }

    /** Keeps a connection for the next request; false if there are enough, and it has to close. */
    synchronized boolean park(Http1Connection connection) {
        if (closed || idle.size() >= keepAlive.idle()) {
            return false;
        }
        idle.addFirst(connection);
        return true;
    }

    /** Forgets a connection that has closed while it waited. */
    synchronized void remove(Http1Connection connection) {
        idle.remove(connection);
    }

    /** Closes those that wait; those in use close after their request. */
    void close() {
        List<Http1Connection> waiting;
        synchronized (this) {
            closed = true;
            waiting = new ArrayList<>(idle);
            idle.clear();
        }
        waiting.forEach(Http1Connection::close);
    }
}
