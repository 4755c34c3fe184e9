package io.weir;

import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.middleware.Middleware;
import io.weir.middleware.Verdict;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The middleware of one exchange: forward through the list with the request, back with the response through those that
 * gave their verdict. Each is asked once and sees one response; the one that failed sees none. Guarded by the exchange.
 */
final class Gates {
    private final List<Middleware> middleware;
    private final ExchangeContext context;
    private final Runnable wake;
    private RequestHead request;
    /** How many have given their verdict and not seen the response yet. */
    private int passed;

    private @Nullable LateVerdict awaited;
    private Verdict.@Nullable Pause pause;

    /** {@code request} is what the first one is shown. */
    Gates(List<Middleware> middleware, RequestHead request, ExchangeContext context, Runnable wake) {
        this.middleware = middleware;
        this.request = request;
        this.context = context;
        this.wake = wake;
    }

    /**
     * Asks on from where it stands, until one answers, one wants to be waited for, or all let the request pass.
     *
     * @return the last verdict: a reply, or the request as it goes on; null to pause, until {@link #pausesUntil} or the
     *     wake-up
     */
    @Nullable
    Verdict next() throws UserCodeFailure {
        while (passed < middleware.size()) {
            Middleware one = middleware.get(passed);
            Verdict verdict;
            try {
                verdict = settle(pause != null ? pause : awaited == null ? ask(one) : awaited.take());
                if (verdict == null) {
                    return null;
                }
                if (verdict instanceof Verdict.Proceed proceed) {
                    request = passable(proceed.request());
                }
            } catch (Throwable e) {
                throw failure(one, e);
            }
            passed++;
            if (verdict instanceof Verdict.Answer) {
                return verdict;
            }
        }
        return Verdict.proceed(request);
    }

    /** Shows a response to those that have not seen one, in reverse. After a failure the rest can be shown another. */
    ResponseHead onResponse(ResponseHead response) throws UserCodeFailure {
        ResponseHead current = response;
        while (passed > 0) {
            Middleware one = middleware.get(--passed);
            context.asks(one);
            try {
                current = Objects.requireNonNull(one.onResponse(current, context), "its response is null");
                if (current.status() < 200) {
                    throw new IllegalStateException("its response is not final: " + current.status());
                }
            } catch (Throwable e) {
                throw failure(one, e);
            }
        }
        return current;
    }

    /** When the pause is over that {@link #next} asked for, unless a wake-up ends it. */
    long pausesUntil() {
        return pause == null ? Long.MAX_VALUE : pause.until();
    }

    /** No verdict is waited for any more. */
    void close() {
        pause = null;
        if (awaited != null) {
            awaited.forget();
            awaited = null;
        }
    }

    private Verdict ask(Middleware one) {
        context.asks(one);
        return Objects.requireNonNull(one.onRequest(request, context), "its verdict is null");
    }

    /** What a verdict comes to, once neither a stage nor the time is waited for; null while one is. */
    private @Nullable Verdict settle(@Nullable Verdict first) throws Throwable {
        Verdict verdict = first;
        while (verdict != null) {
            if (verdict instanceof Verdict.Later later) {
                awaited = new LateVerdict(later.stage(), wake);
                pause = null;
                verdict = awaited.take();
            } else if (verdict instanceof Verdict.Pause wanted) {
                awaited = null;
                pause = wanted;
                if (context.now() - wanted.until() < 0) {
                    return null;
                }
                pause = null;
                verdict = Objects.requireNonNull(wanted.then().get(), "its verdict is null");
            } else {
                awaited = null;
                return verdict;
            }
        }
        return null;
    }

    /** What a middleware changed goes on the wire; what a client could not have asked for, it can't either. */
    private RequestHead passable(@Nullable RequestHead proceeding) {
        RequestHead next = Objects.requireNonNull(proceeding, "its request is null");
        String problem = next == request ? null : next.problem();
        if (problem != null) {
            throw new IllegalStateException("its request is refused: " + problem);
        }
        return next;
    }

    private static UserCodeFailure failure(Middleware one, Throwable thrown) {
        return new UserCodeFailure("middleware " + one.name(), thrown);
    }
}
