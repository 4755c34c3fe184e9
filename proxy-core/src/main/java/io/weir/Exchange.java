package io.weir;

import io.weir.body.BodyChain;
import io.weir.body.BodyException;
import io.weir.body.Limits;
import io.weir.http.Outcome;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.RequestPath;
import io.weir.http.ResponseHead;
import io.weir.http.Traffic;
import io.weir.log.ExchangeSummary;
import io.weir.log.WebSocketSummary;
import io.weir.middleware.Verdict;
import io.weir.route.Route;
import io.weir.route.RouteAction;
import io.weir.route.RouteTable;
import io.weir.route.WebSocketPolicy;
import io.weir.upstream.MinimumRate;
import io.weir.upstream.PoolState;
import io.weir.upstream.Timeouts;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One request and what becomes of it. The engine reports what happened, each report returns what to do. Reports may come
 * from several threads: an exchange takes them one at a time, and after its end every report returns nothing to do.
 *
 * <pre>
 *   begin ─▶ gates ─▶ (body collected) ─▶ upstream chosen ─▶ attempt … ─▶ delivered ─▶ finished
 *              │                              │      ▲        │ failed: the next upstream, or an answer
 *              │                              ├─ waiting ◀────┤
 *              └─ answered ◀──────────────────┴───────────────┘
 * </pre>
 *
 * <p>Middleware and most listeners are called while the exchange is locked, which is why they must not block. Wake-ups,
 * end hooks and {@link ProxyListener#exchangeFinished} are not. A wake-up can overtake the pause that it ends: whoever
 * reports {@link #resumed} may get the next decision before the thread that got the pause has done anything with it.
 */
public final class Exchange {
    /** The clocks of an exchange; those of an attempt are in {@link ProxyFailure}. */
    public enum Clock {
        /** {@link Timeouts#total}. */
        TOTAL,
        /** {@link Timeouts#tunnel}. */
        TUNNEL,
        /** {@link Timeouts#clientBody}. */
        CLIENT_BODY,
        /** {@link Timeouts#clientSend}. */
        CLIENT_SEND
    }

    private enum State {
        /** Nothing was reported yet. */
        OPENED,
        /** Middleware has its say. */
        GATING,
        /** The request's body is read. */
        COLLECTING,
        /** An attempt is on its way. */
        ATTEMPTING,
        /** A slot, or the end of a back-off, is waited for. */
        WAITING,
        /** The upstream's head has been handed out; nothing can be taken back. */
        DELIVERED,
        /** A reply of ours has been handed out. */
        ANSWERED,
        /** Broken off. */
        ABORTED,
        /** Over. */
        FINISHED
    }

    private static final Decision NOTHING = Decision.Nothing.INSTANCE;

    private final Engine engine;
    private final Listeners listeners;
    private final RouteTable.@Nullable Found<RoutePlan> found;
    private final RoutePlan plan;
    private final ExchangeContext context;
    private final Gates gates;
    private final Attempts attempts;
    private final Ending ending;
    private State state = State.OPENED;
    private @Nullable ProxyFailure lastFailure;
    /** Is delivered if no other upstream is left to try. */
    private @Nullable ResponseHead heldBack;
    /** What the delivered body passes through. */
    private volatile @Nullable BodyChain bodyChain;
    /** Goes on when its body has been collected. */
    private @Nullable RequestHead collecting;

    Exchange(
            Engine engine,
            Listeners listeners,
            RouteTable.@Nullable Found<RoutePlan> found,
            RoutePlan plan,
            ExchangeContext context,
            Runnable wake) {
        this.engine = engine;
        this.listeners = listeners;
        this.found = found;
        this.plan = plan;
        this.context = context;
        RequestHead shown = plan.middleware().isEmpty()
                ? context.original()
                : plan.headers().sanitised(context.original(), context.forwarding());
        gates = new Gates(plan.middleware(), shown, context, wake);
        attempts = new Attempts(this, plan, found == null ? 0 : found.prefixLength(), context, engine, listeners, wake);
        ending = new Ending(engine, plan, context, gates);
    }

    /** The clocks of its route. */
    public Timeouts timeouts() {
        return plan.timeouts();
    }

    /** The limits of its route. */
    public Limits limits() {
        return plan.limits();
    }

    /** {@link Route#eventComments} of its route. */
    public @Nullable Duration eventComments() {
        Route route = plan.mapper();
        return route == null ? null : route.eventComments();
    }

    /** What the body of the response that is delivered passes through on its way to the client; null: nothing. */
    public @Nullable BodyChain bodyChain() {
        return bodyChain;
    }

    /** Name of its site; "" for the default one. */
    public String site() {
        return plan.site();
    }

    /** The request as the client sent it. */
    public RequestHead request() {
        return context.original();
    }

    // ---- what the engine reports ----

    /** First report: the engine is ready. */
    public Decision begin(long now) {
        return thenWake(begun(now));
    }

    private synchronized Decision begun(long now) {
        if (state != State.OPENED) {
            return NOTHING;
        }
        context.at(now);
        state = State.GATING;
        Refusal refusal = Refusal.of(request(), plan, found != null);
        return refusal == null ? gate() : answer(refusal.error(), refusal.detail());
    }

    /** A pause is over: its time has come, or the wake-up. */
    public Decision resumed(long now) {
        return thenWake(goOn(now));
    }

    private synchronized Decision goOn(long now) {
        if (state != State.GATING && state != State.WAITING) {
            return NOTHING;
        }
        context.at(now);
        return state == State.GATING ? gate() : waited();
    }

    /** The request's body has been read whole, or as far as there is room for it if no more could be had. */
    public Decision collected(long now) {
        return thenWake(wasCollected(now));
    }

    private synchronized Decision wasCollected(long now) {
        RequestHead request = collecting;
        PoolState pool = plan.pool();
        if (state != State.COLLECTING || request == null || pool == null) {
            return NOTHING;
        }
        context.at(now);
        return forward(pool, request);
    }

    /** The client's connection is gone. */
    public Decision clientGone(long now) {
        return failed(ProxyError.CLIENT_GONE, "the client closed the connection", now);
    }

    /** A clock of the exchange ran out. */
    public Decision expired(Clock clock, long now) {
        Timeouts clocks = plan.timeouts();
        return switch (clock) {
            case TOTAL -> failed(ProxyError.RESPONSE_TIMEOUT, "total clock " + clocks.total() + " ran out", now);
            case TUNNEL ->
                failed(ProxyError.CONNECTION_READ_TIMEOUT, "tunnel clock " + clocks.tunnel() + " ran out", now);
            case CLIENT_BODY ->
                failed(
                        ProxyError.REQUEST_TIMEOUT,
                        "clientBody clock " + clocks.clientBody() + rate(clocks) + " ran out",
                        now);
            case CLIENT_SEND ->
                failed(
                        ProxyError.CLIENT_SEND_TIMEOUT,
                        "clientSend clock " + clocks.clientSend() + rate(clocks) + " ran out",
                        now);
        };
    }

    private static String rate(Timeouts clocks) {
        MinimumRate rate = clocks.clientRate();
        return rate == null ? "" : " (or clientRate " + rate + ")";
    }

    /**
     * Something else than an upstream went wrong: the request's body is malformed or too large, or the engine itself
     * failed. An answer while that is possible, else a break. It says nothing about the health of the upstream.
     */
    public Decision failed(ProxyError error, String detail, long now) {
        return thenWake(brokenOff(error, detail, false, now));
    }

    /**
     * A transformer of the response's body failed. It says nothing about the health of the upstream.
     *
     * @param nothingSent whether the client has got nothing of the delivered head: it can have an answer instead
     */
    public Decision bodyFailed(BodyException failure, boolean nothingSent, long now) {
        return thenWake(brokenOff(failure.error(), String.valueOf(failure.getMessage()), nothingSent, now));
    }

    private synchronized Decision brokenOff(ProxyError error, String detail, boolean headKept, long now) {
        if (state == State.ABORTED || state == State.FINISHED) {
            return NOTHING;
        }
        context.at(now);
        attempts.end(error);
        boolean nothingSent = state == State.DELIVERED ? headKept : state != State.ANSWERED;
        boolean hasReader = error != ProxyError.CLIENT_GONE && error != ProxyError.CLIENT_SEND_TIMEOUT;
        return nothingSent && hasReader ? answer(error, detail) : abort(error, detail);
    }

    /** A message hook of the route threw, or its stage failed; the WebSocket is about to be closed. */
    public void messageHookFailed(Throwable thrown) {
        ending.tell(new UserCodeFailure("message hook of route \"" + plan.route() + "\"", thrown));
    }

    /**
     * Last report: the client's side is over. Counts once; end hooks and listeners hear of it.
     *
     * @param traffic what went over the client's connection
     */
    public void finished(Traffic traffic, long now) {
        finished(traffic, null, now);
    }

    /**
     * Last report of an exchange whose connection may have become a WebSocket.
     *
     * @param traffic what went over the client's connection; of a WebSocket, what came after the head is its body
     * @param webSocket what passed through the WebSocket; null if there was none
     */
    public void finished(Traffic traffic, @Nullable WebSocketSummary webSocket, long now) {
        Outcome outcome;
        BodyChain engaged;
        ResponseHead sent;
        boolean told;
        synchronized (this) {
            if (state == State.FINISHED) {
                return;
            }
            context.at(now);
            outcome = ending.outcome(traffic.bodySent());
            sent = ending.sent();
            told = isOfLastFailure(outcome);
            attempts.end(outcome.error());
            attempts.leave();
            gates.close();
            state = State.FINISHED;
            engaged = bodyChain;
        }
        if (engaged != null) {
            engaged.close();
        }
        thenWake(NOTHING);
        context.ended(outcome);
        ExchangeSummary summary = new ExchangeSummary(
                context,
                plan.site(),
                plan.route(),
                plan.pool() == null ? "" : plan.pool().pool().name(),
                attempts.ended(),
                outcome,
                sent,
                traffic,
                told,
                plan.accessLog(),
                context.openedMillis(),
                now - context.openedAt(),
                webSocket);
        listeners.tell(listener -> listener.exchangeFinished(summary));
    }

    /** The same where nothing is known but the bytes of body that were sent. */
    public void finished(long bodyBytes, long now) {
        finished(Traffic.ofBody(bodyBytes), now);
    }

    private boolean isOfLastFailure(Outcome outcome) {
        return lastFailure != null
                && lastFailure.error() == outcome.error()
                && lastFailure.detail().equals(outcome.detail());
    }

    // ---- what attempts report ----

    synchronized void bodyFollows(Attempt from) {
        if (attempts.isRunning(from)) {
            from.engage(engine);
        }
    }

    synchronized void connected(Attempt from, long now) {
        if (attempts.isRunning(from)) {
            from.connectedAt(now);
        }
    }

    Decision informed(Attempt from, ResponseHead head, long now) {
        return thenWake(hearInterim(from, head, now));
    }

    Decision answered(Attempt from, ResponseHead head, boolean bodyLost, long now) {
        return thenWake(hearAnswer(from, head, bodyLost, now));
    }

    Decision failed(Attempt from, ProxyFailure failure, long now) {
        return thenWake(hearFailure(from, failure, now));
    }

    void broke(Attempt from, ProxyFailure failure, long now) {
        thenWake(hearBreak(from, failure, now));
    }

    void finished(Attempt from, long now) {
        thenWake(hearEnd(from, now));
    }

    private synchronized Decision hearInterim(Attempt from, ResponseHead head, long now) {
        boolean fits = isAwaited(from)
                && !request().protocol().equals("HTTP/1.0")
                && !(head.status() == 100 && plan.collectsBodies());
        if (!fits) {
            return NOTHING;
        }
        context.at(now);
        try {
            return new Decision.Relay(from.toClient(head));
        } catch (UserCodeFailure failure) {
            return answer(failure);
        }
    }

    private synchronized Decision hearAnswer(Attempt from, ResponseHead head, boolean bodyLost, long now) {
        if (!isAwaited(from)) {
            return NOTHING;
        }
        context.at(now);
        try {
            from.answeredAt(now, head);
            Decision next = attempts.insteadOf(from, head, bodyLost);
            if (next == null) {
                return deliver(from, head);
            }
            heldBack = head;
            return follow(next);
        } catch (UserCodeFailure failure) {
            return answer(failure);
        }
    }

    private synchronized Decision hearFailure(Attempt from, ProxyFailure failure, long now) {
        if (state == State.DELIVERED && from.isBroken()) {
            context.at(now);
            return abort(failure.error(), failure.detail());
        }
        if (!attempts.isRunning(from)) {
            return NOTHING;
        }
        context.at(now);
        Decision afresh = state == State.ATTEMPTING ? afresh(failure) : null;
        if (afresh != null) {
            return afresh; // and no news
        }
        attempts.endFailed(failure);
        lastFailure = failure;
        Decision decision = switch (state) {
            case DELIVERED -> abort(failure.error(), failure.detail());
            case WAITING -> loseHeldBack();
            default -> tryNext(from, failure);
        };
        attempts.tellFailed(from, failure, decision);
        return decision;
    }

    private synchronized Decision hearBreak(Attempt from, ProxyFailure failure, long now) {
        if (attempts.isRunning(from) && state == State.DELIVERED) {
            context.at(now);
            from.markBroken();
            attempts.endFailed(failure);
            lastFailure = failure;
            attempts.leave();
            attempts.tellFailed(from, failure, new Decision.Abort(failure.error()));
        }
        return NOTHING;
    }

    private synchronized Decision hearEnd(Attempt from, long now) {
        if (attempts.isRunning(from) && state == State.DELIVERED) {
            context.at(now);
            attempts.endWell();
            attempts.leave();
        }
        return NOTHING;
    }

    /** Runs the wake-ups of those who wait for a slot that came free. Called when the lock is left. */
    private Decision thenWake(Decision decision) {
        PoolState pool = plan.pool();
        if (pool != null) {
            pool.wakeWaiting();
        }
        return decision;
    }

    /** Whether a head from that attempt is still of use. */
    private boolean isAwaited(Attempt from) {
        return state == State.ATTEMPTING && attempts.isRunning(from);
    }

    // ---- the way of a request ----

    private Decision gate() {
        Verdict verdict;
        try {
            verdict = gates.next();
        } catch (UserCodeFailure failure) {
            return answer(failure);
        }
        if (verdict == null) {
            return new Decision.Pause(gates.pausesUntil());
        }
        if (verdict instanceof Verdict.Answer answer) {
            return answer(answer.reply());
        }
        return act(verdict instanceof Verdict.Proceed proceed ? proceed.request() : request());
    }

    private Decision act(RequestHead request) {
        RouteAction action = plan.action();
        if (action instanceof RouteAction.Answer answer) {
            return answer(answer.reply());
        }
        if (action instanceof RouteAction.Redirect redirect) {
            return redirect(redirect);
        }
        PoolState pool = plan.pool();
        if (pool == null) {
            return answer(ProxyError.NO_ROUTE, "no route serves this request");
        }
        if (found != null && found.addsSlash()) {
            return addSlash();
        }
        Reply refusal = plan.refusalOf(request());
        if (refusal != null) {
            return answer(refusal);
        }
        if (plan.collectsBodies()) {
            state = State.COLLECTING;
            collecting = request;
            return new Decision.Collect(plan.buffering().ofRequests());
        }
        return forward(pool, request);
    }

    private Decision forward(PoolState pool, RequestHead request) {
        try {
            Decision first = attempts.first(pool, request);
            return first != null ? follow(first) : answerNone(pool);
        } catch (UserCodeFailure failure) {
            return answer(failure);
        }
    }

    private @Nullable Decision afresh(ProxyFailure failure) {
        try {
            return attempts.afresh(failure);
        } catch (UserCodeFailure failureOfUser) {
            return answer(failureOfUser);
        }
    }

    private Decision tryNext(Attempt failed, ProxyFailure failure) {
        try {
            Decision next = attempts.after(failed, failure);
            return next != null ? follow(next) : answer(failure.error(), failure.detail());
        } catch (UserCodeFailure failureOfUser) {
            return answer(failureOfUser);
        }
    }

    private Decision waited() {
        PoolState pool = plan.pool();
        if (pool == null) {
            return NOTHING;
        }
        try {
            Decision next = attempts.resumed(pool);
            if (next != null) {
                return follow(next);
            }
            Attempt answered = attempts.running();
            if (answered != null && heldBack != null) {
                return deliver(answered, heldBack);
            }
        } catch (UserCodeFailure failure) {
            return answer(failure);
        }
        return lastFailure != null ? answer(lastFailure.error(), lastFailure.detail()) : answerNone(pool);
    }

    /** A forward, or a pause before one. */
    private Decision follow(Decision next) {
        if (next instanceof Decision.Forward) {
            state = State.ATTEMPTING;
            heldBack = null;
        } else {
            state = State.WAITING;
        }
        return next;
    }

    private Decision deliver(Attempt from, ResponseHead head) throws UserCodeFailure {
        ResponseHead mapped = gates.onResponse(from.toClient(head));
        BodyPlan bodies = plan.bodies();
        if (bodies != null && head.status() != 101) {
            try {
                BodyPlan.Response engaged = bodies.engage(request(), mapped, engine);
                mapped = engaged.head();
                bodyChain = engaged.chain();
            } catch (BodyException failure) {
                return answer(failure.error(), String.valueOf(failure.getMessage()));
            }
        }
        state = State.DELIVERED;
        attempts.settled();
        ending.sent(mapped);
        if (head.status() != 101) {
            return new Decision.Deliver(mapped, plan.buffering().ofResponses().decide(from.method(), head));
        }
        WebSocketPolicy policy = from.bridged();
        ResponseHead switched = from.switched(mapped);
        return policy == null ? new Decision.Switch(switched) : new Decision.Bridge(switched, policy);
    }

    /** An answer broke while another upstream was sought: the pause goes on without it. */
    private Decision loseHeldBack() {
        heldBack = null;
        return NOTHING;
    }

    private Decision redirect(RouteAction.Redirect redirect) {
        Reply reply;
        try {
            reply = Reply.redirect(redirect.status(), redirect.location().render(context));
        } catch (RuntimeException e) {
            return answer(new UserCodeFailure("redirect of route \"" + plan.route() + "\"", e));
        }
        return answer(reply);
    }

    private Decision addSlash() {
        String path = RequestPath.escape(request().path()) + "/";
        String query = request().query();
        return answer(Reply.redirect(301, query == null || query.isEmpty() ? path : path + "?" + query));
    }

    // ---- ways to end ----

    private Decision answerNone(PoolState pool) {
        ProxyError error = attempts.refusal(pool);
        String name = pool.pool().name();
        return answer(error, "no upstream of \"" + name + "\" can be tried: " + pool.describe(context.now()));
    }

    private Decision answer(ProxyError error, String detail) {
        return answer(ending.replyTo(error, detail));
    }

    private Decision answer(UserCodeFailure failure) {
        return answer(ending.replyTo(failure));
    }

    private Decision answer(Reply reply) {
        attempts.end(ending.error());
        attempts.leave();
        gates.close();
        state = State.ANSWERED;
        return new Decision.Answer(ending.finish(reply));
    }

    private Decision abort(ProxyError error, String detail) {
        attempts.leave();
        gates.close();
        state = State.ABORTED;
        ending.abort(error, detail);
        return new Decision.Abort(error);
    }

    /** Method and target, made safe to print. */
    @Override
    public String toString() {
        return request().toString();
    }
}
