package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.WarmUp;
import io.weir.jetty.body.RequestBody;
import io.weir.jetty.tls.UpstreamSslContext;
import io.weir.jetty.tls.UpstreamSslContexts;
import io.weir.upstream.UpstreamState;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.util.component.LifeCycle;
import org.jspecify.annotations.Nullable;

/** HTTP/2 (RFC 9113), many calls on one connection. */
final class Http2Transport implements UpstreamTransport {
    /** Our own limits on heads are checked before; this keeps Jetty's from being smaller. */
    private static final int MOST_REQUEST_HEAD = 1024 * 1024;

    private final HTTP2Client client;
    private final UpstreamSslContexts tls;
    private final Addresses names;
    private final Map<UpstreamState, Http2Pool> pools = new ConcurrentHashMap<>();
    private volatile boolean closed;

    Http2Transport(ClientConnector connector, UpstreamSslContexts tls, Addresses names) {
        this.tls = tls;
        this.names = names;
        client = new HTTP2Client(connector);
        client.setInitialStreamRecvWindow(Http2Pool.STREAM_WINDOW);
        client.setInitialSessionRecvWindow(Http2Pool.MOST_STREAMS * Http2Pool.STREAM_WINDOW);
        client.setMaxConcurrentPushedStreams(0);
        client.setMaxRequestHeadersSize(MOST_REQUEST_HEAD);
        client.setStreamIdleTimeout(-1); // our clocks know which phase it is
        LifeCycle.start(client);
    }

    @Override
    public UpstreamCall send(UpstreamRequest attempt, RequestBody body, UpstreamListener listener) {
        Http2Pool pool =
                attempt.leavesConnection() ? poolOf(attempt) : new Http2Pool(client, contextOf(attempt), names);
        pool.configure(attempt.pool().pool().keepAlive());
        Http2Call call = new Http2Call(attempt, body, listener, client);
        call.begin();
        pool.send(call);
        if (!attempt.leavesConnection()) {
            pool.close(); // once it has ended
        }
        if (closed) {
            retire(pools.keySet());
        }
        return call;
    }

    @Override
    public void warmUp(WarmUp warmUp) {
        Http2Pool pool = poolOf(warmUp);
        pool.configure(warmUp.pool().pool().keepAlive());
        pool.warmUp(warmUp);
    }

    private Http2Pool poolOf(UpstreamRequest attempt) {
        UpstreamState upstream = attempt.upstream();
        UpstreamSslContext context = contextOf(attempt);
        Http2Pool present = pools.get(upstream);
        if (present != null && present.tls() == context) {
            return present;
        }
        return pools.compute(upstream, (state, other) -> {
            if (other != null && other.tls() == context) {
                return other; // another thread was quicker
            }
            if (other != null) {
                client.getExecutor().execute(other::close); // other certificates, say
            }
            return new Http2Pool(client, context, names);
        });
    }

    private @Nullable UpstreamSslContext contextOf(UpstreamRequest attempt) {
        return tls.of(attempt.pool().pool(), attempt.upstream().upstream());
    }

    void retire(Collection<UpstreamState> upstreams) {
        for (UpstreamState upstream : upstreams) {
            Http2Pool pool = pools.remove(upstream);
            if (pool != null) {
                pool.close();
            }
        }
    }

    void close() {
        closed = true;
        retire(pools.keySet());
        LifeCycle.stop(client);
    }
}
