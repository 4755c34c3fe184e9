package io.weir;

import io.weir.header.Forwarding;
import io.weir.http.RequestHead;
import io.weir.route.RouteTable;
import io.weir.route.Site;
import io.weir.upstream.PoolState;
import io.weir.upstream.UpstreamPool;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** One configuration, compiled, with the live state of its pools. An exchange keeps the one it began with. */
final class Snapshot {
    private final ProxyConfig config;
    private final RouteTable<RoutePlan> routes;
    private final Map<String, PoolState> pools = new HashMap<>();

    /** What took the place of configured pools, by their names, because other upstreams were discovered. */
    private final Map<String, UpstreamPool> discovered;

    private final Map<Site, RoutePlan> noRoute = new HashMap<>();
    private final RoutePlan noSite;
    private final Listeners listeners;

    /** Compiles; pools of the same name go on from where {@code before} has them, an unchanged one as it is. */
    static Snapshot of(ProxyConfig config, Engine engine, @Nullable Snapshot before) {
        return new Snapshot(config, engine, before, before == null ? Map.of() : before.discoveredIn(config));
    }

    /** The same configuration, with that pool in place of the one of its name. */
    Snapshot with(UpstreamPool pool, Engine engine) {
        Map<String, UpstreamPool> changed = new HashMap<>(discovered);
        changed.put(pool.name(), pool);
        return new Snapshot(config, engine, this, changed);
    }

    private Snapshot(
            ProxyConfig config, Engine engine, @Nullable Snapshot before, Map<String, UpstreamPool> discovered) {
        this.config = config;
        this.discovered = discovered;
        List<ProxyListener> told = new ArrayList<>(config.listeners());
        told.add(engine.listener());
        listeners = new Listeners(engine, told);
        for (UpstreamPool configured : config.pools().values()) {
            UpstreamPool pool = discovered.getOrDefault(configured.name(), configured);
            PoolState known = before == null ? null : before.pools.get(pool.name());
            pools.put(
                    pool.name(),
                    known != null && known.pool() == pool
                            ? known
                            : new PoolState(pool, known, new SplittableRandom(engine.random())));
        }
        boolean firstIsDefault = engine.isStandAlone() && !config.refusesUnknownHosts();
        routes = RouteTable.compile(
                config.sites(), firstIsDefault, (site, route) -> RoutePlan.of(config, pools, site, route));
        for (Site site : config.sites()) {
            noRoute.put(site, RoutePlan.noRoute(config, site));
        }
        noSite = RoutePlan.noRoute(config, null);
    }

    /** What was discovered for pools that another configuration has, too, with the same discovery. */
    private Map<String, UpstreamPool> discoveredIn(ProxyConfig next) {
        Map<String, UpstreamPool> kept = new HashMap<>();
        for (UpstreamPool pool : discovered.values()) {
            UpstreamPool configured = next.pools().get(pool.name());
            if (configured == null || configured.discovery() != pool.discovery()) {
                continue;
            }
            boolean same = configured == config.pools().get(pool.name());
            UpstreamPool changed = same ? pool : configured.withUpstreams(pool.upstreams());
            if (ConfigCheck.problemsOf(changed).isEmpty() && Objects.equals(changed.path(), configured.path())) {
                kept.put(pool.name(), changed);
            }
        }
        return kept;
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

    /** The plan of the route that was found; else what holds for requests of that site, or host, that no route serves. */
    RoutePlan plan(RouteTable.@Nullable Found<RoutePlan> found) {
        if (found == null) {
            return noSite;
        }
        RoutePlan plan = found.plan();
        return plan != null ? plan : noRoute.getOrDefault(found.site(), noSite);
    }

    Listeners listeners() {
        return listeners;
    }
}
