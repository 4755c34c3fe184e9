package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.jetty.body.RequestBody;
import io.weir.upstream.UpstreamState;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.ClientConnector;

/** HTTP/1.1 over TCP, on connections that are kept per upstream. */
public final class Http1Transport implements UpstreamTransport {
    private final ClientConnector connector;
    private final Map<UpstreamState, Http1Pool> pools = new ConcurrentHashMap<>();

    /** Upstreams that exchanges of an older configuration may still use; guarded by itself, as is adding to the pools. */
    private final Set<UpstreamState> retired = Collections.newSetFromMap(new WeakHashMap<>());

    private boolean closed;

    /** Connections are opened through {@code connector}, which the caller starts and stops. */
    public Http1Transport(ClientConnector connector) {
        this.connector = connector;
    }

    @Override
    public UpstreamCall send(UpstreamRequest attempt, RequestBody body, UpstreamListener listener) {
        Http1Pool pool = attempt.leavesConnection() ? poolOf(attempt.upstream()) : keepingNone();
        pool.configure(attempt.pool().pool().keepAlive());
        Http1Call call = new Http1Call(attempt, body, listener);
        Http1Connection kept = attempt.onFreshConnection() ? null : pool.take(call);
        if (kept != null) {
            call.start(kept, true);
        } else {
            new ConnectAttempt(connector, pool, call).start();
        }
        return call;
    }

    /** Closes the kept connections of upstreams that are in use no more. */
    public void retire(Collection<UpstreamState> upstreams) {
        for (UpstreamState upstream : upstreams) {
            Http1Pool pool;
            synchronized (retired) {
                retired.add(upstream);
                pool = pools.remove(upstream);
            }
            if (pool != null) {
                pool.close();
            }
        }
    }

    /** Closes all kept connections; from now on none is kept. */
    public void close() {
        synchronized (retired) {
            closed = true;
        }
        retire(pools.keySet());
    }

    private Http1Pool poolOf(UpstreamState upstream) {
        Http1Pool pool = pools.get(upstream);
        if (pool != null) {
            return pool;
        }
        synchronized (retired) {
            if (!closed && !retired.contains(upstream)) {
                return pools.computeIfAbsent(upstream, state -> new Http1Pool(connector));
            }
        }
        return keepingNone();
    }

    private Http1Pool keepingNone() {
        Http1Pool keepsNone = new Http1Pool(connector);
        keepsNone.close();
        return keepsNone;
    }
}
