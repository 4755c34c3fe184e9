package io.weir;

import io.weir.body.Limits;
import io.weir.http.Headers;
import io.weir.upstream.ActiveHealth;
import io.weir.upstream.PoolState;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamState;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;

/**
 * One request of the proxy's own that finds out whether an upstream is well. One result is reported; what is reported after
 * that is ignored, as is all of it once another configuration has changed the pool.
 */
public final class Probe implements UpstreamRequest {
    private final ReverseProxy proxy;
    private final PoolState pool;
    private final UpstreamState upstream;
    private final ActiveHealth rule;
    private final Timeouts timeouts;
    private final AtomicBoolean reported = new AtomicBoolean();

    Probe(ReverseProxy proxy, PoolState pool, UpstreamState upstream, ActiveHealth rule) {
        this.proxy = proxy;
        this.pool = pool;
        this.upstream = upstream;
        this.rule = rule;
        timeouts = Timeouts.of(rule.timeout(), rule.timeout(), rule.timeout());
    }

    @Override
    public PoolState pool() {
        return pool;
    }

    @Override
    public UpstreamState upstream() {
        return upstream;
    }

    @Override
    public int port() {
        return rule.portOf(upstream.upstream());
    }

    @Override
    public boolean onFreshConnection() {
        return true;
    }

    @Override
    public boolean leavesConnection() {
        return false;
    }

    @Override
    public String method() {
        return rule.method();
    }

    @Override
    public String target() {
        return rule.path();
    }

    @Override
    public Headers headers() {
        return rule.headersFor(upstream.upstream());
    }

    @Override
    public @Nullable String upgrade() {
        return null;
    }

    /** The clocks, each as long as the probe may take in all: the engine has to see to that limit itself. */
    @Override
    public Timeouts timeouts() {
        return timeouts;
    }

    @Override
    public Limits limits() {
        return Limits.defaults();
    }

    /** How it is sent, how long it may take and how much of the answer's body it wants. */
    public ActiveHealth rule() {
        return rule;
    }

    /**
     * It has been answered.
     *
     * @param bodyStart the first {@link ActiveHealth#bodyBytes} of the body, or all that there are, a character for each byte
     */
    public void answered(int status, String bodyStart, long now) {
        report(rule.faultOf(status, bodyStart), String.valueOf(status), now);
    }

    /**
     * It has not been answered.
     *
     * @param cause for an operator to read
     */
    public void failed(String cause, long now) {
        report(cause, "", now);
    }

    private void report(@Nullable String fault, String result, long now) {
        if (reported.compareAndSet(false, true)) {
            proxy.probed(this, fault, result, now);
        }
    }

    /** What is asked of whom. */
    @Override
    public String toString() {
        return rule + " at " + upstream.upstream().url();
    }
}
