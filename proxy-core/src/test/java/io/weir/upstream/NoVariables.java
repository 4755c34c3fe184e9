package io.weir.upstream;

import io.weir.http.RequestHead;
import io.weir.http.Variables;
import org.jspecify.annotations.Nullable;

/** A request that no balancer learns anything from. */
record NoVariables() implements Variables {
    static final Variables INSTANCE = new NoVariables();

    @Override
    public RequestHead request() {
        return RequestHead.get("/", "a.test");
    }

    @Override
    public String clientAddress() {
        return "127.0.0.1";
    }

    @Override
    public String forwardedFor() {
        return "127.0.0.1";
    }

    @Override
    public String siteName() {
        return "";
    }

    @Override
    public String upstreamAuthority() {
        return "";
    }

    @Override
    public String requestId() {
        return "";
    }

    @Override
    public @Nullable String attribute(String name) {
        return null;
    }
}
