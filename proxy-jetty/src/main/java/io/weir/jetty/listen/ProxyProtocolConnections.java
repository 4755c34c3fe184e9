package io.weir.jetty.listen;

import io.weir.header.TrustedProxies;
import io.weir.http.Peer;
import io.weir.http.TlsConnection;
import io.weir.jetty.tls.ClientTls;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.AbstractConnectionFactory;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.ProxyConnectionFactory;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Connections that begin with a {@link ProxyProtocol} header. Who is not trusted to send one is closed, and so is who is
 * and does not: without it nobody knows whose connection it is.
 */
public final class ProxyProtocolConnections extends AbstractConnectionFactory {
    private static final Logger LOG = LoggerFactory.getLogger("io.weir.proxyprotocol");
    private static final SocketAddress UNIX = UnixDomainSocketAddress.of("");

    private final TrustedProxies trusted;
    private final ConnectionFactory next;

    /** From those, to go on with that. */
    public ProxyProtocolConnections(TrustedProxies trusted, ConnectionFactory next) {
        super("proxy-protocol");
        this.trusted = trusted;
        this.next = next;
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
        return configure(new Header(connector, endPoint), connector, endPoint);
    }

    private final class Header extends FirstBytes {
        Header(Connector connector, EndPoint endPoint) {
            super(connector, endPoint, ProxyProtocol.LIMIT);
        }

        @Override
        public void onOpen() {
            SocketAddress remote = getEndPoint().getRemoteSocketAddress();
            Peer peer = remote instanceof InetSocketAddress inet
                    ? new Peer(inet.getAddress(), inet.getPort())
                    : Peer.unix();
            if (trusted.trusts(peer)) {
                super.onOpen();
                return;
            }
            LOG.debug("{} is not trusted to send a PROXY header (trusted: {})", peer.host(), trusted);
            getEndPoint().close();
        }

        @Override
        boolean look(ByteBuffer bytes) throws IOException {
            ProxyProtocol header;
            try {
                header = ProxyProtocol.read(bytes);
            } catch (IOException e) {
                LOG.debug("{}: {}", getEndPoint().getRemoteSocketAddress(), e.getMessage());
                throw e;
            }
            if (header == null) {
                return false;
            }
            getEndPoint().upgrade(next.newConnection(connector, announced(header)));
            return true;
        }

        private EndPoint announced(ProxyProtocol header) {
            EndPoint endPoint = getEndPoint();
            TlsConnection tls = header.tls();
            if (header.client() == null && !header.isUnix()) {
                return endPoint;
            }
            return new ProxyConnectionFactory.ProxyEndPoint(
                    endPoint,
                    header.isUnix() ? endPoint.getLocalSocketAddress() : header.server(),
                    header.isUnix() ? UNIX : header.client(),
                    null,
                    tls == null ? null : new ClientTls.Announced(tls));
        }
    }
}
