package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.jetty.tls.UpstreamSslContext;
import io.weir.upstream.KeepAlive;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.io.ClientConnector;
import org.jspecify.annotations.Nullable;

/**
 * The HTTP/2 connections to one upstream. Calls share them; another is opened only when all are full, and one at a time:
 * calls that come while it is being opened wait for it, each under its own {@code connect} clock.
 *
 * <p>No lock is held while a call or a connection is told anything.
 */
final class Http2Pool {
    /** Streams of ours on one connection. With it the windows below can't be used up by readers that have stopped. */
    static final int MOST_STREAMS = 128;

    /** How far an upstream may send ahead of a client that does not read. */
    static final int STREAM_WINDOW = 128 * 1024;

    private static final ProxyFailure NO_STREAMS = ProxyFailure.connecting(
            ProxyError.PROTOCOL_ERROR, "the upstream speaks HTTP/2 but allows no streams", null);
    private static final ProxyFailure CLOSED_AT_ONCE = ProxyFailure.connecting(
            ProxyError.CONNECTION_TERMINATED, "the upstream speaks HTTP/2 but closed the connection at once", null);

    private final HTTP2Client client;
    private final @Nullable UpstreamSslContext tls;
    private final Addresses names;
    private volatile KeepAlive keepAlive = KeepAlive.defaults();

    // Guarded by this.
    private final List<Http2Connection> connections = new ArrayList<>();
    private final Queue<Http2Call> waiting = new ArrayDeque<>();
    private boolean connecting;
    private boolean closed;

    /** @param tls how TLS is spoken; null if it is not */
    Http2Pool(HTTP2Client client, @Nullable UpstreamSslContext tls, Addresses names) {
        this.names = names;
        this.client = client;
        this.tls = tls;
    }

    void configure(KeepAlive keepAlive) {
        this.keepAlive = keepAlive;
    }

    @Nullable
    UpstreamSslContext tls() {
        return tls;
    }

    KeepAlive keepAlive() {
        return keepAlive;
    }

    ClientConnector connector() {
        return client.getClientConnector();
    }

    /** Starts the call on a connection that has room, or has it wait for one. */
    void send(Http2Call call) {
        if (!call.attempt().onFreshConnection() && startOnOpenOne(call)) {
            return;
        }
        call.awaitConnection(this);
        boolean toConnect;
        synchronized (this) {
            waiting.add(call);
            toConnect = !connecting;
            connecting = true;
        }
        if (toConnect) {
            connect(call.attempt());
        }
    }

    private boolean startOnOpenOne(Http2Call call) {
        List<Http2Connection> open;
        synchronized (this) {
            if (connections.isEmpty()) {
                return false;
            }
            open = List.copyOf(connections);
        }
        for (Http2Connection connection : open) {
            Http2Connection.Reservation reservation = connection.reserve();
            if (reservation != Http2Connection.Reservation.NONE) {
                call.start(connection, false, reservation == Http2Connection.Reservation.IDLE);
                return true;
            }
        }
        return false;
    }

    /** A call that waited has been given up. */
    synchronized void forget(Http2Call call) {
        waiting.remove(call);
    }

    /** A stream has ended there, or may begin: whoever waits may have it. Returns false if there is no room for one of them. */
    boolean serve(Http2Connection connection) {
        while (true) {
            synchronized (this) {
                if (waiting.isEmpty()) {
                    return true;
                }
            }
            if (connection.reserve() == Http2Connection.Reservation.NONE) {
                return false;
            }
            Http2Call next;
            synchronized (this) {
                next = waiting.poll();
            }
            if (next == null) {
                connection.released();
                return true;
            }
            next.start(connection, true, false);
        }
    }

    synchronized void remove(Http2Connection connection) {
        connections.remove(connection);
    }

    /** Calls that run end as they began; no connection is kept. */
    void close() {
        List<Http2Connection> open;
        synchronized (this) {
            closed = true;
            open = List.copyOf(connections);
        }
        open.forEach(Http2Connection::retire);
    }

    // ---- opening one ----

    /** Opens the first one before a call needs it. */
    void warmUp(UpstreamRequest warmUp) {
        synchronized (this) {
            if (connecting || !connections.isEmpty()) {
                return;
            }
            connecting = true;
        }
        connect(warmUp);
    }

    private void connect(UpstreamRequest first) {
        client.setMaxResponseHeadersSize(
                Math.max(client.getMaxResponseHeadersSize(), first.limits().responseHead()));
        new Http2Connect(this, client, tls, names, first).start(first.timeouts().connect());
    }

    /** One was opened and has said that it speaks HTTP/2. */
    void ready(Http2Connection connection) {
        boolean unwanted;
        synchronized (this) {
            connecting = false;
            connections.add(connection);
            unwanted = closed;
        }
        boolean room = serve(connection);
        connection.waitIfUnused();
        if (!room && connection.isUnused()) {
            failed(connection.isRetired() ? CLOSED_AT_ONCE : NO_STREAMS);
        }
        connectIfAwaited();
        if (connection.isClosed()) {
            remove(connection); // it may have been before it was added
        } else if (unwanted) {
            connection.retire();
        }
    }

    /** The one that was being opened took too long. */
    void gaveUp() {
        synchronized (this) {
            connecting = false;
        }
        connectIfAwaited();
    }

    private void connectIfAwaited() {
        Http2Call first;
        synchronized (this) {
            first = connecting ? null : waiting.peek();
            connecting |= first != null;
        }
        if (first != null) {
            connect(first.attempt());
        }
    }

    /** None could be opened: those who waited for it hear why. */
    void failed(ProxyFailure failure) {
        List<Http2Call> failed;
        synchronized (this) {
            connecting = false;
            failed = List.copyOf(waiting);
            waiting.clear();
        }
        failed.forEach(call -> call.failed(failure));
    }
}
