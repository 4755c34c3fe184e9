package io.weir;

import io.weir.header.FieldChange;
import io.weir.header.Forwarding;
import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.RequestPath;
import io.weir.middleware.Middleware;
import io.weir.middleware.Verdict;
import io.weir.route.RouteAction;
import io.weir.route.RouteTable;
import io.weir.upstream.PoolState;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamState;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Follows a request through the live code, up to where something would change. */
final class Explainer {
    private final RequestHead head;
    private final Forwarding forwarding;
    private final long now;
    private final List<String> passedOver = new ArrayList<>();
    private final List<String> gates = new ArrayList<>();
    private final List<FieldChange> byMiddleware = new ArrayList<>();
    private List<String> upstreams = List.of();
    private @Nullable String site;
    private @Nullable String route;
    private String action = "";

    private Explainer(RequestHead head, Forwarding forwarding, long now) {
        this.head = head;
        this.forwarding = forwarding;
        this.now = now;
    }

    static Explanation explain(ReverseProxy proxy, Snapshot snapshot, RequestHead head, long now) {
        Forwarding forwarding = snapshot.config().trustedProxies().resolve(head);
        return new Explainer(head, forwarding, now).explain(proxy.engine(), snapshot);
    }

    private Explanation explain(Engine engine, Snapshot snapshot) {
        RouteTable.Found<RoutePlan> found = snapshot.find(head, forwarding, passedOver::add);
        boolean isReadable = head.problem() == null;
        site = found == null || !isReadable ? null : found.site().toString();
        RoutePlan holds = snapshot.plan(found);
        boolean served = found != null && found.plan() != null;
        if (served || engine.isStandAlone()) {
            Refusal refusal = Refusal.of(head, holds, found != null);
            if (refusal != null) {
                action = refusal.detail();
                return ends("answer " + refusal.error().status());
            }
        }
        RoutePlan plan = found == null ? null : found.plan();
        if (found == null || plan == null || plan.action() == null) {
            if (!engine.isStandAlone()) {
                action = "left to the application";
                return ends(action);
            }
            action = "answer " + ProxyError.NO_ROUTE.status();
            ExchangeContext context = new ExchangeContext(engine, head, forwarding, holds.site(), now, 0);
            return ends(gate(holds, context) == null ? gates.get(gates.size() - 1) : action);
        }
        route = plan.route();
        action = plan.action().toString();
        ExchangeContext context = new ExchangeContext(engine, head, forwarding, plan.site(), now, 0);
        RequestHead request = plan.middleware().isEmpty() ? head : gate(plan, context);
        return request == null ? ends(gates.get(gates.size() - 1)) : choose(plan, found, request, context);
    }

    /** The request as the middleware lets it go on; null if one answers, as the last of the gates says. */
    private @Nullable RequestHead gate(RoutePlan plan, ExchangeContext context) {
        RequestHead request = plan.headers().sanitised(head, forwarding);
        for (Middleware one : plan.middleware()) {
            Verdict verdict;
            try {
                verdict = one.peek(request, context);
            } catch (RuntimeException e) {
                gates.add(one.name() + ": failed with " + e);
                return null;
            }
            if (verdict instanceof Verdict.Pause pause) {
                gates.add(one.name() + ": waits " + (pause.until() - now) / 1_000_000 + " ms");
            } else if (verdict instanceof Verdict.Answer answer) {
                gates.add(one.name() + ": answer " + answer.reply().status());
                return null;
            } else if (verdict instanceof Verdict.Proceed proceed) {
                gates.add(one.name() + ": lets pass");
                noteChanges(one, request, proceed.request());
                request = proceed.request();
            } else {
                gates.add(one.name() + ": not evaluated");
                request = one.withoutCredentials(request);
            }
        }
        return request;
    }

    private void noteChanges(Middleware by, RequestHead before, RequestHead after) {
        String reason = "middleware " + by.name();
        if (!before.rawTarget().equals(after.rawTarget())) {
            byMiddleware.add(new FieldChange("target", before.rawTarget(), after.rawTarget(), reason));
        }
        byMiddleware.addAll(FieldChange.between(before.headers(), after.headers(), reason));
    }

    private Explanation choose(
            RoutePlan plan, RouteTable.Found<RoutePlan> found, RequestHead request, ExchangeContext context) {
        if (found.addsSlash()) {
            String query = head.query();
            return ends("answer 301 to " + RequestPath.escape(head.path()) + "/"
                    + (query == null || query.isEmpty() ? "" : "?" + query));
        }
        PoolState pool = plan.pool();
        if (!(plan.action() instanceof RouteAction.Proxy proxied) || pool == null) {
            return ends(action);
        }
        Reply notAdmitted = plan.refusalOf(head);
        if (notAdmitted != null) {
            return ends("answer " + notAdmitted.status() + ", the route does not admit that WebSocket");
        }
        passedOver.addAll(pool.obstacles(now));
        upstreams = pool.standings(now);
        UpstreamState upstream = pool.peek(now, context);
        if (upstream == null) {
            String refused = "answer " + pool.refusal(null, now, context).status();
            return ends(
                    pool.wouldWait(now, context)
                            ? "waits in the queue for " + pool.pool().queue().timeout() + " at most, then " + refused
                            : refused + ", no upstream can be tried: " + pool.describe(now));
        }
        String target;
        try {
            target = proxied.rewrite().apply(request.target(), found.prefixLength());
        } catch (RuntimeException e) {
            return ends("answer " + ProxyError.INTERNAL_ERROR.status() + ", " + e.getMessage());
        }
        context.upstream(upstream.upstream());
        Headers headers;
        List<FieldChange> changes = new ArrayList<>(byMiddleware);
        try {
            headers = plan.middleware().isEmpty()
                    ? plan.headers().toUpstream(request, forwarding, context)
                    : plan.headers().toUpstreamAfterMiddleware(request, forwarding, context);
            RequestHead copied = plan.middleware().isEmpty() ? plan.headers().sanitised(head, forwarding) : request;
            changes.addAll(plan.headers().changes(head, copied, forwarding, context));
        } catch (RuntimeException e) {
            return ends("answer " + ProxyError.INTERNAL_ERROR.status() + ", header policy: " + e.getMessage());
        }
        if (!target.equals(request.rawTarget())) {
            String reason = "route " + route + ": " + proxied.rewrite();
            changes.add(new FieldChange("target", request.rawTarget(), target, reason));
        }
        String upgrade = plan.upgradeOf(request, head);
        headers = UpstreamFields.of(plan, headers, upgrade, changes);
        return new Explanation(
                site,
                route,
                action,
                passedOver,
                gates,
                upstreams,
                upstream.upstream().url(),
                request.method() + " " + target,
                headers,
                changes,
                clocksOf(plan.timeouts(), upgrade != null));
    }

    private static Map<String, String> clocksOf(Timeouts timeouts, boolean tunnelled) {
        Map<String, String> clocks = new LinkedHashMap<>();
        clocks.put("connect", timeouts.connect().toString());
        clocks.put("send", timeouts.send().toString());
        clocks.put("read", timeouts.read().toString());
        note(clocks, "responseHead", timeouts.responseHead());
        note(clocks, "firstByte", timeouts.firstByte());
        note(clocks, "total", timeouts.total());
        note(clocks, "tunnel", tunnelled ? timeouts.tunnel() : null);
        clocks.put("clientBody", timeouts.clientBody().toString());
        clocks.put("clientSend", timeouts.clientSend().toString());
        note(clocks, "clientRate", timeouts.clientRate());
        return clocks;
    }

    private static void note(Map<String, String> clocks, String name, @Nullable Object value) {
        if (value != null) {
            clocks.put(name, value.toString());
        }
    }

    private Explanation ends(String how) {
        return new Explanation(
                site, route, action, passedOver, gates, upstreams, null, how, Headers.empty(), byMiddleware, Map.of());
    }
}
