package io.weir.jetty.upstream;

import io.weir.Attempt;
import io.weir.jetty.body.RequestBody;
import io.weir.upstream.UpstreamState;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.ClientConnector;

/** HTTP/1.1 over TCP, on connections that are kept per upstream. */
public final class Http1Transport implements UpstreamTransport {
    private final ClientConnector connector;
    private final Map<UpstreamState, Http1Pool> pools = new ConcurrentHashMap<>();

    /** Connections are opened through {@code connector}, which the caller starts and stops. */
    public Http1Transport(ClientConnector connector) {
        this.connector = connector;
    }

    @Override
    public UpstreamCall send(Attempt attempt, RequestBody body, UpstreamListener listener) {
        Http1Pool pool = pools.get(attempt.upstream());
        if (pool == null) {
            pool = pools.computeIfAbsent(attempt.upstream(), state -> new Http1Pool(connector));
        }
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
            Http1Pool pool = pools.remove(upstream);
            if (pool != null) {
                pool.close();
            }
        }
    }

    /** Closes all kept connections. */
    public void close() {
        retire(pools.keySet());
    }
}
