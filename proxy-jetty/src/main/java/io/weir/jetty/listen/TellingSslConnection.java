package io.weir.jetty.listen;

import java.io.IOException;
import java.nio.ByteBuffer;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.util.BufferUtil;

/**
 * A TLS connection that tells its client why a handshake fails. Jetty closes after the first record that is left to send;
 * where that is not yet the alert, the client only sees the connection end.
 */
final class TellingSslConnection extends SslConnection {
    /** The records of TLS 1.3 that may stand before the alert, and one more. */
    private static final int MOST_RECORDS = 4;

    TellingSslConnection(Connector connector, EndPoint endPoint, SSLEngine engine) {
        super(connector.getByteBufferPool(), connector.getExecutor(), null, endPoint, engine, true, true);
    }

    @Override
    protected SSLEngineResult unwrap(SSLEngine engine, ByteBuffer input, ByteBuffer output) throws SSLException {
        try {
            return super.unwrap(engine, input, output);
        } catch (SSLException e) {
            tell(engine);
            throw e;
        }
    }

    @Override
    protected SSLEngineResult wrap(SSLEngine engine, ByteBuffer[] input, ByteBuffer output) throws SSLException {
        try {
            return super.wrap(engine, input, output);
        } catch (SSLException e) {
            tell(engine);
            throw e;
        }
    }

    /** Sends what is left, as far as the socket takes it at once. */
    private void tell(SSLEngine engine) {
        try {
            for (int i = 0; i < MOST_RECORDS && !engine.isOutboundDone(); i++) {
                ByteBuffer record = ByteBuffer.allocate(engine.getSession().getPacketBufferSize());
                SSLEngineResult result = engine.wrap(BufferUtil.EMPTY_BUFFER, record);
                if (result.bytesProduced() == 0 || !getEndPoint().flush(record.flip())) {
                    return;
                }
            }
        } catch (IOException e) {
            TlsConnections.LOG.debug("no alert to {}", getEndPoint().getRemoteSocketAddress(), e);
        }
    }
}
