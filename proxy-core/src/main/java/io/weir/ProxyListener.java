package io.weir;

import io.weir.log.AttemptFailure;
import io.weir.log.ExchangeSummary;
import io.weir.upstream.UpstreamState;

/**
 * Is told what happens. Called on the threads that serve the sockets: it must not block. Exceptions are logged and change
 * nothing.
 */
public interface ProxyListener {
    /** An exchange has ended; called once for each, one that the proxy answered itself included. */
    default void exchangeFinished(ExchangeSummary exchange) {}

    /** A try at an upstream failed. */
    default void attemptFailed(AttemptFailure failure) {}

    /** An upstream failed too often and is out for its {@code failTimeout}. */
    default void upstreamEjected(String pool, UpstreamState upstream) {}

    /** An upstream that was out answered well and is back. */
    default void upstreamReturned(String pool, UpstreamState upstream) {}
}
