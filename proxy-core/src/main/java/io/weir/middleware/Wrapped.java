package io.weir.middleware;

import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** A middleware around another, which it leaves as it is but for one thing. */
abstract class Wrapped implements Middleware {
    final Middleware inner;

    private Wrapped(Middleware inner) {
        this.inner = inner;
    }

    /** A middleware as a description may show it. Those of others may hold secrets, or say nothing: their name has to do. */
    static String shown(Middleware one) {
        return one.getClass().getPackage() == Middleware.class.getPackage() ? one.toString() : one.name();
    }

    @Override
    public Verdict onRequest(RequestHead request, RequestContext context) {
        return inner.onRequest(request, context);
    }

    @Override
    public ResponseHead onResponse(ResponseHead response, RequestContext context) {
        return inner.onResponse(response, context);
    }

    @Override
    public @Nullable Verdict peek(RequestHead request, RequestContext context) {
        return inner.peek(request, context);
    }

    @Override
    public RequestHead withoutCredentials(RequestHead request) {
        return inner.withoutCredentials(request);
    }

    @Override
    public void prepare(Function<Path, WatchedFile> files) {
        inner.prepare(files);
    }

    @Override
    public String name() {
        return inner.name();
    }

    @Override
    public String toString() {
        return shown(inner);
    }

    /** Has another name. */
    static final class Named extends Wrapped {
        private final String name;

        Named(Middleware inner, String name) {
            super(inner);
            this.name = name;
        }

        @Override
        public String name() {
            return name;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    /** Is asked on the executor. */
    static final class Blocking extends Wrapped {
        Blocking(Middleware inner) {
            super(inner);
        }

        @Override
        public Verdict onRequest(RequestHead request, RequestContext context) {
            return Verdict.later(
                    CompletableFuture.supplyAsync(() -> inner.onRequest(request, context), context.executor())
                            .thenCompose(Blocking::settled));
        }

        /** A verdict as a stage: what a later one will be, else itself. */
        private static CompletionStage<Verdict> settled(Verdict verdict) {
            return verdict instanceof Verdict.Later later
                    ? later.stage().thenApply(arrived -> arrived)
                    : CompletableFuture.completedStage(verdict);
        }
    }
}
