package io.weir;

import io.weir.header.ForwardedHeaders;
import io.weir.header.Forwarding;
import io.weir.http.Outcome;
import io.weir.http.Peer;
import io.weir.http.RequestHead;
import io.weir.http.Text;
import io.weir.http.Variables;
import io.weir.middleware.Middleware;
import io.weir.middleware.RequestContext;
import io.weir.middleware.WatchedFile;
import io.weir.upstream.Upstream;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * An exchange as templates, middleware and logs see it. Thread-safe by itself, apart from the exchange: a middleware that
 * works on a thread of its own may use it at any time, even when the client has long gone.
 */
final class ExchangeContext implements Variables, RequestContext {
    /** What is to run at the end, and whose it is. */
    private record EndHook(String owner, Consumer<Outcome> action) {}

    private final Engine engine;
    private final RequestHead original;
    private final Forwarding forwarding;
    private final String site;
    private final long openedAt;
    private final long openedMillis;
    private volatile long now;
    private volatile @Nullable Middleware asked;
    private volatile @Nullable Upstream upstream;
    private @Nullable Map<String, String> attributes;
    private @Nullable List<EndHook> endHooks;
    private @Nullable String requestId;
    private @Nullable Outcome outcome;

    ExchangeContext(
            Engine engine, RequestHead original, Forwarding forwarding, String site, long openedAt, long openedMillis) {
        this.engine = engine;
        this.original = original;
        this.forwarding = forwarding;
        this.site = site;
        this.openedAt = openedAt;
        this.openedMillis = openedMillis;
        now = openedAt;
    }

    // ---- what the exchange tells it ----

    /** A report is being handled. */
    void at(long now) {
        this.now = now;
    }

    /** That middleware has its say now; end hooks that come are its own. */
    void asks(Middleware middleware) {
        asked = middleware;
    }

    /** An attempt goes to that upstream. */
    void upstream(Upstream chosen) {
        upstream = chosen;
    }

    /** Runs the end hooks. Not under the exchange's lock. */
    void ended(Outcome outcome) {
        List<EndHook> due;
        synchronized (this) {
            this.outcome = outcome;
            due = endHooks == null ? List.of() : endHooks;
            endHooks = null;
        }
        for (EndHook hook : due) {
            run(hook, outcome);
        }
    }

    Forwarding forwarding() {
        return forwarding;
    }

    long openedAt() {
        return openedAt;
    }

    long openedMillis() {
        return openedMillis;
    }

    // ---- what others see ----

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
    public String scheme() {
        return ForwardedHeaders.scheme(original, forwarding);
    }

    @Override
    public String forwardedFor() {
        return forwarding.chain();
    }

    @Override
    public String siteName() {
        return site;
    }

    /** The upstream's of the latest attempt, so that it is still there for the access line. */
    @Override
    public String upstreamAuthority() {
        Upstream chosen = upstream;
        return chosen == null ? "" : chosen.authority();
    }

    @Override
    public String upstreamPort() {
        Upstream chosen = upstream;
        return chosen == null || chosen.port() == 0 ? "" : Integer.toString(chosen.port());
    }

    @Override
    public synchronized String requestId() {
        if (requestId == null) {
            requestId = Text.hex(engine.random()) + Text.hex(engine.random());
        }
        return requestId;
    }

    @Override
    public synchronized @Nullable String attribute(String name) {
        return attributes == null ? null : attributes.get(name);
    }

    @Override
    public synchronized void attribute(String name, String value) {
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
    public Variables variables() {
        return this;
    }

    @Override
    public Executor executor() {
        return engine.executor();
    }

    @Override
    public WatchedFile file(Path path) {
        return engine.file(path);
    }

    /** Runs it at once if the exchange has ended meanwhile, so that nothing taken on another thread is kept for ever. */
    @Override
    public void onEnd(Consumer<Outcome> hook) {
        Middleware owner = asked;
        EndHook ours = new EndHook(owner == null ? "" : owner.name(), hook);
        Outcome known;
        synchronized (this) {
            known = outcome;
            if (known == null) {
                if (endHooks == null) {
                    endHooks = new ArrayList<>(2);
                }
                endHooks.add(ours);
                return;
            }
        }
        run(ours, known);
    }

    private void run(EndHook hook, Outcome outcome) {
        try {
            hook.action.accept(outcome);
        } catch (RuntimeException e) {
            engine.userCodeFailed("end hook of middleware " + hook.owner, e);
        }
    }
}
