package io.weir.jetty.upstream;

import org.eclipse.jetty.io.EndPoint;
import org.jspecify.annotations.Nullable;

/** A request on its way to an upstream, or its response on the way back. */
public interface UpstreamCall {
    /** Gives it up: the connection is closed, nothing more is reported. Does nothing once the call has ended. */
    void cancel(Throwable cause);

    /** The request's body may be read from now on, after it was held back for a {@code 100 Continue}. */
    void continueBody();

    /**
     * Ends the call without closing the connection, whose protocol has been switched: it is the caller's now, to be upgraded
     * at once or closed. Null if the call has ended, or the connection is closed.
     */
    @Nullable
    EndPoint takeOver();
}
