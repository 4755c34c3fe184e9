package io.weir.jetty.upstream;

import io.weir.http.ProxyFailure;
import java.io.IOException;

/** A {@link ProxyFailure} as it travels through a body. */
public final class UpstreamFailure extends IOException {
    private static final long serialVersionUID = 1L;

    private final transient ProxyFailure failure;

    UpstreamFailure(ProxyFailure failure) {
        super(failure.detail(), failure.cause());
        this.failure = failure;
    }

    /** What went wrong. */
    public ProxyFailure failure() {
        return failure;
    }
}
