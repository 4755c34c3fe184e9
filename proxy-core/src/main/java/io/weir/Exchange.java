package io.weir;

import io.weir.body.Limits;
import io.weir.http.Outcome;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.RequestPath;
import io.weir.http.ResponseHead;
import io.weir.http.TlsConnection;
import io.weir.log.ExchangeSummary;
import io.weir.middleware.Verdict;
import io.weir.route.Route;
import io.weir.route.RouteAction;
import io.weir.route.RouteTable;
import io.weir.upstream.PoolState;
import io.weir.upstream.Timeouts;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * One request and what becomes of it. The engine reports what happened, each report returns what to do. Reports may come
 * from several threads: an exchange takes them one at a time, and after its end every report returns nothing to do.
 *
 * <pre>
 *   begin ─▶ gates ─▶ upstream chosen ─▶ attempt … ─▶ delivered ─▶ finished
 *              │            │      ▲        │ failed: the next upstream, or an answer
 *              │            ├─ waiting ◀────┤
 *              └─ answered ◀┴───────────────┘
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

    Exchange(
            Engine engine,
            Listeners listeners,
            RouteTable.@Nullable Found<RoutePlan> found,
            RoutePlan plan,
            ExchangeContext context,
            Runnable wake) {
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
        RequestHead request = request();
        String problem = request.problem();
        if (problem != null) {
            return answer(ProxyError.BAD_REQUEST, problem);
        }
        if (request.method().equals("CONNECT") || request.method().equals("TRACE")) {
            return answer(ProxyError.METHOD_NOT_ALLOWED, request.method() + " is not for reverse proxies");
        }
        if (plan.upgrades().refuse(request)) {
            return answer(ProxyError.METHOD_NOT_ALLOWED, "no WebSocket over HTTP/2 passes here");
        }
        ProxyError tooLarge = plan.limits().exceededBy(request);
        if (tooLarge != null) {
            return answer(tooLarge, "the request is larger than " + plan.limits());
        }
        if (isMisdirected(request)) {
            return answer(ProxyError.MISDIRECTED, "the certificate of this connection is not for this host");
        }
        if (found == null) {
            return answer(ProxyError.MISDIRECTED, "no site serves this host");
        }
        return gate();
    }

    static boolean isMisdirected(RequestHead request) {
        TlsConnection tls = request.tls();
        return tls != null && tls.isMisdirected(request.host());
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
                failed(ProxyError.REQUEST_TIMEOUT, "clientBody clock " + clocks.clientBody() + " ran out", now);
            case CLIENT_SEND ->
                failed(ProxyError.CLIENT_SEND_TIMEOUT, "clientSend clock " + clocks.clientSend() + " ran out", now);
        };
    }

    /**
     * Something else than an upstream went wrong: the request's body is malformed or too large, or the engine itself
     * failed. An answer while that is possible, else a break. It says nothing about the health of the upstream.
     */
    public Decision failed(ProxyError error, String detail, long now) {
        return thenWake(brokenOff(error, detail, now));
    }

    private synchronized Decision brokenOff(ProxyError error, String detail, long now) {
        if (state == State.ABORTED || state == State.FINISHED) {
            return NOTHING;
        }
        context.at(now);
        attempts.end(error);
        boolean nothingSent = state != State.DELIVERED && state != State.ANSWERED;
        boolean hasReader = error != ProxyError.CLIENT_GONE && error != ProxyError.CLIENT_SEND_TIMEOUT;
        return nothingSent && hasReader ? answer(error, detail) : abort(error, detail);
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
            context.at(now);
            outcome = ending.outcome(bodyBytes);
            attempts.end(outcome.error());
            attempts.leave();
            gates.close();
            state = State.FINISHED;
        }
        thenWake(NOTHING);
        context.ended(outcome);
        ExchangeSummary summary = new ExchangeSummary(
                context,
                plan.site(),
                plan.route(),
                attempts.ended(),
                outcome,
                context.openedMillis(),
                now - context.openedAt());
        listeners.tell(listener -> listener.exchangeFinished(summary));
    }

    // ---- what attempts report ----

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

    void finished(Attempt from, long now) {
        thenWake(hearEnd(from, now));
    }

    private synchronized Decision hearInterim(Attempt from, ResponseHead head, long now) {
        boolean fits = isAwaited(from) && !request().protocol().equals("HTTP/1.0");
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
        if (!attempts.isRunning(from)) {
            return NOTHING;
        }
        context.at(now);
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
            return new Decision.Pause(Long.MAX_VALUE);
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
        try {
            Decision first = attempts.first(pool, request);
            return first != null ? follow(first) : answerNone(pool);
        } catch (UserCodeFailure failure) {
            return answer(failure);
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
        state = State.DELIVERED;
        attempts.settled();
        ending.status(mapped.status());
        return head.status() == 101 ? new Decision.Switch(from.switched(mapped)) : new Decision.Deliver(mapped);
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
