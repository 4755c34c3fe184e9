package io.weir.jetty.upstream;

import io.weir.http.IpRange;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.upstream.KeepAlive;
import io.weir.upstream.Upstream;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.util.Promise;

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

    private static final Duration LONGEST = Duration.ofDays(1);
    private static final Duration MARGIN = Duration.ofSeconds(1);

    private final HTTP2Client client;
    private volatile KeepAlive keepAlive = KeepAlive.defaults();

    // Guarded by this.
    private final List<Http2Connection> connections = new ArrayList<>();
    private final Queue<Http2Call> waiting = new ArrayDeque<>();
    private boolean connecting;
    private boolean closed;

    Http2Pool(HTTP2Client client) {
        this.client = client;
    }

    void configure(KeepAlive keepAlive) {
        this.keepAlive = keepAlive;
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
            connect(call);
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

    /** A stream has ended there: whoever waits may have it. */
    void hasRoom(Http2Connection connection) {
        while (true) {
            synchronized (this) {
                if (waiting.isEmpty()) {
                    return;
                }
            }
            if (connection.reserve() == Http2Connection.Reservation.NONE) {
                return;
            }
            Http2Call next;
            synchronized (this) {
                next = waiting.poll();
            }
            if (next == null) {
                connection.released();
                return;
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

    private void connect(Http2Call first) {
        Upstream upstream = first.attempt().upstream().upstream();
        outlastClock(first.attempt().timeouts().connect());
        client.setMaxResponseHeadersSize(Math.max(
                client.getMaxResponseHeadersSize(), first.attempt().limits().responseHead()));
        InetAddress literal = IpRange.parseAddress(upstream.host());
        if (literal != null) {
            connect(upstream, new InetAddress[] {literal}, 0);
        } else {
            client.getExecutor().execute(() -> resolve(upstream));
        }
    }

    /** Jetty has one clock for all connects; it has to run out after ours, which know their route. */
    private void outlastClock(Duration limit) {
        Duration longer = (limit.compareTo(LONGEST) < 0 ? limit : LONGEST).plus(MARGIN);
        if (connector().getConnectTimeout().compareTo(longer) < 0) {
            connector().setConnectTimeout(longer);
        }
    }

    private void resolve(Upstream upstream) {
        InetAddress[] addresses;
        try {
            addresses = InetAddress.getAllByName(upstream.host());
        } catch (UnknownHostException e) {
            failed(ProxyFailure.connecting(ProxyError.DNS_ERROR, "no address for \"" + upstream.host() + "\"", e));
            return;
        }
        connect(upstream, addresses, 0);
    }

    private void connect(Upstream upstream, InetAddress[] addresses, int index) {
        Http2Connection connection = new Http2Connection(this, new Http2Connection.Opening() {
            @Override
            public void ready(Http2Connection connection) {
                Http2Pool.this.ready(connection);
            }

            @Override
            public void failed(Throwable cause) {
                Http2Pool.this.failed(ProxyFailure.connecting(
                        ProxyError.PROTOCOL_ERROR,
                        "connected to " + upstream.url() + ", which closed before it had said anything in HTTP/2; does"
                                + " it speak HTTP/1.1?",
                        cause));
            }
        });
        client.connect(
                new InetSocketAddress(addresses[index], upstream.port()),
                connection,
                Promise.from(connection::connected, cause -> {
                    if (index + 1 < addresses.length) {
                        connect(upstream, addresses, index + 1);
                    } else {
                        failed(notConnected(upstream, cause));
                    }
                }));
    }

    private static ProxyFailure notConnected(Upstream upstream, Throwable cause) {
        ProxyError error =
                cause instanceof ConnectException ? ProxyError.CONNECTION_REFUSED : ProxyError.DESTINATION_UNREACHABLE;
        return ProxyFailure.connecting(error, "connect to " + upstream.url() + ": " + cause.getMessage(), cause);
    }

    private void ready(Http2Connection connection) {
        boolean unwanted;
        synchronized (this) {
            connecting = false;
            connections.add(connection);
            unwanted = closed;
        }
        hasRoom(connection);
        Http2Call left;
        synchronized (this) {
            left = connecting ? null : waiting.peek();
            connecting |= left != null;
        }
        if (left != null) {
            connect(left);
        }
        if (unwanted) {
            connection.retire();
        }
    }

    private void failed(ProxyFailure failure) {
        List<Http2Call> failed;
        synchronized (this) {
            connecting = false;
            failed = List.copyOf(waiting);
            waiting.clear();
        }
        failed.forEach(call -> call.failed(failure));
    }
}
