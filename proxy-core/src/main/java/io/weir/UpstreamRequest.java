package io.weir;

import io.weir.body.BodyChain;
import io.weir.body.Limits;
import io.weir.http.Headers;
import io.weir.upstream.PoolState;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamState;
import org.jspecify.annotations.Nullable;

/** What an engine sends to an upstream, or connects for: a try of an exchange, a probe, a warm-up. */
public sealed interface UpstreamRequest permits Attempt, Probe, WarmUp {
    /** The pool. */
    PoolState pool();

    /** The upstream. */
    UpstreamState upstream();

    /** The TCP port to connect to: the upstream's, but for a probe that asks another. */
    int port();

    /** Whether no kept connection may be used. */
    boolean onFreshConnection();

    /** Whether its connection may serve others afterwards. */
    boolean leavesConnection();

    /** The method, as it goes out. */
    String method();

    /** The target, in origin-form. */
    String target();

    /** The fields, without framing. */
    Headers headers();

    /** The protocol that it asks the upstream to switch to, lower-cased; null for none. Its fields name it already. */
    @Nullable
    String upgrade();

    /** What its body passes through on the way; null: nothing. Its fields speak of what comes out. */
    default @Nullable BodyChain bodyChain() {
        return null;
    }

    /** The clocks. */
    Timeouts timeouts();

    /** The limits. */
    Limits limits();
}
