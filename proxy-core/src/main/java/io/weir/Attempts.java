package io.weir;

import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.log.AttemptFailure;
import io.weir.log.AttemptSummary;
import io.weir.upstream.HealthTransition;
import io.weir.upstream.PoolState;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.Ticket;
import io.weir.upstream.UpstreamState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tries of one exchange at a pool: which one runs, where it has been, what it waits for before the next. Each takes a
 * slot and gives it back exactly once. Guarded by the exchange.
 *
 * <p>What follows is a {@link Decision.Forward}, a {@link Decision.Pause} after which to ask {@link #resumed}, or null: no
 * further try. Nothing here wakes others; the exchange does, when its lock is left.
 */
final class Attempts {
    private final Exchange exchange;
    private final RoutePlan plan;
    private final int prefixLength;
    private final ExchangeContext context;
    private final Engine engine;
    private final Listeners listeners;
    private final Runnable wake;
    private final Tries tries;
    private final List<AttemptSummary> ended = new ArrayList<>(1);
    private @Nullable Attempt running;
    private RequestHead request;
    private PoolState.@Nullable Tried tried;

    // What a pause is for: a place in line, else the time.
    private @Nullable Ticket ticket;
    private long pausedUntil;
    private boolean waitedInVain;

    Attempts(
            Exchange exchange,
            RoutePlan plan,
            int prefixLength,
            ExchangeContext context,
            Engine engine,
            Listeners listeners,
            Runnable wake) {
        this.exchange = exchange;
        this.plan = plan;
        this.prefixLength = prefixLength;
        this.context = context;
        this.engine = engine;
        this.listeners = listeners;
        this.wake = wake;
        tries = new Tries(engine);
        request = context.original();
    }

    boolean isRunning(Attempt attempt) {
        return running == attempt;
    }

    /** The one that runs, or whose answer is held back while another is sought. */
    @Nullable
    Attempt running() {
        return running;
    }

    /** Those that have ended, in order. */
    List<AttemptSummary> ended() {
        return List.copyOf(ended);
    }

    // ---- what follows ----

    /** The first try. {@code request} is as middleware left it; every try sends the same. */
    @Nullable
    Decision first(PoolState pool, RequestHead request) throws UserCodeFailure {
        this.request = request;
        tries.enter(pool, context.now());
        return next(pool);
    }

    /** What follows a try that has failed and ended. */
    @Nullable
    Decision after(Attempt failed, ProxyFailure failure) throws UserCodeFailure {
        PoolState pool = failed.pool();
        if (!pool.pool().retry().allows(request.method(), failure)) {
            return null;
        }
        return another(failed, 0);
    }

    /**
     * The running try once more, over a new connection, if a kept one turned out closed: it keeps its slot and costs no try.
     * Null if that is not what has happened, or the request may not be sent again.
     */
    @Nullable
    Decision afresh(ProxyFailure failure) throws UserCodeFailure {
        Attempt stale = running;
        if (stale == null
                || !stale.wasStale(failure)
                || !stale.pool().pool().retry().allows(request.method(), failure)) {
            return null;
        }
        ended.add(stale.summary(failure.error(), context.now()));
        return start(stale.pool(), stale.upstream(), true);
    }

    /**
     * What follows an answer with a status that counts as a failure. The answered try goes on until another begins: null
     * means that its answer is the one to deliver.
     */
    @Nullable
    Decision insteadOf(Attempt answered, ResponseHead head, boolean bodyLost) throws UserCodeFailure {
        RetryPolicy retry = answered.pool().pool().retry();
        boolean unwanted = retry.allows(request.method(), head.status(), bodyLost);
        return unwanted ? another(answered, RetryAfter.nanosOf(head)) : null;
    }

    /** What follows a pause, which may not be over yet. */
    @Nullable
    Decision resumed(PoolState pool) throws UserCodeFailure {
        if (ticket != null) {
            return fromTheLine(pool, ticket);
        }
        boolean early = context.now() - pausedUntil < 0;
        return early ? new Decision.Pause(pausedUntil) : next(pool);
    }

    /** Why there is no further try. */
    ProxyError refusal(PoolState pool) {
        return waitedInVain ? ProxyError.CONNECTION_LIMIT : pool.refusal(tried, context.now(), context);
    }

    private @Nullable Decision another(Attempt last, long retryAfter) throws UserCodeFailure {
        long pause = tries.untilAnother(context.now(), retryAfter);
        if (pause == Tries.NONE) {
            return null;
        }
        if (tried == null) {
            tried = new PoolState.Tried();
        }
        tried.add(last.upstream());
        if (pause == 0) {
            return next(last.pool());
        }
        pausedUntil = context.now() + pause;
        return new Decision.Pause(pausedUntil);
    }

    private @Nullable Decision next(PoolState pool) throws UserCodeFailure {
        UpstreamState upstream;
        try {
            upstream = pool.acquire(tried, context.now(), context);
        } catch (RuntimeException e) {
            throw new UserCodeFailure(balancingOf(pool), e);
        }
        if (upstream != null) {
            return begin(pool, upstream);
        }
        if (running != null) {
            return null; // there is an answer already: not worth a wait
        }
        ticket = pool.lineUp(tried, context.now(), context, wake);
        return ticket == null ? null : new Decision.Pause(ticket.lookAgainAt(context.now()));
    }

    private @Nullable Decision fromTheLine(PoolState pool, Ticket inLine) throws UserCodeFailure {
        UpstreamState granted;
        pool.serve(context.now());
        try {
            granted = inLine.take();
        } catch (RuntimeException e) {
            ticket = null;
            throw new UserCodeFailure(balancingOf(pool), e);
        }
        if (granted != null) {
            ticket = null;
            return begin(pool, granted);
        }
        if (context.now() - inLine.until() < 0) {
            return new Decision.Pause(inLine.lookAgainAt(context.now()));
        }
        inLine.cancel(context.now());
        ticket = null;
        waitedInVain = true;
        return null;
    }

    private Decision begin(PoolState pool, UpstreamState upstream) throws UserCodeFailure {
        Attempt answered = running;
        if (answered != null) {
            // nginx: these two say that the upstream is well, and has nothing for us.
            boolean well = answered.status() == 403 || answered.status() == 404;
            end(well ? PoolState.Verdict.NEUTRAL : PoolState.Verdict.BAD, "status " + answered.status(), null);
        }
        tries.began();
        Decision next = start(pool, upstream, false);
        if (answered != null) {
            tellFailed(answered, ProxyFailure.unwanted(answered.status()), next);
        }
        return next;
    }

    private Decision start(PoolState pool, UpstreamState upstream, boolean onFreshConnection) throws UserCodeFailure {
        context.upstream(upstream.upstream());
        Attempt next = new Attempt(exchange, plan, pool, upstream, onFreshConnection, context.now());
        running = next; // from here on the slot is its own
        next.prepare(request, prefixLength, context);
        return new Decision.Forward(next);
    }

    // ---- ends ----

    /** Ends the running try, if there is one: its slot goes back. It says nothing about the upstream's health. */
    void end(@Nullable ProxyError error) {
        end(PoolState.Verdict.NEUTRAL, "", error);
    }

    /** Ends the running try, whose answer is through: the slot goes back, and the status says how the upstream is. */
    void endWell() {
        Attempt ending = running;
        if (ending == null) {
            return;
        }
        if (ending.pool().pool().passiveHealth().counts(ending.status())) {
            end(PoolState.Verdict.BAD, "status " + ending.status(), null);
        } else {
            end(PoolState.Verdict.GOOD, "", null);
        }
    }

    /** Ends the running try, which has failed. A kept connection that had been closed says nothing of the upstream. */
    void endFailed(ProxyFailure failure) {
        Attempt ending = running;
        if (ending == null) {
            return;
        }
        boolean blamed = !ending.wasStale(failure)
                && ending.pool().pool().passiveHealth().counts(failure);
        if (blamed) {
            end(PoolState.Verdict.BAD, failure.error().token() + ": " + failure.detail(), failure.error());
        } else {
            end(failure.error());
        }
    }

    private void end(PoolState.Verdict verdict, String cause, @Nullable ProxyError error) {
        Attempt ending = running;
        if (ending == null) {
            return;
        }
        running = null;
        ending.closeBody();
        long now = context.now();
        ended.add(ending.summary(error, now));
        PoolState pool = ending.pool();
        HealthTransition transition;
        try {
            transition = pool.release(ending.upstream(), verdict, cause, now);
        } catch (RuntimeException e) {
            engine.userCodeFailed(balancingOf(pool), e);
            return;
        }
        if (transition != null) {
            listeners.tell(transition);
        }
    }

    /** An answer is delivered: there will be no further try. */
    void settled() {
        tries.settled();
    }

    /** The pool is needed no more: a place in line is given up. May be called again. */
    void leave() {
        tries.leave();
        Ticket inLine = ticket;
        ticket = null;
        if (inLine != null) {
            inLine.cancel(context.now());
        }
    }

    /** Tells of a try that failed and of what follows. */
    void tellFailed(Attempt failed, ProxyFailure failure, Decision consequence) {
        AttemptFailure news = new AttemptFailure(
                context.original(),
                plan.site(),
                plan.route(),
                failed.pool().pool().name(),
                failed.upstream().upstream().url(),
                failure,
                describe(consequence));
        listeners.tell(listener -> listener.attemptFailed(news));
    }

    private static String describe(Decision consequence) {
        if (consequence instanceof Decision.Forward forward) {
            return "next " + forward.attempt().upstream().upstream().url();
        }
        if (consequence instanceof Decision.Answer answer) {
            return "answered " + answer.reply().status();
        }
        return consequence instanceof Decision.Abort ? "aborted" : "waits to try another";
    }

    private static String balancingOf(PoolState pool) {
        return "balancing of pool \"" + pool.pool().name() + "\"";
    }
}
