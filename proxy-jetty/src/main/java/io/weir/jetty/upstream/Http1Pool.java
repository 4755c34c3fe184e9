package io.weir.jetty.upstream;

import io.weir.jetty.server.SharedSelector;
import io.weir.jetty.tls.UpstreamSslContext;
import io.weir.upstream.KeepAlive;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.ManagedSelector;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one upstream that wait for a request, a stack for each selector. A selector's thread takes one of its
 * own, so that the whole exchange stays on that thread; one of another selector's only where it has none, for a hop between
 * threads costs less than a connection. The one used last is taken first, so that the others grow old and go; unless that was
 * a moment ago, and it would have to be asked whether it is silent, while another is known to be. No lock is held while a
 * connection is told anything.
 */
final class Http1Pool {
    private final ClientConnector connector;
    private final @Nullable UpstreamSslContext tls;
    private final Map<ManagedSelector, ArrayDeque<Http1Connection>> idle = new IdentityHashMap<>();
    private volatile KeepAlive keepAlive = KeepAlive.defaults();
    private int size;
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
        ManagedSelector here = SharedSelector.ofThisThread();
        while (true) {
            Http1Connection candidate = poll(here);
            if (candidate == null || candidate.begin(call)) {
                return candidate;
            }
        }
    }

    private synchronized @Nullable Http1Connection poll(@Nullable ManagedSelector here) {
        if (size == 0) {
            return null;
        }
        ArrayDeque<Http1Connection> own = idle.get(here);
        if (own != null && !own.isEmpty()) {
            size--;
            boolean oldest = !own.getFirst().isKnownSilent() && own.getLast().isKnownSilent();
            return oldest ? own.pollLast() : own.pollFirst();
        }
        for (ArrayDeque<Http1Connection> others : idle.values()) {
            if (!others.isEmpty()) {
                size--;
                return others.pollFirst();
            }
        }
        throw new IllegalStateException(size + " connections are said to wait, and none does");
    }

    /** Keeps a connection for the next request; false if there are enough, and it has to close. */
    synchronized boolean park(Http1Connection connection) {
        if (closed || size >= keepAlive.idle()) {
            return false;
        }
        size++;
        idle.computeIfAbsent(connection.selector(), selector -> new ArrayDeque<>())
                .addFirst(connection);
        return true;
    }

    /** Forgets a connection that has closed while it waited. */
    synchronized void remove(Http1Connection connection) {
        ArrayDeque<Http1Connection> stack = idle.get(connection.selector());
        if (stack != null && stack.remove(connection)) {
            size--;
        }
    }

    /** Closes those that wait; those in use close after their request. */
    void close() {
        List<Http1Connection> waiting = new ArrayList<>();
        synchronized (this) {
            closed = true;
            idle.values().forEach(waiting::addAll);
            idle.clear();
            size = 0;
        }
        waiting.forEach(Http1Connection::close);
    }
}
