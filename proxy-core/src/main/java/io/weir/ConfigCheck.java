package io.weir;

import io.weir.route.Route;
import io.weir.route.RouteAction;
import io.weir.route.Site;
import io.weir.upstream.ActiveHealth;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamPool;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Looks at a configuration as a whole and collects every problem. */
final class ConfigCheck {
    private final List<String> problems = new ArrayList<>();
    private final Map<String, UpstreamPool> pools = new LinkedHashMap<>();

    ConfigCheck(List<Site> sites) {
        if (sites.isEmpty()) {
            problems.add("no route: add one with route(Route.any().to(pool)), or a site with routes");
        }
        checkNames(sites);
        for (Site site : sites) {
            checkSite(site);
        }
        pools.values().forEach(pool -> problems.addAll(problemsOf(pool)));
    }

    /** The pools that routes use, by name. */
    Map<String, UpstreamPool> pools() {
        return Collections.unmodifiableMap(pools);
    }

    void throwIfBroken() {
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
    }

    private void checkNames(List<Site> sites) {
        Map<String, Site> owners = new HashMap<>();
        for (Site site : sites) {
            for (String name : site.nameKeys()) {
                Site owner = owners.putIfAbsent(name, site);
                if (owner != null) {
                    problems.add(site + ": the name \"" + name + "\" belongs to " + owner + " already; drop one");
                }
            }
        }
        if (sites.stream().filter(Site::isUnnamed).count() > 1) {
            problems.add("two default sites: give one of them names, or put the routes into one");
        }
    }

    private void checkSite(Site site) {
        problems.addAll(site.problems());
        if (site.timeouts().setsListenerClocks()) {
            problems.add(site + ": clientHead and keepAlive run before the site is known; set them on the proxy");
        }
        Map<String, UpstreamPool> issuers = new HashMap<>();
        for (Route route : site.routes()) {
            String place = site + ", route \"" + route + "\"";
            if (route.timeouts().setsListenerClocks()) {
                problems.add(place + ": clientHead and keepAlive run before the route is known; set them on the proxy");
            }
            if (route.action() instanceof RouteAction.Proxy proxy) {
                collect(place, proxy.pool());
                checkCookie(place, proxy.pool(), issuers);
            }
        }
    }

    private void collect(String place, UpstreamPool pool) {
        UpstreamPool other = pools.putIfAbsent(pool.name(), pool);
        if (other != null && other != pool) {
            problems.add(
                    place + ": another pool is named \"" + pool.name() + "\" too; use the same value, or rename one");
        }
    }

    /** Two pools with one cookie would take turns in overwriting it, and no session would stay. */
    private void checkCookie(String place, UpstreamPool pool, Map<String, UpstreamPool> issuers) {
        if (!pool.stickiness().isIssuedCookie()) {
            return;
        }
        String cookie = pool.stickiness().name();
        UpstreamPool other = issuers.putIfAbsent(cookie, pool);
        if (other != null && !other.name().equals(pool.name())) {
            problems.add(place + ": pool \"" + other.name() + "\" issues the cookie \"" + cookie
                    + "\" on this site too; give the one of \"" + pool.name() + "\" another name");
        }
    }

    /** What is wrong with a pool by itself. */
    static List<String> problemsOf(UpstreamPool pool) {
        List<String> problems = new ArrayList<>();
        String place = "pool \"" + pool.name() + "\"";
        if (pool.upstreams().isEmpty()) {
            problems.add(place + " has no upstream; add one with upstream(url)");
            return problems;
        }
        Set<String> urls = new HashSet<>();
        Set<String> paths = new HashSet<>();
        for (Upstream upstream : pool.upstreams()) {
            if (!urls.add(upstream.url())) {
                problems.add(place + " names " + upstream.url() + " twice; drop one, or give it a weight of 2");
            }
            paths.add(upstream.path());
        }
        if (paths.size() > 1) {
            problems.add(place + ": its URLs have different paths " + paths
                    + "; requests could change their meaning with the upstream; use one");
        }
        if (pool.upstreams().stream().allMatch(Upstream::isBackup)) {
            problems.add(place + " has only backups; take backup() off one");
        }
        ActiveHealth probes = pool.activeHealth();
        if (probes != null && probes.timeout().compareTo(probes.interval()) > 0) {
            problems.add(place + ": a probe may take " + probes.timeout() + ", longer than the interval of "
                    + probes.interval() + "; shorten the timeout, or lengthen the interval");
        }
        if (pool.queue().length() > 0 && pool.upstreams().stream().allMatch(one -> one.maxConnections() == 0)) {
            problems.add(place + ": nobody will ever wait in its queue, for no upstream has a limit; set"
                    + " maxConnections(..) on them, or drop the queue");
        }
        return problems;
    }
}
