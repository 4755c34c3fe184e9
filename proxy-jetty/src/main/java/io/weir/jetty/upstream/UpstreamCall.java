package io.weir.jetty.upstream;

/** A request on its way to an upstream, or its response on the way back. */
public interface UpstreamCall {
    /** Gives it up: the connection is closed, nothing more is reported. Does nothing once the call has ended. */
    void cancel(Throwable cause);

    /** The request's body may be read from now on, after it was held back for a {@code 100 Continue}. */
    void continueBody();
}
