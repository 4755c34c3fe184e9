package io.weir.middleware;

import io.weir.http.Outcome;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.nio.file.Path;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A step that every request of a proxy, site or route passes before an upstream is chosen, and every response on its way
 * back. <strong>It must not block:</strong> it runs on the thread that serves the sockets. Wrap what blocks in
 * {@link #blocking}, or return {@link Verdict#later}.
 *
 * <p>Order: the proxy's, the site's, the route's; responses in reverse. Responses are the upstream's and Weir's own
 * replies alike. An exception is a 500 for the client and is logged with the middleware's name.
 */
@FunctionalInterface
public interface Middleware {
    /** Says what becomes of a request. */
    Verdict onRequest(RequestHead request, RequestContext context);

    /** Changes a response's head; as it stands unless overridden. Not called for interim responses. */
    default ResponseHead onResponse(ResponseHead response, RequestContext context) {
        return response;
    }

    /**
     * What {@link #onRequest} would say, without changing anything or blocking: for {@code explain}. Null if that can't be
     * known without doing it, which is the default.
     */
    default @Nullable Verdict peek(RequestHead request, RequestContext context) {
        return null;
    }

    /**
     * The request without the credentials that this middleware takes for its own, so that they go no further though it was
     * not asked; as it stands unless overridden.
     */
    default RequestHead withoutCredentials(RequestHead request) {
        return request;
    }

    /**
     * Called before a configuration with this middleware is put in force, once for each start and reload. May block.
     *
     * @param files the files that it will read
     * @throws IllegalArgumentException if it can't work: the configuration is not put in force, the message says why
     */
    default void prepare(Function<Path, WatchedFile> files) {}

    /** Its name in logs and explanations. */
    default String name() {
        String name = getClass().getSimpleName();
        return name.isEmpty() || name.contains("$$Lambda") ? "middleware" : name;
    }

    /** A middleware that only looks at requests: {@code explain} asks it, too, so it should count nothing. */
    static Middleware gate(Function<RequestHead, Verdict> gate) {
        return new Named("gate", (request, context) -> gate.apply(request), null, true);
    }

    /** A middleware that looks at requests and their context. */
    static Middleware gate(BiFunction<RequestHead, RequestContext, Verdict> gate) {
        return new Named("gate", gate, null, false);
    }

    /** A middleware that changes requests; {@code explain} asks it, too. */
    static Middleware mapRequest(UnaryOperator<RequestHead> change) {
        return new Named("mapRequest", (request, context) -> Verdict.proceed(change.apply(request)), null, true);
    }

    /** A middleware that changes responses. */
    static Middleware mapResponse(UnaryOperator<ResponseHead> change) {
        return new Named("mapResponse", (request, context) -> Verdict.proceed(request), change, true);
    }

    /** A middleware that is told how each exchange ended. */
    static Middleware onEnd(Consumer<Outcome> hook) {
        return new Named(
                "onEnd",
                (request, context) -> {
                    context.onEnd(hook);
                    return Verdict.proceed(request);
                },
                null,
                false);
    }

    /** Runs a middleware whose {@code onRequest} blocks on the engine's executor instead. */
    static Middleware blocking(Middleware blocking) {
        return new Wrapped.Blocking(blocking);
    }

    /** This middleware under a name of your choice. */
    default Middleware named(String name) {
        return new Wrapped.Named(this, name);
    }
}
