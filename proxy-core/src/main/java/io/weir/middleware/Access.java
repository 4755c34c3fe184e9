package io.weir.middleware;

import io.weir.http.Headers;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Several gates as one (nginx {@code satisfy}). {@link #all} lets in whom each lets in; {@link #any} whom one does, so that
 * an office needs no password, say:
 *
 * <pre>{@code Access.any(IpAccess.allow("192.168.1.0/24").denyOthers(), BasicAuth.realm("r").htpasswd(file))}</pre>
 *
 * <p>They are asked in order, and no further than needed. Responses pass all of them, in reverse.
 */
public final class Access implements Middleware {
    private final boolean any;
    private final List<Middleware> gates;

    private Access(boolean any, Middleware... gates) {
        if (gates.length == 0) {
            throw new IllegalArgumentException("no gate (expected: at least one)");
        }
        this.any = any;
        this.gates = List.of(gates);
    }

    /**
     * One has to let the request pass. 401 and 403 are refusals, after which the next is asked; if all refuse, the answer is
     * the first 401 with everybody's challenge, else the last 403. Any other answer, such as 500, is final at once.
     * Credentials of those that were not asked do not go on either.
     */
    public static Access any(Middleware... gates) {
        return new Access(true, gates);
    }

    /** Each has to let the request pass. */
    public static Access all(Middleware... gates) {
        return new Access(false, gates);
    }

    @Override
    public Verdict onRequest(RequestHead request, RequestContext context) {
        return ask(0, request, context, null);
    }

    @Override
    public ResponseHead onResponse(ResponseHead response, RequestContext context) {
        ResponseHead current = response;
        for (int i = gates.size() - 1; i >= 0; i--) {
            current = gates.get(i).onResponse(current, context);
        }
        return current;
    }

    @Override
    public @Nullable Verdict peek(RequestHead request, RequestContext context) {
        RequestHead current = request;
        Reply refusal = null;
        for (Middleware gate : gates) {
            Verdict verdict = gate.peek(current, context);
            if (verdict instanceof Verdict.Proceed proceed) {
                if (any) {
                    return Verdict.proceed(withoutCredentials(proceed.request()));
                }
                current = proceed.request();
            } else if (verdict instanceof Verdict.Answer answer && any && isRefusal(answer.reply())) {
                refusal = together(refusal, answer.reply());
            } else {
                return verdict instanceof Verdict.Answer ? verdict : null;
            }
        }
        return refusal == null ? Verdict.proceed(current) : Verdict.answer(refusal);
    }

    @Override
    public RequestHead withoutCredentials(RequestHead request) {
        RequestHead current = request;
        for (Middleware gate : gates) {
            current = gate.withoutCredentials(current);
        }
        return current;
    }

    @Override
    public void prepare(Function<Path, WatchedFile> files) {
        gates.forEach(gate -> gate.prepare(files));
    }

    @Override
    public String name() {
        return any ? "Access.any" : "Access.all";
    }

    @Override
    public String toString() {
        return name() + gates.stream().map(Wrapped::shown).toList();
    }

    private Verdict ask(int index, RequestHead request, RequestContext context, @Nullable Reply refusal) {
        if (index == gates.size()) {
            return refusal == null ? Verdict.proceed(request) : Verdict.answer(refusal);
        }
        Verdict verdict = gates.get(index).onRequest(request, context);
        return then(verdict, context, settled -> goOn(index, settled, request, context, refusal));
    }

    private Verdict goOn(
            int index, Verdict settled, RequestHead request, RequestContext context, @Nullable Reply refusal) {
        if (settled instanceof Verdict.Proceed proceed) {
            return any
                    ? Verdict.proceed(withoutCredentials(proceed.request()))
                    : ask(index + 1, proceed.request(), context, null);
        }
        Reply reply = settled instanceof Verdict.Answer answer ? answer.reply() : null;
        return any && reply != null && isRefusal(reply)
                ? ask(index + 1, request, context, together(refusal, reply))
                : settled;
    }

    /** What {@code next} makes of a verdict, once it is there. It is asked where the exchange is, not where a stage ends. */
    private static Verdict then(Verdict verdict, RequestContext context, Function<Verdict, Verdict> next) {
        if (verdict instanceof Verdict.Later later) {
            return Verdict.later(later.stage()
                    .thenApply(arrived -> Verdict.pause(context.now(), () -> then(arrived, context, next))));
        }
        if (verdict instanceof Verdict.Pause pause) {
            return Verdict.pause(pause.until(), () -> then(pause.then().get(), context, next));
        }
        return next.apply(verdict);
    }

    private static boolean isRefusal(Reply reply) {
        return reply.status() == 401 || reply.status() == 403;
    }

    private static Reply together(@Nullable Reply before, Reply reply) {
        if (before == null || before.status() != 401) {
            return reply;
        }
        if (reply.status() != 401) {
            return before;
        }
        Headers.Builder headers = before.head().headers().toBuilder();
        for (String challenge : reply.head().headers().all("WWW-Authenticate")) {
            headers.add("WWW-Authenticate", challenge);
        }
        return before.withHead(before.head().withHeaders(headers.build()));
    }
}
