package io.weir;

import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.RequestHead;
import io.weir.log.AttemptFailure;
import io.weir.log.AttemptSummary;
import io.weir.upstream.PoolState;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.UpstreamState;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The tries of one exchange at a pool: which one runs, where it has been, whether another may follow. Each takes a slot and
 * gives it back exactly once. Guarded by the exchange.
 */
final class Attempts {
    private final Exchange exchange;
    private final RoutePlan plan;
    private final int prefixLength;
    private final ExchangeContext context;
    private final Engine engine;
    private final Listeners listeners;
    private final List<AttemptSummary> ended = new ArrayList<>(1);
    private @Nullable Attempt running;
    private RequestHead request;
    private PoolState.@Nullable Tried tried;
    private int tries;

    Attempts(
            Exchange exchange,
            RoutePlan plan,
            int prefixLength,
            ExchangeContext context,
            Engine engine,
            Listeners listeners) {
        this.exchange = exchange;
        this.plan = plan;
        this.prefixLength = prefixLength;
        this.context = context;
        this.engine = engine;
        this.listeners = listeners;
        request = context.original();
    }

    boolean isRunning(Attempt attempt) {
        return running == attempt;
    }

    /** Those that have ended, in order. */
    List<AttemptSummary> ended() {
        return List.copyOf(ended);
    }

    /**
     * The first try.
     *
     * @param request the request as middleware left it; every try sends the same
     * @return null if no upstream of the pool can be tried
     */
    @Nullable
    Attempt first(PoolState pool, RequestHead request) throws UserCodeFailure {
        this.request = request;
        return another(pool);
    }

    /** The try that follows one that has failed and ended, or null if none may. */
    @Nullable
    Attempt after(Attempt failed, ProxyFailure failure) throws UserCodeFailure {
        PoolState pool = failed.pool();
        RetryPolicy retry = pool.pool().retry();
        if (!retry.allows(context.original().method(), failure)) {
            return null;
        }
        if (failed.wasStale(failure) && pool.reacquire(failed.upstream(), context.now())) {
            // It costs no try, and it happens once: the next connection is a new one.
            return start(pool, failed.upstream(), true);
        }
        if (!retry.allowsAnother(tries, pool.pool().upstreams().size())) {
            return null;
        }
        if (tried == null) {
            tried = new PoolState.Tried();
        }
        tried.add(failed.upstream());
        return another(pool);
    }

    /** Ends the running try, if there is one: its slot goes back, with what it says about the upstream's health. */
    void end(PoolState.Verdict verdict, @Nullable ProxyError cause) {
        Attempt ending = running;
        if (ending == null) {
            return;
        }
        running = null;
        long now = context.now();
        ended.add(ending.summary(cause, now));
        PoolState pool = ending.pool();
        PoolState.Transition transition;
        try {
            transition = pool.release(ending.upstream(), verdict, now);
        } catch (RuntimeException e) {
            engine.userCodeFailed(balancingOf(pool), e);
            return;
        }
        switch (transition) {
            case EJECTED ->
                listeners.tell(listener -> listener.upstreamEjected(pool.pool().name(), ending.upstream()));
            case RETURNED ->
                listeners.tell(listener -> listener.upstreamReturned(pool.pool().name(), ending.upstream()));
            case NONE -> {}
        }
    }

    /** Tells of a try that failed and of what follows. A stale connection that is made good is no news. */
    void tellFailed(Attempt failed, ProxyFailure failure, Decision consequence) {
        boolean madeGood = failed.wasStale(failure) && consequence instanceof Decision.Forward;
        if (madeGood) {
            return;
        }
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

    private @Nullable Attempt another(PoolState pool) throws UserCodeFailure {
        UpstreamState upstream;
        try {
            upstream = pool.acquire(tried, context.now(), context);
        } catch (RuntimeException e) {
            throw new UserCodeFailure(balancingOf(pool), e);
        }
        if (upstream == null) {
            return null;
        }
        tries++;
        return start(pool, upstream, false);
    }

    private Attempt start(PoolState pool, UpstreamState upstream, boolean onFreshConnection) throws UserCodeFailure {
        context.upstream(upstream.upstream().authority());
        Attempt next = new Attempt(exchange, plan, pool, upstream, onFreshConnection, context.now());
        running = next; // from here on the slot is its own
        next.prepare(request, prefixLength, context);
        return next;
    }

    private static String describe(Decision consequence) {
        if (consequence instanceof Decision.Forward forward) {
            return "next " + forward.attempt().upstream().upstream().url();
        }
        return consequence instanceof Decision.Answer answer
                ? "answered " + answer.reply().status()
                : "aborted";
    }

    private static String balancingOf(PoolState pool) {
        return "balancing of pool \"" + pool.pool().name() + "\"";
    }
}
