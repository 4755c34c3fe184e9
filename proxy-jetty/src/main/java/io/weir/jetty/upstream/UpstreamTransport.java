package io.weir.jetty.upstream;

import io.weir.Attempt;
import io.weir.jetty.body.RequestBody;

/** Carries attempts to upstreams. */
public interface UpstreamTransport {
    /**
     * Sends the attempt's request and reports what becomes of it. The listener may be called within this call.
     *
     * @param body the request's body, read as the upstream takes it
     */
    UpstreamCall send(Attempt attempt, RequestBody body, UpstreamListener listener);
}
