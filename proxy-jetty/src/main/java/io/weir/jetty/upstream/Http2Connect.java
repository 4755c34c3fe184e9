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
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.http2.client.HTTP2ClientConnectionFactory;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.Transport;
import org.eclipse.jetty.util.Promise;
import org.jspecify.annotations.Nullable;

/**
 * Opens one HTTP/2 connection for a pool: in the clear the upstream is expected to know, over TLS it has to agree by ALPN.
 * It is open once the upstream's settings have come. Ends once, at the latest when the {@code connect} clock of who asked
 * for it first runs out: an upstream may accept connections and then say nothing on one, for ever.
 */
final class Http2Connect {
    private static final String PROTOCOL = "h2";

    private final Http2Pool pool;
    private final HTTP2Client client;
    private final ClientConnector connector;
    private final @Nullable UpstreamSslContext tls;
    private final Addresses names;
    private final Upstream upstream;
    private final int port;
    private final Clock clock;
    private List<SocketAddress> addresses = List.of();
    private int next;
    private boolean ended;
    private @Nullable ConnectingSocket connecting;

    Http2Connect(
            Http2Pool pool,
            HTTP2Client client,
            @Nullable UpstreamSslContext tls,
            Addresses names,
            UpstreamRequest request) {
        this.names = names;
        this.pool = pool;
        this.client = client;
        this.tls = tls;
        upstream = request.upstream().upstream();
        port = request.port();
        connector = client.getClientConnector();
        clock = new Clock(connector.getScheduler(), connector.getExecutor(), this::expired);
    }

    /** @param limit the {@code connect} clock of who waits; Jetty's own has to run out after it */
    void start(Duration limit) {
        ConnectAttempt.outlast(connector, limit);
        clock.start(limit);
        names.of(upstream, port, connector.getExecutor(), Promise.from(this::found, this::unresolved));
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
        Http2Connection connection = new Http2Connection(pool, new Opened());
        Map<String, Object> context = new ConcurrentHashMap<>();
        context.put(Transport.CONTEXT_KEY, socket);
        context.put(
                ClientConnector.CONNECTION_PROMISE_CONTEXT_KEY,
                Promise.<Connection>from(
                        opened -> {}, cause -> connectNext(ConnectFailure.ofConnect(upstream.url(), cause))));
        context.put(HTTP2Client.CONTEXT_KEY, client);
        context.put(HTTP2Client.SESSION_LISTENER_CONTEXT_KEY, connection);
        context.put(HTTP2Client.SESSION_PROMISE_CONTEXT_KEY, Promise.<Session>from(connection::connected, this::mute));
        connector.connect(address, context);
    }

    private void mute(Throwable cause) {
        fail(ProxyFailure.connecting(
                ProxyError.PROTOCOL_ERROR,
                "connected to " + upstream.url() + ", which closed before it had said anything in HTTP/2; does it"
                        + " speak HTTP/1.1?",
                cause));
    }

    private void fail(ProxyFailure failure) {
        if (end()) {
            pool.failed(failure);
        }
    }

    /** Those who wait have clocks of their own; whose has time left may fare better on another connection. */
    private void expired() {
        if (!clock.hasExpired() || !end()) {
            return;
        }
        ConnectingSocket socket;
        synchronized (this) {
            socket = connecting;
        }
        if (socket != null) {
            socket.close();
        }
        pool.gaveUp();
    }

    private synchronized boolean end() {
        if (ended) {
            return false;
        }
        ended = true;
        clock.close();
        return true;
    }

    private Connection speak(UpstreamEndPoint socket, Map<String, Object> context) {
        if (tls == null) {
            return http2(socket, context);
        }
        Secured listener = new Secured(tls.nameOf(upstream.host()), context);
        return TlsHandshake.over(socket, connector, tls, upstream.host(), port, listener, PROTOCOL);
    }

    private Connection http2(EndPoint endPoint, Map<String, Object> context) {
        return new HTTP2ClientConnectionFactory().newConnection(endPoint, context);
    }

    private final class Opened implements Http2Connection.Opening {
        @Override
        public void ready(Http2Connection connection) {
            if (end()) {
                pool.ready(connection);
            } else {
                connection.retire(); // it came too late
            }
        }

        @Override
        public void failed(Throwable cause) {
            mute(cause);
        }
    }

    /** TLS is through or not; then comes HTTP/2. */
    private final class Secured implements TlsHandshake.Listener {
        private final String name;
        private final Map<String, Object> context;

        private Secured(String name, Map<String, Object> context) {
            this.name = name;
            this.context = context;
        }

        @Override
        public void secured(AbstractEndPoint endPoint, @Nullable String protocol) {
            if (!PROTOCOL.equals(protocol)) {
                endPoint.close();
                fail(ProxyFailure.connecting(
                        ProxyError.TLS_PROTOCOL_ERROR,
                        "TLS with " + upstream.url() + ": it does not agree to HTTP/2 (ALPN h2)",
                        null));
                return;
            }
            endPoint.upgrade(http2(endPoint, context));
        }

        @Override
        public void failed(Throwable cause) {
            connectNext(ConnectFailure.ofHandshake(upstream.url(), name, cause));
        }
    }
}
