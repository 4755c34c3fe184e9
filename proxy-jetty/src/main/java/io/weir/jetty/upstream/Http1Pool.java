package io.weir.jetty.upstream;

import io.weir.jetty.server.SharedSelector;
import io.weir.jetty.tls.UpstreamSslContext;
import io.weir.upstream.KeepAlive;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.ManagedSelector;
import org.jspecify.annotations.Nullable;

/**
 * The connections to one upstream that wait for a request, a stack for each selector. A selector's thread takes one of its
 * own, so that the whole exchange stays on that thread; one of another selector's only where it has none, for a hop between
 * threads costs less than a connection. The one used last is taken first, so that the others grow old and go; those only
 * are passed by that were used a moment ago and would have to be asked whether they are silent, where one is known to be. No
 * lock is held while a connection is told anything.
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
        SharedSelector here = SharedSelector.ofThisThread();
        while (true) {
            Http1Connection candidate = poll(here);
            if (candidate == null || candidate.begin(call)) {
                return candidate;
            }
        }
    }

    private synchronized @Nullable Http1Connection poll(@Nullable SharedSelector here) {
        if (size == 0) {
            return null;
        }
        ArrayDeque<Http1Connection> own = idle.get(here);
        if (own != null && !own.isEmpty()) {
            size--;
            Http1Connection silent = here != null && here.isEnding() ? pollKnownSilent(own) : null;
            return silent == null ? own.pollFirst() : silent;
        }
        for (ArrayDeque<Http1Connection> others : idle.values()) {
            if (!others.isEmpty()) {
                size--;
                return others.pollFirst();
            }
        }
        throw new IllegalStateException(size + " connections are said to wait, and none does");
    }

    private static @Nullable Http1Connection pollKnownSilent(ArrayDeque<Http1Connection> stack) {
        for (Iterator<Http1Connection> each = stack.iterator(); each.hasNext(); ) {
            Http1Connection candidate = each.next();
            if (candidate.isKnownSilent()) {
                each.remove();
                return candidate;
            }
        }
        return null;
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
