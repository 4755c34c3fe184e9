package io.weir.middleware;

import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A middleware made of functions. {@code onlyLooks}: its verdict depends on the request alone, and giving it changes nothing. */
record Named(
        String name,
        BiFunction<RequestHead, RequestContext, Verdict> request,
        @Nullable UnaryOperator<ResponseHead> response,
        boolean onlyLooks)
        implements Middleware {

    @Override
    public Verdict onRequest(RequestHead head, RequestContext context) {
        return request.apply(head, context);
    }

    @Override
    public String toString() {
        return name;
    }

    @Override
    public @Nullable Verdict peek(RequestHead head, RequestContext context) {
        return onlyLooks ? request.apply(head, context) : null;
    }

    @Override
    public ResponseHead onResponse(ResponseHead head, RequestContext context) {
        return response == null ? head : response.apply(head);
    }
}
