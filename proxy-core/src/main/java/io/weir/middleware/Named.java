package io.weir.middleware;

import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.util.function.BiFunction;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A middleware made of functions. */
record Named(
        String name,
        BiFunction<RequestHead, RequestContext, Verdict> request,
        @Nullable UnaryOperator<ResponseHead> response)
        implements Middleware {

    @Override
    public Verdict onRequest(RequestHead head, RequestContext context) {
        return request.apply(head, context);
    }

    @Override
    public ResponseHead onResponse(ResponseHead head, RequestContext context) {
        return response == null ? head : response.apply(head);
    }
}
