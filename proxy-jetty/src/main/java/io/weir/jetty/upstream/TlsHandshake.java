package io.weir.jetty.upstream;

import io.weir.jetty.tls.UpstreamSslContext;
import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.io.ssl.SslHandshakeListener;
import org.eclipse.jetty.util.BufferUtil;
import org.jspecify.annotations.Nullable;

/**
 * What stands on a new TLS connection until its handshake is through: then it makes room for whoever speaks over it. It
 * tells once how it ended, never under a lock of Jetty's.
 */
final class TlsHandshake extends AbstractConnection {
    /** Told how a handshake ended. */
    interface Listener {
        /**
         * It is through, and nothing was said over it yet.
         *
         * @param protocol what was agreed on by ALPN; null if nothing was
         */
        void secured(AbstractEndPoint endPoint, @Nullable String protocol);

        /** It is not, and the connection is closed. */
        void failed(Throwable cause);
    }

    private final SSLEngine engine;
    private final Listener listener;
    private volatile boolean succeeded;
    private volatile @Nullable Throwable failure;
    private boolean told;

    private TlsHandshake(AbstractEndPoint endPoint, ClientConnector connector, SSLEngine engine, Listener listener) {
        super(endPoint, connector.getExecutor());
        this.engine = engine;
        this.listener = listener;
    }

    /**
     * TLS over a connected socket, for that host of an upstream's. The handshake begins when it is opened.
     *
     * @param protocols what to offer by ALPN
     */
    static Connection over(
            UpstreamEndPoint socket,
            ClientConnector connector,
            UpstreamSslContext tls,
            String host,
            int port,
            Listener listener,
            String... protocols) {
        SSLEngine engine = tls.newSSLEngine(host, port);
        if (protocols.length > 0) {
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setApplicationProtocols(protocols);
            engine.setSSLParameters(parameters);
        }
        engine.setUseClientMode(true);
        SslConnection connection = new SslConnection(
                connector.getByteBufferPool(), connector.getExecutor(), tls, socket, engine, true, true);
        connection.setRenegotiationAllowed(false);
        connection.setRequireCloseMessage(true); // else who cuts the connection could cut a body
        TlsHandshake handshake = new TlsHandshake(connection.getSslEndPoint(), connector, engine, listener);
        connection.getSslEndPoint().setConnection(handshake);
        connection.addHandshakeListener(handshake.new Progress());
        return connection;
    }

    @Override
    public void onOpen() {
        super.onOpen();
        getEndPoint().setIdleTimeout(0); // the connect clock runs
        try {
            getEndPoint().flush(BufferUtil.EMPTY_BUFFER);
            advance();
        } catch (IOException e) {
            fail(e);
        }
    }

    @Override
    public void onFillable() {
        try {
            advance();
        } catch (IOException e) {
            fail(e);
        }
    }

    @Override
    public void onFillInterestedFailed(Throwable cause) {
        fail(cause);
    }

    @Override
    public void onClose(@Nullable Throwable cause) {
        super.onClose(cause);
        if (!succeeded) {
            fail(cause == null ? new ClosedChannelException() : cause);
        }
    }

    private void advance() throws IOException {
        while (!succeeded) {
            int filled = getEndPoint().fill(BufferUtil.EMPTY_BUFFER);
            if (filled < 0 && !succeeded) {
                throw new EOFException("closed during the TLS handshake");
            }
            if (filled == 0 && !succeeded) {
                fillInterested();
                return;
            }
        }
        if (tell()) {
            String agreed = engine.getApplicationProtocol();
            listener.secured((AbstractEndPoint) getEndPoint(), agreed == null || agreed.isEmpty() ? null : agreed);
        }
    }

    private void fail(Throwable cause) {
        if (tell()) {
            Throwable first = failure;
            getEndPoint().close();
            listener.failed(first == null ? cause : first);
        }
    }

    private synchronized boolean tell() {
        boolean first = !told;
        told = true;
        return first;
    }

    /** Called in the midst of reading and writing. */
    private final class Progress implements SslHandshakeListener {
        @Override
        public void handshakeSucceeded(Event event) {
            succeeded = true;
        }

        @Override
        public void handshakeFailed(Event event, Throwable cause) {
            failure = cause;
        }
    }
}
