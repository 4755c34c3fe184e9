package io.weir;

import io.weir.header.Forwarding;
import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.RequestPath;
import io.weir.http.Variables;
import io.weir.route.RouteAction;
import io.weir.route.RouteTable;
import io.weir.upstream.PoolState;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamState;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Follows a request through the live code, up to where something would change. */
final class Explainer {
    private Explainer() {}

    static Explanation explain(ReverseProxy proxy, Snapshot snapshot, RequestHead head, long now) {
        List<String> passedOver = new ArrayList<>();
        Forwarding forwarding = snapshot.config().trustedProxies().resolve(head);
        String problem = head.problem();
        if (problem != null) {
            return new Explanation(null, null, problem, passedOver, null, "answer 400", Headers.empty());
        }
        if (head.method().equals("CONNECT") || head.method().equals("TRACE")) {
            String refusal = "answer " + ProxyError.METHOD_NOT_ALLOWED.status();
            return new Explanation(null, null, refusal, passedOver, null, refusal, Headers.empty());
        }
        if (Exchange.isMisdirected(head)) {
            String refusal = "answer " + ProxyError.MISDIRECTED.status() + ", the certificate is not for this host";
            return new Explanation(null, null, refusal, passedOver, null, refusal, Headers.empty());
        }
        RouteTable.Found<RoutePlan> found = snapshot.find(head, forwarding, passedOver::add);
        RoutePlan plan = found == null ? null : found.plan();
        String site = found == null ? null : found.site().toString();
        if (found == null || plan == null || plan.action() == null) {
            ProxyError error = found == null ? ProxyError.MISDIRECTED : ProxyError.NO_ROUTE;
            String action = proxy.engine().isStandAlone() ? "answer " + error.status() : "left to the application";
            return new Explanation(site, null, action, passedOver, null, action, Headers.empty());
        }
        String action = plan.action().toString();
        if (!plan.middleware().isEmpty()) {
            action += ", after " + plan.middleware().size() + " middleware (not evaluated)";
        }
        PoolState pool = plan.pool();
        if (found.addsSlash()) {
            String query = head.query();
            String location =
                    RequestPath.escape(head.path()) + "/" + (query == null || query.isEmpty() ? "" : "?" + query);
            return new Explanation(
                    site, plan.route(), action, passedOver, null, "answer 301 to " + location, Headers.empty());
        }
        if (!(plan.action() instanceof RouteAction.Proxy proxied) || pool == null) {
            return new Explanation(
                    site, plan.route(), action, passedOver, null, plan.action().toString(), Headers.empty());
        }
        passedOver.addAll(pool.obstacles(now));
        Seen before = new Seen(head, forwarding, plan.site(), null);
        UpstreamState upstream = pool.peek(now, before);
        if (upstream == null) {
            String refusal = "answer " + pool.refusal(null, now, before).status() + ", no upstream can be tried: "
                    + pool.describe(now);
            return new Explanation(site, plan.route(), action, passedOver, null, refusal, Headers.empty());
        }
        String target;
        try {
            target = proxied.rewrite().apply(head.target(), found.prefixLength());
        } catch (RuntimeException e) {
            String refusal = "answer " + ProxyError.INTERNAL_ERROR.status() + ", " + e.getMessage();
            return new Explanation(site, plan.route(), action, passedOver, null, refusal, Headers.empty());
        }
        Seen seen = new Seen(head, forwarding, plan.site(), upstream.upstream());
        return new Explanation(
                site,
                plan.route(),
                action,
                passedOver,
                upstream.upstream().url(),
                head.method() + " " + target,
                plan.headers().toUpstream(head, forwarding, seen));
    }

    /** A request that nobody has sent, as templates see it. */
    private record Seen(
            RequestHead request,
            Forwarding forwarding,
            String siteName,
            @Nullable Upstream upstream) implements Variables {
        @Override
        public String upstreamAuthority() {
            return upstream == null ? "" : upstream.authority();
        }

        @Override
        public String upstreamPort() {
            return upstream == null || upstream.port() == 0 ? "" : Integer.toString(upstream.port());
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
        public String forwardedFor() {
            return forwarding.chain();
        }

        @Override
        public String requestId() {
            return "0".repeat(32);
        }

        @Override
        public @Nullable String attribute(String name) {
            return null;
        }
    }
}
