package io.weir;

import io.weir.body.Limits;
import io.weir.header.Forwarding;
import io.weir.http.Outcome;
import io.weir.http.Peer;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.RequestPath;
import io.weir.http.ResponseHead;
import io.weir.http.Text;
import io.weir.http.Variables;
import io.weir.log.AttemptFailure;
import io.weir.log.AttemptSummary;
import io.weir.log.ExchangeSummary;
import io.weir.middleware.RequestContext;
import io.weir.middleware.Verdict;
import io.weir.route.RouteAction;
import io.weir.route.RouteTable;
import io.weir.upstream.PoolState;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamState;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * One request and what becomes of it. The engine reports what happened, each report returns what to do. Reports may come
 * from several threads: an exchange takes them one at a time, and after its end every report returns nothing to do.
 *
 * <pre>
 *   begin ─▶ gates ─▶ upstream chosen ─▶ attempt … ─▶ delivered ─▶ finished
 *              │            │               │ failed: the next upstream, or an answer
 *              └─ answered ◀┴───────────────┘
 * </pre>
 */
public final class Exchange {
    /** The clocks of an exchange; those of an attempt are in {@link ProxyFailure}. */
    public enum Clock {
        /** {@link Timeouts#total}. */
        TOTAL,
        /** {@link Timeouts#clientBody}. */
        CLIENT_BODY,
        /** {@link Timeouts#clientSend}. */
        CLIENT_SEND
    }

    private enum State {
        /** Middleware has its say. */
        GATING,
        /** An attempt is on its way. */
        ATTEMPTING,
        /** The upstream's head has been handed out; nothing can be taken back. */
        DELIVERED,
        /** A reply of ours has been handed out. */
        ANSWERED,
        /** Broken off. */
        ABORTED,
        /** Over. */
        FINISHED
    }

    private final ReverseProxy proxy;
    private final Snapshot snapshot;
    private final RoutePlan plan;
    private final RouteTable.@Nullable Found<RoutePlan> found;
    private final @Nullable ProxyError refusal;
    private final RequestHead original;
    private final Forwarding forwarding;
    private final long openedAt;
    private final long openedMillis;
    private final Gates gates;
    private final Context context = new Context();

    private State state = State.GATING;
    private RequestHead request;
    private int tries;
    private PoolState.@Nullable Tried tried;
    private @Nullable Attempt attempt;
    private final List<AttemptSummary> attempts = new ArrayList<>(1);
    private @Nullable ProxyError error;
    private String detail = "";
    private int status;
    private long now;

    Exchange(
            ReverseProxy proxy,
            Snapshot snapshot,
            RoutePlan plan,
            RouteTable.@Nullable Found<RoutePlan> found,
            @Nullable ProxyError refusal,
            RequestHead head,
            Forwarding forwarding,
            long now,
            long wallMillis,
            Runnable wake) {
        this.proxy = proxy;
        this.snapshot = snapshot;
        this.plan = plan;
        this.found = found;
        this.refusal = refusal;
        original = head;
        request = head;
        this.forwarding = forwarding;
        openedAt = now;
        openedMillis = wallMillis;
        gates = new Gates(plan.middleware(), wake);
    }

    /** The clocks of its route. */
    public Timeouts timeouts() {
        return plan.timeouts();
    }

    /** The limits of its route. */
    public Limits limits() {
        return plan.limits();
    }

    /** Name of its site; "" for the default one. */
    public String site() {
        return plan.site();
    }

    /** The request as the client sent it. */
    public RequestHead request() {
        return original;
    }

    /** First report: the engine is ready. */
    public synchronized Decision begin(long now) {
        this.now = now;
        String problem = original.target().problem();
        if (problem != null) {
            return answer(ProxyError.BAD_REQUEST, problem);
        }
        if (original.method().equals("CONNECT") || original.method().equals("TRACE")) {
            return answer(ProxyError.METHOD_NOT_ALLOWED, original.method() + " is not for reverse proxies");
        }
        if (refusal == ProxyError.MISDIRECTED) {
            return answer(ProxyError.MISDIRECTED, "no site serves this host");
        }
        return gate();
    }

    /** A pause is over: its time has come, or the wake-up. */
    public synchronized Decision resumed(long now) {
        this.now = now;
        return state == State.GATING ? gate() : Decision.Nothing.INSTANCE;
    }

    /** The client's connection is gone. */
    public synchronized Decision clientGone(long now) {
        this.now = now;
        return breakOff(ProxyError.CLIENT_GONE, "the client closed the connection");
    }

    /** A clock of the exchange ran out. */
    public synchronized Decision expired(Clock clock, long now) {
        this.now = now;
        return switch (clock) {
            case TOTAL ->
                failHere(
                        ProxyError.RESPONSE_TIMEOUT,
                        "total clock " + plan.timeouts().total() + " ran out");
            case CLIENT_BODY ->
                failHere(
                        ProxyError.REQUEST_TIMEOUT,
                        "clientBody clock " + plan.timeouts().clientBody() + " ran out");
            case CLIENT_SEND ->
                breakOff(
                        ProxyError.CLIENT_SEND_TIMEOUT,
                        "clientSend clock " + plan.timeouts().clientSend() + " ran out");
        };
    }

    /**
     * Something else than an upstream went wrong: the request's body is malformed or too large, or the engine itself
     * failed.
     */
    public synchronized Decision failed(ProxyError error, String detail, long now) {
        this.now = now;
        return failHere(error, detail);
    }

    /**
     * Last report: the client's side is over. Counts once; end hooks and listeners hear of it.
     *
     * @param bodyBytes bytes of body that were sent to the client
     */
    public void finished(long bodyBytes, long now) {
        Outcome outcome;
        synchronized (this) {
            if (state == State.FINISHED) {
                return;
            }
            this.now = now;
            endAttempt(PoolState.Verdict.NEUTRAL, null);
            state = State.FINISHED;
            int shown = status != 0 ? status : error != null ? error.status() : ProxyError.CLIENT_GONE.status();
            outcome = new Outcome(shown, bodyBytes, error, detail);
        }
        context.runEndHooks(outcome);
        List<ProxyListener> listeners = snapshot.config().listeners();
        if (!listeners.isEmpty()) {
            ExchangeSummary summary = new ExchangeSummary(
                    context, plan.site(), plan.route(), List.copyOf(attempts), outcome, openedMillis, now - openedAt);
            ReverseProxy.tell(proxy.engine(), listeners, listener -> listener.exchangeFinished(summary));
        }
    }

    // ---- what attempts report ----

    synchronized Decision answered(Attempt from, ResponseHead head, long now) {
        this.now = now;
        if (from != attempt || state != State.ATTEMPTING) {
            return Decision.Nothing.INSTANCE;
        }
        ResponseHead mapped;
        try {
            mapped = gates.onResponse(from.toClient(head), context);
        } catch (Gates.Failure failure) {
            return answer(failure);
        }
        state = State.DELIVERED;
        status = mapped.status();
        return new Decision.Deliver(mapped);
    }

    synchronized Decision informed(Attempt from, ResponseHead head, long now) {
        this.now = now;
        boolean fits = from == attempt
                && state == State.ATTEMPTING
                && !original.protocol().equals("HTTP/1.0");
        return fits ? new Decision.Relay(from.toClient(head)) : Decision.Nothing.INSTANCE;
    }

    synchronized Decision failed(Attempt from, ProxyFailure failure, long now) {
        this.now = now;
        if (from != attempt) {
            return Decision.Nothing.INSTANCE;
        }
        boolean stale = failure.isStaleConnection();
        boolean blamed = failure.error().side() == ProxyError.Side.UPSTREAM && !stale;
        endAttempt(blamed ? PoolState.Verdict.BAD : PoolState.Verdict.NEUTRAL, failure.error());
        if (state == State.DELIVERED) {
            return tell(from, failure, abort(failure.error(), failure.detail()), "aborted");
        }
        if (state != State.ATTEMPTING) {
            return Decision.Nothing.INSTANCE;
        }
        PoolState pool = from.pool();
        var retry = pool.pool().retry();
        boolean mayRepeat = retry.allows(original.method(), failure);
        if (stale && mayRepeat) {
            pool.reacquire(from.upstream(), now);
            return forward(pool, from.upstream(), true);
        }
        if (mayRepeat && retry.allowsAnother(tries, pool.pool().upstreams().size())) {
            if (tried == null) {
                tried = new PoolState.Tried();
            }
            tried.add(from.upstream());
            UpstreamState next = pool.acquire(tried, now, context);
            if (next != null) {
                tries++;
                Decision decision = forward(pool, next, false);
                return tell(from, failure, decision, "next " + next.upstream().url());
            }
        }
        Decision decision = answer(failure.error(), failure.detail());
        return tell(from, failure, decision, "answered " + failure.error().status());
    }

    synchronized void finished(Attempt from, long now) {
        this.now = now;
        if (from == attempt) {
            endAttempt(PoolState.Verdict.GOOD, null);
        }
    }

    // ---- the way of a request ----

    private Decision gate() {
        Verdict verdict;
        try {
            verdict = gates.next(request, context);
        } catch (Gates.Failure failure) {
            return answer(failure);
        }
        if (verdict == null) {
            return new Decision.Pause(Long.MAX_VALUE);
        }
        if (verdict instanceof Verdict.Answer answer) {
            return answer(answer.reply());
        }
        if (verdict instanceof Verdict.Proceed proceed) {
            request = proceed.request();
        }
        return act();
    }

    private Decision act() {
        RouteAction action = plan.action();
        if (action == null) {
            return answer(ProxyError.NO_ROUTE, "no route serves this request");
        }
        if (action instanceof RouteAction.Answer answer) {
            return answer(answer.reply());
        }
        if (action instanceof RouteAction.Redirect redirect) {
            return answer(Reply.redirect(redirect.status(), redirect.location().render(context)));
        }
        if (found != null && found.addsSlash()) {
            String query = original.query();
            String path = RequestPath.escape(original.path()) + "/";
            return answer(Reply.redirect(301, query == null || query.isEmpty() ? path : path + "?" + query));
        }
        PoolState pool = plan.pool();
        if (pool == null) {
            return answer(ProxyError.NO_ROUTE, "the route has no pool");
        }
        UpstreamState upstream = pool.acquire(null, now, context);
        if (upstream == null) {
            String detail = "no upstream of \"" + pool.pool().name() + "\" can be tried: " + pool.describe(now);
            return answer(ProxyError.UPSTREAM_UNAVAILABLE, detail);
        }
        tries = 1;
        return forward(pool, upstream, false);
    }

    private Decision forward(PoolState pool, UpstreamState upstream, boolean onFreshConnection) {
        Attempt next = new Attempt(this, plan, pool, upstream, onFreshConnection, now);
        attempt = next;
        state = State.ATTEMPTING;
        try {
            next.prepare(request, forwarding, found == null ? 0 : found.prefixLength(), context);
        } catch (RuntimeException e) {
            proxy.engine().userCodeFailed("header policy of route \"" + plan.route() + "\"", e);
            return answer(
                    ProxyError.INTERNAL_ERROR, "the request for the upstream could not be made: " + e.getMessage());
        }
        return new Decision.Forward(next);
    }

    // ---- ways to end ----

    /** An error of ours or the client's: an answer while that is possible, else a break. */
    private Decision failHere(ProxyError error, String detail) {
        return switch (state) {
            case GATING, ATTEMPTING -> {
                endAttempt(blamesUpstream(error) ? PoolState.Verdict.BAD : PoolState.Verdict.NEUTRAL, error);
                yield answer(error, detail);
            }
            default -> breakOff(error, detail);
        };
    }

    private Decision breakOff(ProxyError error, String detail) {
        if (state == State.FINISHED || state == State.ABORTED) {
            return Decision.Nothing.INSTANCE;
        }
        endAttempt(blamesUpstream(error) ? PoolState.Verdict.BAD : PoolState.Verdict.NEUTRAL, error);
        return abort(error, detail);
    }

    private Decision abort(ProxyError error, String detail) {
        state = State.ABORTED;
        this.error = error;
        this.detail = detail;
        return new Decision.Abort(error);
    }

    private Decision answer(ProxyError error, String detail) {
        this.error = error;
        this.detail = detail;
        return answer(Reply.of(error));
    }

    private Decision answer(Gates.Failure failure) {
        proxy.engine().userCodeFailed(failure.what(), failure.getCause());
        endAttempt(PoolState.Verdict.NEUTRAL, ProxyError.INTERNAL_ERROR);
        error = ProxyError.INTERNAL_ERROR;
        detail = failure.what() + ": " + failure.getCause();
        return handOut(Reply.of(ProxyError.INTERNAL_ERROR));
    }

    private Decision answer(Reply reply) {
        endAttempt(PoolState.Verdict.NEUTRAL, error);
        ResponseHead head = reply.head();
        try {
            head = head.withHeaders(plan.headers().onReply(head.status(), head.headers(), context));
            head = gates.onResponse(head, context);
        } catch (Gates.Failure failure) {
            return answer(failure);
        }
        return handOut(reply.withHead(head));
    }

    private Decision handOut(Reply reply) {
        state = State.ANSWERED;
        status = reply.status();
        return new Decision.Answer(reply);
    }

    /** Gives the running attempt's slot back, once. */
    private void endAttempt(PoolState.Verdict verdict, @Nullable ProxyError cause) {
        Attempt ending = attempt;
        if (ending == null) {
            return;
        }
        attempt = null;
        attempts.add(ending.summary(cause, now));
        PoolState.Transition transition = ending.pool().release(ending.upstream(), verdict, now);
        if (transition != PoolState.Transition.NONE) {
            String pool = ending.pool().pool().name();
            boolean out = transition == PoolState.Transition.EJECTED;
            tell(listener -> {
                if (out) {
                    listener.upstreamEjected(pool, ending.upstream());
                } else {
                    listener.upstreamReturned(pool, ending.upstream());
                }
            });
        }
    }

    private Decision tell(Attempt from, ProxyFailure failure, Decision decision, String consequence) {
        tell(listener -> listener.attemptFailed(new AttemptFailure(
                original,
                plan.site(),
                plan.route(),
                from.pool().pool().name(),
                from.upstream().upstream().url(),
                failure,
                consequence)));
        return decision;
    }

    private void tell(Consumer<ProxyListener> news) {
        ReverseProxy.tell(proxy.engine(), snapshot.config().listeners(), news);
    }

    private static boolean blamesUpstream(ProxyError error) {
        return error.side() == ProxyError.Side.UPSTREAM;
    }

    /** Method and target, made safe to print. */
    @Override
    public String toString() {
        return original.toString();
    }

    /** The exchange as templates and middleware see it. */
    private final class Context implements Variables, RequestContext {
        private @Nullable Map<String, String> attributes;
        private @Nullable List<Consumer<Outcome>> endHooks;
        private @Nullable String requestId;

        @Override
        public RequestHead request() {
            return original;
        }

        @Override
        public RequestHead original() {
            return original;
        }

        @Override
        public Peer peer() {
            return forwarding.peer();
        }

        @Override
        public @Nullable InetAddress client() {
            return forwarding.client();
        }

        @Override
        public String clientAddress() {
            return forwarding.clientAddress();
        }

        @Override
        public String forwardedFor() {
            return forwarding.chain();
        }

        @Override
        public String siteName() {
            return plan.site();
        }

        @Override
        public String upstreamAuthority() {
            Attempt current = attempt;
            return current == null ? "" : current.upstream().upstream().authority();
        }

        @Override
        public String requestId() {
            if (requestId == null) {
                requestId = Text.hex(proxy.engine().random())
                        + Text.hex(proxy.engine().random());
            }
            return requestId;
        }

        @Override
        public @Nullable String attribute(String name) {
            return attributes == null ? null : attributes.get(name);
        }

        @Override
        public void attribute(String name, String value) {
            if (attributes == null) {
                attributes = new HashMap<>();
            }
            attributes.put(name, value);
        }

        @Override
        public long now() {
            return now;
        }

        @Override
        public void onEnd(Consumer<Outcome> hook) {
            if (endHooks == null) {
                endHooks = new ArrayList<>();
            }
            endHooks.add(hook);
        }

        @Override
        public Executor executor() {
            return proxy.engine().executor();
        }

        private void runEndHooks(Outcome outcome) {
            if (endHooks == null) {
                return;
            }
            for (Consumer<Outcome> hook : endHooks) {
                try {
                    hook.accept(outcome);
                } catch (RuntimeException e) {
                    proxy.engine().userCodeFailed("end hook", e);
                }
            }
        }
    }
}
