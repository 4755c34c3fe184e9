package io.weir.jetty.upstream;

import io.weir.http.IpRange;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.jetty.server.Clock;
import io.weir.upstream.Upstream;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.Transport;
import org.eclipse.jetty.util.IO;
import org.eclipse.jetty.util.Promise;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * Gets a connection for one call: resolves the name, on a worker where that may block, and tries its addresses in order
 * until one is connected or the {@code connect} clock, which runs for all of them together, is up. Ends once.
 */
final class ConnectAttempt {
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final Duration MARGIN = Duration.ofSeconds(1);

    private final ClientConnector connector;
    private final Http1Pool pool;
    private final Http1Call call;
    private final Upstream upstream;
    private final Duration limit;
    private final Clock clock;
    private InetAddress[] addresses = new InetAddress[0];
    private int next;
    private boolean ended;
    private @Nullable SelectableChannel channel;

    ConnectAttempt(ClientConnector connector, Http1Pool pool, Http1Call call) {
        this.connector = connector;
        this.pool = pool;
        this.call = call;
        upstream = call.attempt().upstream().upstream();
        limit = call.attempt().timeouts().connect();
        clock = new Clock(connector.getScheduler(), connector.getExecutor(), this::expired);
    }

    void start() {
        call.connecting(this);
        outlastClock();
        clock.start(limit);
        InetAddress literal = IpRange.parseAddress(upstream.host());
        if (literal != null) {
            addresses = new InetAddress[] {literal};
            connectNext(null);
        } else {
            connector.getExecutor().execute(this::resolve);
        }
    }

    /** The call has been given up. */
    void cancel() {
        if (end()) {
            closeChannel();
        }
    }

    /** Jetty has one clock for all connects; it has to run out after ours, which know their route. */
    private void outlastClock() {
        Duration longer = (limit.compareTo(LONGEST) < 0 ? limit : LONGEST).plus(MARGIN);
        if (connector.getConnectTimeout().compareTo(longer) < 0) {
            connector.setConnectTimeout(longer);
        }
    }

    private void resolve() {
        try {
            addresses = InetAddress.getAllByName(upstream.host());
        } catch (UnknownHostException e) {
            fail(ProxyError.DNS_ERROR, "no address for \"" + upstream.host() + "\"", e);
            return;
        }
        connectNext(null);
    }

    private void connectNext(@Nullable Throwable before) {
        InetAddress address;
        synchronized (this) {
            if (ended) {
                return;
            }
            if (next == addresses.length) {
                address = null;
            } else {
                address = addresses[next++];
            }
        }
        if (address == null) {
            fail(errorOf(before), "connect to " + upstream.url() + ": " + messageOf(before), before);
            return;
        }
        Map<String, Object> context = new ConcurrentHashMap<>();
        context.put(Transport.CONTEXT_KEY, new CapturingTransport());
        context.put(
                ClientConnector.CONNECTION_PROMISE_CONTEXT_KEY,
                Promise.<Connection>from(this::opened, this::connectNext));
        connector.connect(new InetSocketAddress(address, call.attempt().port()), context);
    }

    private void opened(Connection connection) {
        Http1Connection opened = (Http1Connection) connection;
        if (!end()) {
            opened.close();
        } else if (opened.begin(call)) {
            call.start(opened, false);
        } else {
            call.failed(ProxyFailure.connecting(
                    ProxyError.CONNECTION_TERMINATED, "connected to " + upstream.url() + ", and closed at once", null));
        }
    }

    private void expired() {
        if (clock.hasExpired() && end()) {
            closeChannel();
            call.failed(ProxyFailure.connecting(
                    ProxyError.CONNECTION_TIMEOUT, "connect clock " + limit + " ran out for " + upstream.url(), null));
        }
    }

    private void fail(ProxyError error, String detail, @Nullable Throwable cause) {
        if (end()) {
            call.failed(ProxyFailure.connecting(error, detail, cause));
        }
    }

    private synchronized boolean end() {
        if (ended) {
            return false;
        }
        ended = true;
        clock.close();
        return true;
    }

    private void closeChannel() {
        SelectableChannel connecting;
        synchronized (this) {
            connecting = channel;
        }
        IO.close(connecting);
    }

    private static ProxyError errorOf(@Nullable Throwable cause) {
        // "Connection refused" is the one thing that an upstream itself says; all else is the network or the system.
        return cause instanceof ConnectException ? ProxyError.CONNECTION_REFUSED : ProxyError.DESTINATION_UNREACHABLE;
    }

    private static String messageOf(@Nullable Throwable cause) {
        Throwable deepest = cause instanceof SocketException && cause.getCause() != null ? cause.getCause() : cause;
        return deepest == null ? "no address" : String.valueOf(deepest.getMessage());
    }

    /** TCP, with the channel remembered so that the clock can close it. */
    private final class CapturingTransport extends Transport.TCPIP {
        @Override
        public SelectableChannel newSelectableChannel() throws IOException {
            SelectableChannel opened = super.newSelectableChannel();
            synchronized (ConnectAttempt.this) {
                if (!ended) {
                    channel = opened;
                    return opened;
                }
            }
            IO.close(opened);
            throw new ClosedChannelException();
        }

        @Override
        public EndPoint newEndPoint(
                Scheduler scheduler, ManagedSelector selector, SelectableChannel selectable, SelectionKey key) {
            return new UpstreamEndPoint((SocketChannel) selectable, selector, key, scheduler);
        }

        @Override
        public Connection newConnection(EndPoint endPoint, Map<String, Object> context) {
            return new Http1Connection(
                    (UpstreamEndPoint) endPoint, pool, call.attempt().limits().responseHead());
        }
    }
}
