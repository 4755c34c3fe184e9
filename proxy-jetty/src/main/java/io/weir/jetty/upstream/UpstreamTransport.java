package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.WarmUp;
import io.weir.jetty.body.RequestBody;

/** Carries requests to upstreams: attempts of exchanges, and probes. */
public interface UpstreamTransport {
    /**
     * Sends the request and reports what becomes of it. The listener may be called within this call.
     *
     * @param body the request's body, read as the upstream takes it
     */
    UpstreamCall send(UpstreamRequest request, RequestBody body, UpstreamListener listener);

    /** Opens connections for requests to come. What fails is left: a request will tell. */
    void warmUp(WarmUp warmUp);
}
