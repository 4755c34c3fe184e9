package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.jetty.server.Clock;
import io.weir.jetty.tls.UpstreamSslContext;
import io.weir.upstream.Upstream;
import java.net.SocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.Transport;
import org.eclipse.jetty.util.Promise;
import org.jspecify.annotations.Nullable;

/**
 * Gets one connection: resolves the name, on a worker where that may block, and tries its addresses in order until one is
 * connected and, if TLS is to be spoken, agrees on that. The {@code connect} clock runs for all of it together. Ends once.
 */
final class ConnectAttempt {
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final Duration MARGIN = Duration.ofSeconds(1);

    private final ClientConnector connector;
    private final Addresses names;
    private final Http1Pool pool;
    private final UpstreamRequest request;
    private final Caller caller;
    private final Upstream upstream;
    private final Duration limit;
    private final Clock clock;
    private List<SocketAddress> addresses = List.of();
    private int next;
    private boolean ended;
    private @Nullable ConnectingSocket connecting;

    /** Who wants the connection. It hears of one of the two, unless it cancels. */
    interface Caller {
        /** There it is, open and unused. */
        void opened(Http1Connection connection);

        /** There will be none. */
        void failed(ProxyFailure failure);
    }

    ConnectAttempt(ClientConnector connector, Addresses names, Http1Pool pool, UpstreamRequest request, Caller caller) {
        this.connector = connector;
        this.names = names;
        this.pool = pool;
        this.request = request;
        this.caller = caller;
        upstream = request.upstream().upstream();
        limit = request.timeouts().connect();
        clock = new Clock(connector.getScheduler(), connector.getExecutor(), this::expired);
    }

    void start() {
        outlast(connector, limit);
        clock.start(limit);
        names.of(upstream, request.port(), connector.getExecutor(), Promise.from(this::found, this::unresolved));
    }

    /** Nobody wants it any more. */
    void cancel() {
        if (end()) {
            closeSocket();
        }
    }

    /** Jetty has one clock for all connects; it has to run out after ours, which know their route. */
    static void outlast(ClientConnector connector, Duration limit) {
        Duration longer = (limit.compareTo(LONGEST) < 0 ? limit : LONGEST).plus(MARGIN);
        if (connector.getConnectTimeout().compareTo(longer) < 0) {
            connector.setConnectTimeout(longer);
        }
    }

    private void found(List<SocketAddress> found) {
        addresses = found;
        connectNext(ConnectFailure.ofConnect(upstream.url(), null));
    }

    private void unresolved(Throwable cause) {
        fail(ProxyFailure.connecting(ProxyError.DNS_ERROR, "no address for \"" + upstream.host() + "\"", cause));
    }

    /** @param before how the address before has failed */
    private void connectNext(ProxyFailure before) {
        @Nullable SocketAddress address;
        ConnectingSocket socket = new ConnectingSocket(upstream, this::speak);
        synchronized (this) {
            if (ended) {
                return;
            }
            address = next == addresses.size() ? null : addresses.get(next++);
            connecting = socket;
        }
        if (address == null) {
            fail(before);
            return;
        }
        Map<String, Object> context = new ConcurrentHashMap<>();
        context.put(Transport.CONTEXT_KEY, socket);
        context.put(
                ClientConnector.CONNECTION_PROMISE_CONTEXT_KEY,
                Promise.<Connection>from(
                        this::connected, cause -> connectNext(ConnectFailure.ofConnect(upstream.url(), cause))));
        connector.connect(address, context);
    }

    /** One that speaks TLS is opened once its handshake is through. */
    private void connected(Connection connection) {
        if (connection instanceof Http1Connection plain) {
            opened(plain);
        }
    }

    private void opened(Http1Connection opened) {
        if (end()) {
            caller.opened(opened);
        } else {
            opened.close();
        }
    }

    private void expired() {
        if (clock.hasExpired() && end()) {
            closeSocket();
            caller.failed(ProxyFailure.connecting(
                    ProxyError.CONNECTION_TIMEOUT, "connect clock " + limit + " ran out for " + upstream.url(), null));
        }
    }

    private void fail(ProxyFailure failure) {
        if (end()) {
            caller.failed(failure);
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

    private void closeSocket() {
        ConnectingSocket socket;
        synchronized (this) {
            socket = connecting;
        }
        if (socket != null) {
            socket.close();
        }
    }

    private Connection speak(UpstreamEndPoint socket, Map<String, Object> context) {
        UpstreamSslContext tls = pool.tls();
        if (tls == null) {
            return http(socket, socket);
        }
        Secured listener = new Secured(socket, tls.nameOf(upstream.host()));
        return TlsHandshake.over(socket, connector, tls, upstream.host(), request.port(), listener);
    }

    private Http1Connection http(AbstractEndPoint endPoint, UpstreamEndPoint socket) {
        return new Http1Connection(endPoint, socket, pool, request.limits().responseHead());
    }

    /** TLS, if that is what the upstream speaks, is through or not; then comes HTTP. */
    private final class Secured implements TlsHandshake.Listener {
        private final UpstreamEndPoint socket;
        private final String name;

        private Secured(UpstreamEndPoint socket, String name) {
            this.socket = socket;
            this.name = name;
        }

        @Override
        public void secured(AbstractEndPoint endPoint, @Nullable String protocol) {
            Http1Connection connection = http(endPoint, socket);
            endPoint.upgrade(connection);
            opened(connection);
        }

        @Override
        public void failed(Throwable cause) {
            connectNext(ConnectFailure.ofHandshake(upstream.url(), name, cause));
        }
    }
}
