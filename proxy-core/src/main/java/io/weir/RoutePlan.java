package io.weir;

import io.weir.body.Buffering;
import io.weir.body.BufferingPolicy;
import io.weir.body.Compression;
import io.weir.body.Limits;
import io.weir.header.HeaderPolicy;
import io.weir.header.Upgrades;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.log.AccessLog;
import io.weir.middleware.Middleware;
import io.weir.route.Route;
import io.weir.route.RouteAction;
import io.weir.route.Site;
import io.weir.route.WebSocketPolicy;
import io.weir.upstream.PoolState;
import io.weir.upstream.Timeouts;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What holds for one route once proxy, site and route have been put together. Without a route: for a site's 404. */
record RoutePlan(
        String site,
        String route,
        @Nullable RouteAction action,
        @Nullable Route mapper,
        HeaderPolicy headers,
        Timeouts timeouts,
        Limits limits,
        BufferingPolicy buffering,
        Upgrades upgrades,
        List<Middleware> middleware,
        @Nullable PoolState pool,
        @Nullable BodyPlan bodies,
        AccessLog accessLog) {

    static RoutePlan of(ProxyConfig config, Map<String, PoolState> pools, Site site, Route route) {
        PoolState pool = route.action() instanceof RouteAction.Proxy proxy
                ? pools.get(proxy.pool().name())
                : null;
        List<Middleware> middleware = new ArrayList<>(config.middleware());
        middleware.addAll(site.middleware());
        middleware.addAll(route.middleware());
        BufferingPolicy buffering = route.buffering().below(site.buffering().below(config.buffering()));
        return new RoutePlan(
                site.name(),
                route.toString(),
                route.action(),
                route,
                route.headers().below(site.headers().below(config.headers())),
                route.timeouts().below(site.timeouts().below(config.timeouts())),
                pool == null
                        ? route.limits(config.limits())
                        : within(buffering.ofRequests(), route.limits(config.limits())),
                buffering,
                route.upgrades(),
                List.copyOf(middleware),
                pool,
                pool == null ? null : BodyPlan.of(route, compression(config, site, route)),
                logOf(config, site));
    }

    private static Compression compression(ProxyConfig config, Site site, Route route) {
        Compression own = route.compression() != null ? route.compression() : site.compression();
        return own != null ? own : config.compression();
    }

    /** For requests of a site that none of its routes serves; without a site, of a host that none serves. */
    static RoutePlan noRoute(ProxyConfig config, @Nullable Site site) {
        List<Middleware> middleware = new ArrayList<>(config.middleware());
        if (site != null) {
            middleware.addAll(site.middleware());
        }
        return new RoutePlan(
                site == null ? "" : site.name(),
                "",
                null,
                null,
                site == null ? config.headers() : site.headers().below(config.headers()),
                site == null ? config.timeouts() : site.timeouts().below(config.timeouts()),
                config.limits(),
                BufferingPolicy.inherit(),
                Upgrades.none(),
                List.copyOf(middleware),
                null,
                null,
                logOf(config, site));
    }

    private static AccessLog logOf(ProxyConfig config, @Nullable Site site) {
        AccessLog own = site == null ? null : site.accessLog();
        return own == null ? config.accessLog() : own;
    }

    /** A body that is to be read whole first has to fit. */
    private static Limits within(Buffering requests, Limits limits) {
        return requests.isOn() && requests.capacity() < limits.requestBody()
                ? limits.withRequestBody(requests.capacity())
                : limits;
    }

    /** Whether a request's body is read whole before an upstream is chosen. */
    boolean collectsBodies() {
        return buffering.ofRequests().isOn();
    }

    /** What is watched over in WebSockets; null: nothing. */
    @Nullable
    WebSocketPolicy webSocket() {
        return mapper == null ? null : mapper.webSocket();
    }

    /**
     * The protocol that its upstream is asked to switch to; null for none, as always in an HTTP/2 pool, where a connection
     * belongs to many.
     *
     * @param request as middleware left it: with another method it asks for something else
     */
    @Nullable
    String upgradeOf(RequestHead request, RequestHead original) {
        boolean mayAsk =
                pool != null && !pool.pool().isHttp2() && request.method().equals(original.method());
        return mayAsk ? upgrades.grantedTo(original) : null;
    }

    /** What is watched over in a connection that speaks that protocol; null if nothing is. */
    @Nullable
    WebSocketPolicy bridged(@Nullable String upgrade) {
        return "websocket".equals(upgrade) ? webSocket() : null;
    }

    /** The reply to a WebSocket's handshake that the route does not admit; null if it does, or it is none. */
    @Nullable
    Reply refusalOf(RequestHead original) {
        WebSocketPolicy policy = webSocket();
        return policy != null && bridged(upgradeOf(original, original)) != null ? policy.refusalOf(original) : null;
    }

    /** What to make of an exception out of header edits, the templates in them, or mapping back. */
    UserCodeFailure headersFailed(RuntimeException thrown) {
        return new UserCodeFailure("header policy of route \"" + route + "\"", thrown);
    }
}
