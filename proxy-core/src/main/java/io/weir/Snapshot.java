package io.weir;

import io.weir.header.Forwarding;
import io.weir.http.RequestHead;
import io.weir.route.RouteTable;
import io.weir.route.Site;
import io.weir.upstream.PoolState;
import io.weir.upstream.UpstreamPool;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One configuration, compiled, with the live state of its pools. An exchange keeps the one it began with. */
final class Snapshot {
    private final ProxyConfig config;
    private final RouteTable<RoutePlan> routes;
    private final Map<String, PoolState> pools = new HashMap<>();
    private final Map<Site, RoutePlan> noRoute = new HashMap<>();
    private final RoutePlan noSite;

    /** Compiles; pools of the same name go on from where {@code before} has them, an unchanged one as it is. */
    Snapshot(ProxyConfig config, boolean standAlone, @Nullable Snapshot before) {
        this.config = config;
        for (UpstreamPool pool : config.pools().values()) {
            PoolState known = before == null ? null : before.pools.get(pool.name());
            pools.put(pool.name(), known != null && known.pool() == pool ? known : new PoolState(pool, known));
        }
        boolean firstIsDefault = standAlone && !config.refusesUnknownHosts();
        routes = RouteTable.compile(
                config.sites(), firstIsDefault, (site, route) -> RoutePlan.of(config, pools, site, route));
        for (Site site : config.sites()) {
            noRoute.put(site, RoutePlan.noRoute(config, site));
        }
        noSite = RoutePlan.noRoute(config, null);
    }

    ProxyConfig config() {
        return config;
    }

    Map<String, PoolState> pools() {
        return pools;
    }

    RouteTable.@Nullable Found<RoutePlan> find(
            RequestHead request, Forwarding forwarding, @Nullable Consumer<String> passedOver) {
        return routes.find(request, forwarding, passedOver);
    }

    RoutePlan noRoute(RouteTable.@Nullable Found<RoutePlan> found) {
        return found == null ? noSite : noRoute.getOrDefault(found.site(), noSite);
    }
}
