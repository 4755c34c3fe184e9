package io.weir;

import io.weir.body.Limits;
import io.weir.http.Headers;
import io.weir.upstream.PoolState;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamState;
import org.jspecify.annotations.Nullable;

/**
 * Connections to open to one upstream before a request needs them. How that goes says nothing about the upstream's health,
 * and nobody is told. What it has of a request is that of the first line only: it is never sent.
 *
 * @param pool the pool
 * @param upstream the upstream
 * @param timeouts the proxy's clocks; {@code connect} is the one that matters
 * @param limits the proxy's limits
 */
public record WarmUp(PoolState pool, UpstreamState upstream, Timeouts timeouts, Limits limits)
        implements UpstreamRequest {

    /** How many, at least 1. */
    public int connections() {
        return pool.pool().keepAlive().warmUp();
    }

    @Override
    public int port() {
        return upstream.upstream().port();
    }

    @Override
    public boolean onFreshConnection() {
        return true;
    }

    @Override
    public boolean leavesConnection() {
        return true;
    }

    @Override
    public String method() {
        return "";
    }

    @Override
    public String target() {
        return "";
    }

    @Override
    public Headers headers() {
        return Headers.empty();
    }

    @Override
    public @Nullable String upgrade() {
        return null;
    }
}
