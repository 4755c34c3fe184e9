package io.weir;

import io.weir.log.AttemptFailure;
import io.weir.log.ExchangeSummary;
import io.weir.upstream.HealthTransition;

/**
 * Is told what happens. Called on the threads that serve the sockets: it must not block. Exceptions are logged and change
 * nothing.
 */
public interface ProxyListener {
    /** An exchange has ended; called once for each, one that the proxy answered itself included. */
    default void exchangeFinished(ExchangeSummary exchange) {}

    /** A try at an upstream failed. */
    default void attemptFailed(AttemptFailure failure) {}

    /** An upstream is out, with the cause: it failed too often, or probes hold it ill. */
    default void upstreamEjected(HealthTransition transition) {}

    /** An upstream that was out is back, with the cause: it answered well. */
    default void upstreamReturned(HealthTransition transition) {}
}
