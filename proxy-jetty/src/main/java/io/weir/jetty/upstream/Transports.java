package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.WarmUp;
import io.weir.jetty.body.RequestBody;
import io.weir.jetty.tls.UpstreamSslContexts;
import io.weir.upstream.UpstreamState;
import java.util.Collection;
import org.eclipse.jetty.io.ClientConnector;
import org.jspecify.annotations.Nullable;

/** Each attempt over the protocol of its pool. What HTTP/2 needs is made when the first pool asks for it. */
public final class Transports implements UpstreamTransport {
    private final ClientConnector connector;
    private final UpstreamSslContexts tls;
    private final Addresses names;
    private final Http1Transport http1;
    private volatile @Nullable Http2Transport http2;
    private boolean closed;

    /** Connections are opened through {@code connector}, which the caller starts and stops. */
    public Transports(ClientConnector connector, UpstreamSslContexts tls, Addresses names) {
        this.connector = connector;
        this.tls = tls;
        this.names = names;
        http1 = new Http1Transport(connector, tls, names);
    }

    @Override
    public UpstreamCall send(UpstreamRequest attempt, RequestBody body, UpstreamListener listener) {
        return of(attempt).send(attempt, body, listener);
    }

    @Override
    public void warmUp(WarmUp warmUp) {
        of(warmUp).warmUp(warmUp);
    }

    /** Closes the kept connections of upstreams that are in use no more. */
    public void retire(Collection<UpstreamState> upstreams) {
        http1.retire(upstreams);
        Http2Transport present = http2;
        if (present != null) {
            present.retire(upstreams);
        }
    }

    /** Closes all kept connections; from now on none is kept. */
    public synchronized void close() {
        closed = true;
        http1.close();
        Http2Transport present = http2;
        if (present != null) {
            present.close();
        }
    }

    private UpstreamTransport of(UpstreamRequest request) {
        return request.pool().pool().isHttp2() ? http2() : http1;
    }

    private Http2Transport http2() {
        Http2Transport present = http2;
        if (present != null) {
            return present;
        }
        synchronized (this) {
            present = http2;
            if (present == null) {
                present = new Http2Transport(connector, tls, names);
                if (closed) {
                    present.close();
                }
                http2 = present;
            }
            return present;
        }
    }
}
