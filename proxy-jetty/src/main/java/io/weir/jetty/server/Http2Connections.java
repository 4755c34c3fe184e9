package io.weir.jetty.server;

import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.HTTP2Connection;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.api.server.ServerSessionListener;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.RateControl;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;
import org.jspecify.annotations.Nullable;

/**
 * HTTP/2 in the clear, on connections that tell a stream whenever it has no client any more. Jetty forgets to in three cases:
 * a client that says goodbye (GOAWAY) before it closes, while the request was whole already; a body of another length than
 * said, for which Jetty itself resets the stream; and frames for which it ends the connection, where it drops the tasks of
 * the frames before them.
 */
public final class Http2Connections extends HTTP2CServerConnectionFactory {
    private static final int ROOM_FOR_FIELDS = 8 * 1024;

    private final @Nullable HttpConfiguration roomier;

    /** Connections with that configuration. */
    public Http2Connections(HttpConfiguration configuration) {
        super(configuration);
        roomier = new HttpConfiguration(configuration);
        roomier.setRequestHeaderSize(2 * configuration.getRequestHeaderSize() + ROOM_FOR_FIELDS);
        setRateControlFactory(new RateControl.Factory() {
            @Override
            public RateControl newRateControl(EndPoint endPoint) {
                return new FloodControl();
            }
        });
    }

    /**
     * For the limits of connections only. Jetty ends a connection, with all its streams, for one head that is too large, and
     * counts 32 bytes more for each field: with twice the room, a head beyond the limit can be answered.
     */
    @Override
    public HttpConfiguration getHttpConfiguration() {
        return roomier != null ? roomier : super.getHttpConfiguration();
    }

    /**
     * Takes HTTP/2 with prior knowledge only. A request that asks for {@code Upgrade: h2c}, which RFC 9113 §3.1 has given
     * up, goes on as HTTP/1.1.
     */
    @Override
    public @Nullable Connection upgradeConnection(
            Connector connector, EndPoint endPoint, MetaData.Request request, HttpFields.Mutable response101) {
        return request.getHttpVersion() == HttpVersion.HTTP_2
                ? super.upgradeConnection(connector, endPoint, request, response101)
                : null;
    }

    @Override
    public Connection newConnection(Connector connector, EndPoint endPoint) {
        Connection connection = super.newConnection(connector, endPoint);
        connection.addEventListener(new StreamlessClock(connector, (HTTP2Connection) connection));
        return connection;
    }

    @Override
    protected ServerSessionListener newSessionListener(Connector connector, EndPoint endPoint) {
        return new Listener(endPoint);
    }

    private final class Listener extends HTTPServerSessionListener {
        private final EndPoint endPoint;

        Listener(EndPoint endPoint) {
            super(endPoint);
            this.endPoint = endPoint;
        }

        @Override
        public void onFailure(Session session, Throwable failure, Callback callback) {
            for (Stream stream : session.getStreams()) {
                if (!stream.isClosed()) {
                    tell(stream, failure);
                }
            }
            Runnable end = once(() -> super.onFailure(session, failure, callback));
            if (endPoint.getConnection() instanceof HTTP2Connection connection) {
                afterDropped(connection, end);
            } else {
                end.run();
            }
        }

        /**
         * Whoever reads, or hears of a failure, stands in line behind the dropped tasks: one more task makes them run. It is
         * the end of the connection itself, for one that is closed runs no tasks any more.
         */
        private void afterDropped(HTTP2Connection connection, Runnable end) {
            connection.addEventListener(new Connection.Listener() {
                @Override
                public void onClosed(Connection closed) {
                    end.run(); // closed by somebody else meanwhile
                }
            });
            try {
                connection.offerTask(Invocable.from(Invocable.InvocationType.NON_BLOCKING, end), true);
            } catch (RejectedExecutionException e) {
                end.run(); // the server has stopped
            }
        }

        private static Runnable once(Runnable task) {
            AtomicBoolean ran = new AtomicBoolean();
            return () -> {
                if (ran.compareAndSet(false, true)) {
                    task.run();
                }
            };
        }

        @Override
        public void onClosed(Stream stream) {
            if (stream.isReset()) {
                tell(stream, new EofException("the stream was reset"));
            }
        }

        /** Does nothing where the exchange has ended. */
        private void tell(Stream stream, Throwable failure) {
            onFailure(stream, ErrorCode.CANCEL_STREAM_ERROR.code, "client_gone", failure, Callback.NOOP);
        }
    }
}
