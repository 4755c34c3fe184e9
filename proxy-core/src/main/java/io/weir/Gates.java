package io.weir;

import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.middleware.Middleware;
import io.weir.middleware.RequestContext;
import io.weir.middleware.Verdict;
import java.util.List;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/** The middleware of one exchange: forward through the list with the request, back through it with the response. */
final class Gates {
    /** Code of the user's threw. */
    static final class Failure extends Exception {
        private static final long serialVersionUID = 1L;
        private final String what;

        Failure(String what, Throwable cause) {
            super(what, cause);
            this.what = what;
        }

        String what() {
            return what;
        }

        @Override
        public synchronized Throwable getCause() {
            Throwable cause = super.getCause();
            return cause == null ? this : cause;
        }
    }

    /** Stands for "asked, no verdict yet, and the exchange has paused". */
    private static final Object PAUSED = new Object();

    private final List<Middleware> middleware;
    private final Runnable wake;
    private int next;
    private int asked;
    private @Nullable RequestHead held;
    private @Nullable AtomicReference<@Nullable Object> later;

    Gates(List<Middleware> middleware, Runnable wake) {
        this.middleware = middleware;
        this.wake = wake;
    }

    /**
     * Asks on from where it stands, until one answers, has no verdict yet, or all let the request pass.
     *
     * @return the last verdict: a reply, or the request as it goes on; null to pause until the wake-up
     */
    @Nullable
    Verdict next(RequestHead request, RequestContext context) throws Failure {
        RequestHead current = held != null ? held : request;
        held = null;
        while (next < middleware.size() || later != null) {
            Verdict verdict;
            if (later != null) {
                verdict = arrived(later);
            } else {
                verdict = ask(middleware.get(next), current, context);
                next++;
                asked = next;
            }
            if (verdict instanceof Verdict.Later waiting) {
                later = listen(waiting.stage());
                verdict = arrived(later);
            }
            if (verdict == null) {
                held = current;
                return null;
            }
            later = null;
            if (verdict instanceof Verdict.Proceed proceed) {
                current = proceed.request();
            } else if (verdict instanceof Verdict.Answer) {
                return verdict;
            }
        }
        return Verdict.proceed(current);
    }

    /** Shows a response to every middleware that was asked, in reverse. */
    ResponseHead onResponse(ResponseHead response, RequestContext context) throws Failure {
        ResponseHead current = response;
        while (asked > 0) {
            Middleware one = middleware.get(--asked);
            try {
                current = one.onResponse(current, context);
            } catch (RuntimeException e) {
                throw new Failure("middleware " + one.name(), e);
            }
        }
        return current;
    }

    private Verdict ask(Middleware one, RequestHead request, RequestContext context) throws Failure {
        try {
            Verdict verdict = one.onRequest(request, context);
            if (verdict != null) {
                return verdict;
            }
        } catch (RuntimeException e) {
            throw new Failure("middleware " + one.name(), e);
        }
        throw new Failure("middleware " + one.name(), new NullPointerException("its verdict is null"));
    }

    private AtomicReference<@Nullable Object> listen(CompletionStage<? extends Verdict> stage) {
        AtomicReference<@Nullable Object> slot = new AtomicReference<>();
        stage.whenComplete((verdict, failure) -> {
            Object before = slot.getAndSet(failure != null ? failure : verdict);
            if (before == PAUSED) {
                wake.run(); // not within listen(): there the slot is still empty, and no lock of ours is held here
            }
        });
        return slot;
    }

    /** The verdict that has come, or null after marking the slot as waited for. */
    private @Nullable Verdict arrived(AtomicReference<@Nullable Object> slot) throws Failure {
        if (slot.compareAndSet(null, PAUSED)) {
            return null;
        }
        Object arrived = slot.get();
        if (arrived == PAUSED) {
            return null;
        }
        if (arrived instanceof Verdict verdict && !(verdict instanceof Verdict.Later)) {
            return verdict;
        }
        Throwable cause = arrived instanceof CompletionException e && e.getCause() != null
                ? e.getCause()
                : arrived instanceof Throwable t ? t : new IllegalStateException("its verdict is " + arrived);
        throw new Failure("middleware " + middleware.get(asked - 1).name(), cause);
    }
}
