package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.WarmUp;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.jetty.body.RequestBody;
import io.weir.jetty.server.SharedSelector;
import io.weir.jetty.tls.UpstreamSslContext;
import io.weir.jetty.tls.UpstreamSslContexts;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamState;
import java.util.Collection;
import java.util.Collections;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.jetty.io.ClientConnector;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** HTTP/1.1 over TCP, TLS and Unix-domain sockets, on connections that are kept per upstream. */
final class Http1Transport implements UpstreamTransport {
    private static final Logger LOG = LoggerFactory.getLogger("io.weir.upstream");

    private final ClientConnector connector;
    private final UpstreamSslContexts tls;
    private final Addresses names;
    private final Map<UpstreamState, Http1Pool> pools = new ConcurrentHashMap<>();

    /** Upstreams that exchanges of an older configuration may still use; guarded by itself, as is adding to the pools. */
    private final Set<UpstreamState> retired = Collections.newSetFromMap(new WeakHashMap<>());

    private boolean closed;

    /** Connections are opened through {@code connector}, which the caller starts and stops. */
    Http1Transport(ClientConnector connector, UpstreamSslContexts tls, Addresses names) {
        this.connector = connector;
        this.tls = tls;
        this.names = names;
    }

    @Override
    public UpstreamCall send(UpstreamRequest attempt, RequestBody body, UpstreamListener listener) {
        Http1Pool pool = attempt.leavesConnection() ? poolOf(attempt) : keepingNone(attempt);
        pool.configure(attempt.pool().pool().keepAlive());
        Http1Call call = new Http1Call(attempt, body, listener, connector.getScheduler(), connector.getExecutor());
        call.begin();
        SharedSelector.atEndOfTurn(() -> {
            try {
                connect(attempt, pool, call);
            } catch (RuntimeException e) {
                call.failed(ProxyFailure.connecting(ProxyError.INTERNAL_ERROR, "could not be sent: " + e, e));
            }
        });
        return call;
    }

    private void connect(UpstreamRequest attempt, Http1Pool pool, Http1Call call) {
        if (call.hasEnded()) {
            return; // the client has gone meanwhile, say
        }
        Http1Connection kept = attempt.onFreshConnection() ? null : pool.take(call);
        if (kept != null) {
            call.start(kept, true);
        } else {
            call.await(new ConnectAttempt(connector, names, pool, attempt, call));
        }
    }

    @Override
    public void warmUp(WarmUp warmUp) {
        Http1Pool pool = poolOf(warmUp);
        pool.configure(warmUp.pool().pool().keepAlive());
        for (int i = 0; i < warmUp.connections(); i++) {
            new ConnectAttempt(connector, names, pool, warmUp, new OpenedAhead()).start();
        }
    }

    /** Closes the kept connections of upstreams that are in use no more. */
    void retire(Collection<UpstreamState> upstreams) {
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
    void close() {
        synchronized (retired) {
            closed = true;
        }
        retire(pools.keySet());
    }

    private Http1Pool poolOf(UpstreamRequest request) {
        UpstreamState upstream = request.upstream();
        UpstreamSslContext context = contextOf(request);
        Http1Pool pool = pools.get(upstream);
        if (pool != null && pool.tls() == context) {
            return pool;
        }
        Http1Pool fresh = new Http1Pool(connector, context);
        Http1Pool superseded; // by other certificates, say
        synchronized (retired) {
            if (closed || retired.contains(upstream)) {
                return keepingNone(request);
            }
            pool = pools.get(upstream);
            if (pool != null && pool.tls() == context) {
                return pool;
            }
            superseded = pools.put(upstream, fresh);
        }
        if (superseded != null) {
            superseded.close();
        }
        return fresh;
    }

    private Http1Pool keepingNone(UpstreamRequest request) {
        Http1Pool keepsNone = new Http1Pool(connector, contextOf(request));
        keepsNone.close();
        return keepsNone;
    }

    /** A connection that goes to its pool without having served. */
    private static final class OpenedAhead implements ConnectAttempt.Caller {
        @Override
        public void opened(Http1Connection connection) {
            connection.keep();
        }

        @Override
        public void failed(ProxyFailure failure) {
            LOG.debug("no connection opened ahead: {}", failure.detail());
        }
    }

    private @Nullable UpstreamSslContext contextOf(UpstreamRequest request) {
        Upstream upstream = request.upstream().upstream();
        return upstream.isSecure() ? tls.of(request.pool().pool(), upstream) : null;
    }
}
