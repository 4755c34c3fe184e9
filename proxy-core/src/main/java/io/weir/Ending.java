package io.weir;

import io.weir.http.Outcome;
import io.weir.http.ProxyError;
import io.weir.http.Reply;
import io.weir.http.ResponseHead;
import org.jspecify.annotations.Nullable;

/**
 * How an exchange ends for its client: a reply of ours on its way out, and what logs will say of it all. Guarded by the
 * exchange.
 */
final class Ending {
    private final Engine engine;
    private final RoutePlan plan;
    private final ExchangeContext context;
    private final Gates gates;
    private @Nullable ResponseHead sent;
    private @Nullable ProxyError error;
    private String detail = "";

    Ending(Engine engine, RoutePlan plan, ExchangeContext context, Gates gates) {
        this.engine = engine;
        this.plan = plan;
        this.context = context;
        this.gates = gates;
    }

    /** What went wrong, or null. */
    @Nullable
    ProxyError error() {
        return error;
    }

    /** The client gets that head. */
    void sent(ResponseHead head) {
        sent = head;
    }

    /** The head that the client got; null if none left. */
    @Nullable
    ResponseHead sent() {
        return sent;
    }

    /** Makes a reply out of an error. */
    Reply replyTo(ProxyError error, String detail) {
        this.error = error;
        this.detail = detail;
        return Reply.of(error);
    }

    /** Makes a reply out of an exception of user code, and has it logged. */
    Reply replyTo(UserCodeFailure failure) {
        tell(failure);
        return replyTo(ProxyError.INTERNAL_ERROR, failure.what() + ": " + failure.thrown());
    }

    /** Has an exception of user code logged. */
    void tell(UserCodeFailure failure) {
        engine.userCodeFailed(failure.what(), failure.thrown());
    }

    /** The reply as it goes out: by way of the header edits and of the middleware that has passed the request. */
    Reply finish(Reply reply) {
        Reply shown = edit(reply);
        while (true) {
            try {
                shown = shown.withHead(gates.onResponse(shown.head()));
                sent = shown.head();
                return shown;
            } catch (UserCodeFailure failure) {
                shown = replyTo(failure); // for the middleware that is left: each failure leaves fewer
            }
        }
    }

    /** Breaks off. If that hits the reply to an error, the first one stays the cause. */
    void abort(ProxyError error, String detail) {
        if (this.error == null) {
            this.error = error;
            this.detail = detail;
        }
    }

    /** What logs will say. */
    Outcome outcome(long bodyBytes) {
        if (sent == null && error == null) {
            abort(ProxyError.CLIENT_GONE, "it ended before anything was sent");
        }
        int status = sent != null ? sent.status() : error != null ? error.status() : 0;
        return new Outcome(status, bodyBytes, error, detail);
    }

    private Reply edit(Reply reply) {
        ResponseHead head = reply.head();
        try {
            return reply.withHead(head.withHeaders(plan.headers().onReply(head.status(), head.headers(), context)));
        } catch (RuntimeException e) {
            return replyTo(plan.headersFailed(e));
        }
    }
}
