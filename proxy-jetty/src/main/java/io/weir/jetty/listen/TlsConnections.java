package io.weir.jetty.listen;

import io.weir.jetty.tls.ServerTls;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import javax.net.ssl.SSLEngine;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.AbstractConnectionFactory;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections that speak TLS, and over it HTTP/2 or HTTP/1.1 as agreed on by ALPN. A client that speaks plain HTTP gets a
 * 400 that says so, as from nginx.
 */
public final class TlsConnections extends AbstractConnectionFactory {
    static final Logger LOG = LoggerFactory.getLogger("io.weir.tls");

    private static final int HANDSHAKE = 22; // the first byte of each TLS connection (RFC 8446 §5.1)
    private static final int FIRST_READ = 4096;
    private static final byte[] NOT_TLS = ("HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain;charset=utf-8\r\n"
                    + "Content-Length: 54\r\nConnection: close\r\n\r\n"
                    + "400 Bad Request: plain HTTP was sent to an HTTPS port\n")
            .getBytes(StandardCharsets.US_ASCII);

    private final ServerTls tls;
    private final ConnectionFactory http1;
    private final ConnectionFactory http2;

    /** With those certificates, and those to go on with. */
    public TlsConnections(ServerTls tls, ConnectionFactory http1, ConnectionFactory http2) {
        super("tls");
        this.tls = tls;
        this.http1 = http1;
        this.http2 = http2;
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
        return configure(new Beginning(connector, endPoint), connector, endPoint);
    }

    private Connection tls(Connector connector, EndPoint endPoint) {
        SSLEngine engine = tls.newEngine();
        SslConnection connection = new TellingSslConnection(connector, endPoint, engine);
        connection.setRenegotiationAllowed(false);
        TlsNegotiation negotiation = new TlsNegotiation(connection.getSslEndPoint(), engine, connector, http1, http2);
        connection.getSslEndPoint().setConnection(negotiation);
        connection.addHandshakeListener(negotiation.progress());
        return configure(connection, connector, endPoint);
    }

    /** Tells TLS from plain HTTP. */
    private final class Beginning extends FirstBytes {
        Beginning(Connector connector, EndPoint endPoint) {
            super(connector, endPoint, FIRST_READ);
        }

        @Override
        boolean look(ByteBuffer bytes) {
            byte first = bytes.get(bytes.position());
            if (first == HANDSHAKE) {
                getEndPoint().upgrade(tls(connector, getEndPoint()));
                return true;
            }
            LOG.debug("{} does not speak TLS on a TLS port", getEndPoint().getRemoteSocketAddress());
            if (first < 'A' || first > 'Z') {
                getEndPoint().close();
                return true;
            }
            Callback close = Callback.from(
                    InvocationType.NON_BLOCKING,
                    getEndPoint()::close,
                    failure -> getEndPoint().close(failure));
            getEndPoint().write(close, ByteBuffer.wrap(NOT_TLS));
            return true;
        }
    }
}
