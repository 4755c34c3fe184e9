package io.weir;

import io.weir.body.BodyChain;
import io.weir.body.Limits;
import io.weir.body.Representation;
import io.weir.header.Upgrades;
import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.log.AttemptSummary;
import io.weir.route.Route;
import io.weir.route.RouteAction;
import io.weir.route.WebSocketPolicy;
import io.weir.upstream.PoolState;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamState;
import org.jspecify.annotations.Nullable;

/** One try at one upstream. It ends exactly once; whatever is reported after that is ignored. */
public final class Attempt implements UpstreamRequest {
    private final Exchange exchange;
    private final RoutePlan plan;
    private final PoolState pool;
    private final UpstreamState upstream;
    private final boolean onFreshConnection;
    private final long startedAt;
    private String method = "";
    private String target = "";
    private Headers headers = Headers.empty();
    private @Nullable String upgrade;
    private @Nullable RequestHead request;
    private @Nullable ExchangeContext context;
    private volatile @Nullable BodyChain bodyChain;
    private volatile long connectNanos = -1;
    private long headNanos = -1;
    private boolean broken;
    private @Nullable ResponseHead head;

    Attempt(
            Exchange exchange,
            RoutePlan plan,
            PoolState pool,
            UpstreamState upstream,
            boolean onFreshConnection,
            long now) {
        this.exchange = exchange;
        this.plan = plan;
        this.pool = pool;
        this.upstream = upstream;
        this.onFreshConnection = onFreshConnection;
        startedAt = now;
    }

    /** Makes the head for the upstream, from the request as middleware left it, so that every try sends the same. */
    void prepare(RequestHead request, int prefixLength, ExchangeContext context) throws UserCodeFailure {
        this.context = context;
        this.request = request;
        method = request.method();
        try {
            target = plan.action() instanceof RouteAction.Proxy proxy
                    ? proxy.rewrite().apply(request.target(), prefixLength)
                    : request.rawTarget();
            headers = plan.middleware().isEmpty()
                    ? plan.headers().toUpstream(request, context.forwarding(), context)
                    : plan.headers().toUpstreamAfterMiddleware(request, context.forwarding(), context);
        } catch (RuntimeException e) {
            throw plan.headersFailed(e);
        }
        upgrade = plan.upgradeOf(request, context.original());
        headers = UpstreamFields.of(plan, headers, upgrade, null);
    }

    /** What is watched over in the WebSocket that it asks for; null if nothing is, or it asks for none. */
    @Nullable
    WebSocketPolicy bridged() {
        return plan.bridged(upgrade);
    }

    /** The pool. */
    @Override
    public PoolState pool() {
        return pool;
    }

    /** The upstream. */
    @Override
    public UpstreamState upstream() {
        return upstream;
    }

    @Override
    public int port() {
        return upstream.upstream().port();
    }

    @Override
    public boolean leavesConnection() {
        return true;
    }

    /** Whether no kept connection may be used, because one was found closed just now. */
    @Override
    public boolean onFreshConnection() {
        return onFreshConnection;
    }

    /** The method, as the client sent it. */
    @Override
    public String method() {
        return method;
    }

    /** The target for the upstream, in origin-form. */
    @Override
    public String target() {
        return target;
    }

    /** The fields for the upstream, without framing. */
    @Override
    public Headers headers() {
        return headers;
    }

    /** Null with an HTTP/2 pool: there a connection belongs to many. */
    @Override
    public @Nullable String upgrade() {
        return upgrade;
    }

    /** The request has a body, which follows: whoever transforms it is asked now. Called once, before it is sent, if at all. */
    public void bodyFollows() {
        if (plan.bodies() != null) {
            exchange.bodyFollows(this);
        }
    }

    @Override
    public @Nullable BodyChain bodyChain() {
        return bodyChain;
    }

    /** The clocks of the route. */
    @Override
    public Timeouts timeouts() {
        return plan.timeouts();
    }

    /** How many bytes of the request's body are to be kept, so that another attempt can send it once more; 0: none. */
    public int replayBytes() {
        return pool.pool().retry().replayBytes(method, pool.pool().isHttp2());
    }

    /** The limits of the route. */
    @Override
    public Limits limits() {
        return plan.limits();
    }

    /** There is a connection. */
    public void connected(long now) {
        exchange.connected(this, now);
    }

    /** It has a connection that was there before, and took no time. */
    public void reused() {
        connectNanos = 0;
    }

    /** An interim response (1xx, not 101) has come. */
    public Decision informed(ResponseHead head, long now) {
        return exchange.informed(this, head, now);
    }

    /**
     * The final response's head has come; a 101 counts as one. If another attempt is forwarded, now or after a pause, this one is given up.
     *
     * @param bodyLost whether bytes of the request's body were taken from the client and are kept nowhere
     */
    public Decision answered(ResponseHead head, boolean bodyLost, long now) {
        String wrong = wrongSwitch(head);
        return wrong != null ? failed(upgradeFailed(wrong), now) : exchange.answered(this, head, bodyLost, now);
    }

    /** The final response's head has come, to a request that has no body or whose body is kept. */
    public Decision answered(ResponseHead head, long now) {
        return answered(head, false, now);
    }

    /** It failed. */
    public Decision failed(ProxyFailure failure, long now) {
        return exchange.failed(this, failure, now);
    }

    /**
     * Its body broke after bytes of it had been buffered. That is how the attempt ends, while the client still gets those
     * bytes; {@link #failed} follows when it has them.
     */
    public void broke(ProxyFailure failure, long now) {
        exchange.broke(this, failure, now);
    }

    /** The upstream's last byte is in. */
    public void finished(long now) {
        exchange.finished(this, now);
    }

    // ---- for the exchange, under its lock ----

    void engage(Engine engine) {
        BodyPlan bodies = plan.bodies();
        RequestHead sent = request;
        if (bodies == null || sent == null || bodies.requests().isEmpty()) {
            return;
        }
        BodyChain engaged = bodies.engage(sent, engine);
        if (engaged != null && !engaged.keepsBytes()) {
            headers = Representation.changed(engaged.fields(headers));
        }
        bodyChain = engaged;
    }

    /** It has ended: nobody asks for its body any more. */
    void closeBody() {
        BodyChain engaged = bodyChain;
        if (engaged != null) {
            engaged.close();
        }
    }

    void connectedAt(long now) {
        connectNanos = now - startedAt;
    }

    void answeredAt(long now, ResponseHead head) throws UserCodeFailure {
        headNanos = now - startedAt;
        connectNanos = Math.max(0, connectNanos);
        this.head = head;
        try {
            pool.answered(upstream, head, headNanos);
        } catch (RuntimeException e) {
            throw new UserCodeFailure("balancing of pool \"" + pool.pool().name() + "\"", e);
        }
    }

    void markBroken() {
        broken = true;
    }

    /** Whether it broke while what had come of its body was buffered. */
    boolean isBroken() {
        return broken;
    }

    /** The status it answered with; 0 for none. */
    int status() {
        return head == null ? 0 : head.status();
    }

    /**
     * Whether that failure is no more than a kept connection which the upstream had closed. A try that asked for a new
     * connection can't have got one.
     */
    boolean wasStale(ProxyFailure failure) {
        return !onFreshConnection && failure.isStaleConnection();
    }

    /** The upstream's head as the client gets it, before middleware. */
    ResponseHead toClient(ResponseHead head) throws UserCodeFailure {
        if (context == null) {
            return head;
        }
        try {
            Headers fields = plan.headers().toClient(head.status(), head.headers(), context);
            Route route = plan.mapper();
            if (route != null && !head.isInterim()) {
                String hostSent = headers.get("Host");
                fields = route.mapBack(
                        fields,
                        upstream.upstream().url(),
                        hostSent == null ? "" : hostSent,
                        exchange.request().authority());
            }
            ResponseHead mapped = head.withHeaders(fields);
            return head.isInterim() ? mapped : pool.keepSession(upstream, context, mapped, context.now());
        } catch (RuntimeException e) {
            throw plan.headersFailed(e);
        }
    }

    AttemptSummary summary(@Nullable ProxyError error, long now) {
        return new AttemptSummary(upstream.upstream().url(), head, connectNanos, headNanos, now - startedAt, error);
    }

    /** The 101 as the client gets it: with the fields that no policy decides about. */
    ResponseHead switched(ResponseHead mapped) {
        if (bridged() != null) {
            return new ResponseHead(101, Handshake.toClient(mapped.headers()));
        }
        Headers fields = mapped.headers().toBuilder()
                .remove("Connection")
                .remove("Upgrade")
                .add("Connection", "Upgrade")
                .add("Upgrade", upgrade == null ? "" : upgrade)
                .build();
        return new ResponseHead(101, fields);
    }

    /** What is wrong with that answer as far as protocols go; null if nothing is. */
    private @Nullable String wrongSwitch(ResponseHead head) {
        boolean extended = upgrade != null && exchange.request().protocol().equals("HTTP/2.0");
        if (head.status() != 101) {
            // RFC 8441 §5: there any 2xx says that the tunnel is open.
            return extended && head.status() / 100 == 2 ? "the upstream answered without switching protocols" : null;
        }
        if (upgrade == null) {
            return "the upstream switched protocols, but nobody had asked";
        }
        String chosen = head.headers().joined("Upgrade");
        if (!upgrade.equalsIgnoreCase(chosen)) {
            return "the upstream switched to another protocol than " + upgrade;
        }
        if (bridged() != null) {
            return Handshake.wrongIn(head.headers(), headers);
        }
        String key = extended ? headers.get("Sec-WebSocket-Key") : null; // of ours: the client can't check it
        return key == null || Upgrades.acceptFor(key).equals(head.header("Sec-WebSocket-Accept"))
                ? null
                : "the upstream switched protocols with another Sec-WebSocket-Accept than it had to";
    }

    /** The upstream has had the request, and whether a body went with it is not known here: it counts as sent. */
    private static ProxyFailure upgradeFailed(String detail) {
        return new ProxyFailure(ProxyError.UPGRADE_FAILED, ProxyFailure.Phase.HEAD, true, true, false, detail, null);
    }

    /** Target and upstream. */
    @Override
    public String toString() {
        return method + " " + target + " at " + upstream.upstream().url();
    }
}
