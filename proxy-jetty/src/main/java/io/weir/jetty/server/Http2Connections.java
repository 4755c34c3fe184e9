package io.weir.jetty.server;

import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.api.server.ServerSessionListener;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.util.Callback;

/**
 * HTTP/2 in the clear, on connections whose end is the end of all their streams. Where a client says goodbye (GOAWAY) before
 * it closes, Jetty lets streams whose request is whole go on, and so it notices only when a write fails that nobody is
 * there.
 */
public final class Http2Connections extends HTTP2CServerConnectionFactory {
    /** Connections with that configuration. */
    public Http2Connections(HttpConfiguration configuration) {
        super(configuration);
    }

    @Override
    protected ServerSessionListener newSessionListener(Connector connector, EndPoint endPoint) {
        return new Listener(endPoint);
    }

    private final class Listener extends HTTPServerSessionListener {
        Listener(EndPoint endPoint) {
            super(endPoint);
        }

        @Override
        public void onFailure(Session session, Throwable failure, Callback callback) {
            for (Stream stream : session.getStreams()) {
                if (!stream.isClosed()) {
                    onFailure(stream, ErrorCode.CANCEL_STREAM_ERROR.code, "client_gone", failure, Callback.NOOP);
                }
            }
            super.onFailure(session, failure, callback);
        }
    }
}
