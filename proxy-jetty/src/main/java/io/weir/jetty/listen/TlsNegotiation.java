package io.weir.jetty.listen;

import java.io.EOFException;
import java.io.IOException;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSession;
import org.eclipse.jetty.http2.HTTP2Cipher;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslHandshakeListener;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.util.BufferUtil;
import org.jspecify.annotations.Nullable;

/**
 * What stands on a TLS connection until its handshake is through: then it makes room for what was agreed on by ALPN, or for
 * HTTP/1.1 if the client does not know of ALPN. Who offers nothing that is spoken here gets the alert
 * {@code no_application_protocol} (RFC 7301 §3.2).
 */
final class TlsNegotiation extends AbstractConnection {
    private static final String HTTP_2 = "h2";
    private static final String HTTP_1 = "http/1.1";

    private final SSLEngine engine;
    private final Connector connector;
    private final ConnectionFactory http1;
    private final ConnectionFactory http2;
    private volatile boolean succeeded;
    private volatile @Nullable Throwable failure;

    TlsNegotiation(
            EndPoint endPoint,
            SSLEngine engine,
            Connector connector,
            ConnectionFactory http1,
            ConnectionFactory http2) {
        super(endPoint, connector.getExecutor());
        this.engine = engine;
        this.connector = connector;
        this.http1 = http1;
        this.http2 = http2;
        engine.setHandshakeApplicationProtocolSelector(TlsNegotiation::choose);
    }

    /** Who is to be told by the TLS connection how the handshake goes. */
    SslHandshakeListener progress() {
        return new Progress();
    }

    @Override
    public void onOpen() {
        super.onOpen();
        onFillable();
    }

    @Override
    public void onFillable() {
        try {
            while (!succeeded) {
                int filled = getEndPoint().fill(BufferUtil.EMPTY_BUFFER);
                if (filled < 0 && !succeeded) {
                    throw new EOFException("closed by the client");
                }
                if (filled == 0 && !succeeded) {
                    fillInterested();
                    return;
                }
            }
        } catch (IOException e) {
            failed(e);
            return;
        }
        boolean isHttp2 = HTTP_2.equals(engine.getApplicationProtocol());
        getEndPoint().upgrade((isHttp2 ? http2 : http1).newConnection(connector, getEndPoint()));
    }

    @Override
    public void onFillInterestedFailed(Throwable cause) {
        failed(cause);
    }

    private void failed(Throwable cause) {
        Throwable first = failure;
        TlsConnections.LOG.debug(
                "TLS handshake with {} failed: {}",
                getEndPoint().getRemoteSocketAddress(),
                String.valueOf(first == null ? cause : first));
        getEndPoint().close(cause);
    }

    /** RFC 9113 §9.2.2: HTTP/2 only with suites that are none of the old ones. */
    private static @Nullable String choose(SSLEngine engine, List<String> offered) {
        SSLSession session = engine.getHandshakeSession();
        boolean old = session != null
                && HTTP2Cipher.isBlackListProtocol(session.getProtocol())
                && HTTP2Cipher.isBlackListCipher(session.getCipherSuite());
        if (offered.contains(HTTP_2) && !old) {
            return HTTP_2;
        }
        return offered.contains(HTTP_1) ? HTTP_1 : null;
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
