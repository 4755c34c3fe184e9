package io.weir.route;

import io.weir.header.Forwarding;
import io.weir.http.RequestHead;
import io.weir.http.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Finds the site and the route of a request. Look-up takes a few hash and binary searches, whatever the number of sites,
 * exact routes and prefixes; only regular expressions are tried one by one, within one site. A path on which one of them
 * takes too long is served by no route.
 *
 * @param <P> what the caller has prepared for each route
 */
public final class RouteTable<P> {

    /** A route that was found. */
    public static final class Found<P> {
        private final Site site;
        private final @Nullable Route route;
        private final @Nullable P plan;
        private final int prefixLength;
        private final boolean addsSlash;

        private Found(Site site, @Nullable Route route, @Nullable P plan, int prefixLength, boolean addsSlash) {
            this.site = site;
            this.route = route;
            this.plan = plan;
            this.prefixLength = prefixLength;
            this.addsSlash = addsSlash;
        }

        /** The site of the request's host. */
        public Site site() {
            return site;
        }

        /** The route; null if none of the site's serves the request. */
        public @Nullable Route route() {
            return route;
        }

        /** What was prepared for the route; null if there is none. */
        public @Nullable P plan() {
            return plan;
        }

        /** How much of the normalised path the route matched. */
        public int prefixLength() {
            return prefixLength;
        }

        /** Whether the path lacks just the final slash of a route that proxies, so that a redirect to it is due. */
        public boolean addsSlash() {
            return addsSlash;
        }
    }

    /** One route in its place in the table. */
    record Entry<P>(Route route, RouteMatch match, P plan) {
        Entry(Route route, P plan) {
            this(route, route.match(), plan);
        }
    }

    private final HostTable<SiteRoutes<P>> hosts;

    private RouteTable(HostTable<SiteRoutes<P>> hosts) {
        this.hosts = hosts;
    }

    /**
     * Compiles sites.
     *
     * @param sites in order
     * @param firstIsDefault whether, without an unnamed site, the first one serves unknown hosts, as in nginx
     * @param plans prepares each route
     */
    public static <P> RouteTable<P> compile(
            List<Site> sites, boolean firstIsDefault, BiFunction<Site, Route, P> plans) {
        HostTable.Builder<SiteRoutes<P>> hosts = new HostTable.Builder<>();
        for (Site site : sites) {
            List<Entry<P>> entries = new ArrayList<>();
            for (Route route : site.routes()) {
                entries.add(new Entry<>(route, plans.apply(site, route)));
            }
            hosts.add(site, new SiteRoutes<>(site, entries));
        }
        if (firstIsDefault) {
            hosts.firstIsDefault();
        }
        return new RouteTable<>(hosts.build());
    }

    /**
     * Finds the route.
     *
     * @param passedOver is told of each candidate that did not fit, and why; null if nobody wants to know
     * @return null if no site serves the request's host
     */
    public @Nullable Found<P> find(RequestHead request, Forwarding forwarding, @Nullable Consumer<String> passedOver) {
        SiteRoutes<P> routes = hosts.find(request.host());
        return routes == null ? null : routes.find(request, forwarding, passedOver);
    }

    /** The routes of one site. */
    static final class SiteRoutes<P> {
        private final Site site;
        private final PrefixTable<P> prefixes;
        private final List<Entry<P>> regexes;

        SiteRoutes(Site site, List<Entry<P>> entries) {
            this.site = site;
            PrefixTable.Builder<P> builder = new PrefixTable.Builder<>();
            List<Entry<P>> inOrder = new ArrayList<>();
            for (Entry<P> entry : entries) {
                switch (entry.match.kind()) {
                    case EXACT -> builder.exact(entry);
                    case PREFIX -> builder.prefix(entry);
                    case REGEX -> inOrder.add(entry);
                }
            }
            prefixes = builder.build();
            regexes = List.copyOf(inOrder);
        }

        Found<P> find(RequestHead request, Forwarding forwarding, @Nullable Consumer<String> passedOver) {
            String path = request.path();
            Entry<P> exact = first(prefixes.exact(path), request, forwarding, passedOver);
            if (exact != null) {
                return found(exact, path.length());
            }
            Entry<P> longest = null;
            for (PrefixTable.Place<P> place = prefixes.longest(path);
                    place != null && longest == null;
                    place = place.shorter()) {
                longest = first(place.entries(), request, forwarding, passedOver);
            }
            int prefixLength = longest == null ? 0 : longest.match.pathLength();
            if (prefixLength < path.length()) {
                Entry<P> slash = first(prefixes.lackingSlash(path), request, forwarding, passedOver);
                if (slash != null) {
                    return new Found<>(site, slash.route, slash.plan, path.length(), true);
                }
            }
            if (longest != null && longest.match.overRegex()) {
                return found(longest, prefixLength);
            }
            try {
                Entry<P> regex = firstRegex(path, request, forwarding, passedOver);
                if (regex != null) {
                    return found(regex, 0);
                }
            } catch (Patterns.TooCostly e) {
                // Going on would let the client choose which routes it wants to get around.
                if (passedOver != null) {
                    passedOver.accept("all others: " + e.getMessage());
                }
                longest = null;
            }
            return longest == null ? new Found<>(site, null, null, 0, false) : found(longest, prefixLength);
        }

        private @Nullable Entry<P> firstRegex(
                String path, RequestHead request, Forwarding forwarding, @Nullable Consumer<String> passedOver) {
            for (int i = 0; i < regexes.size(); i++) {
                Entry<P> entry = regexes.get(i);
                if (!entry.match.finds(path)) {
                    if (passedOver != null) {
                        passedOver.accept(entry.route + ": not found in " + Text.escape(path));
                    }
                } else if (fits(entry, request, forwarding, passedOver)) {
                    return entry;
                }
            }
            return null;
        }

        private Found<P> found(Entry<P> entry, int prefixLength) {
            return new Found<>(site, entry.route, entry.plan, prefixLength, false);
        }

        private static <P> @Nullable Entry<P> first(
                List<Entry<P>> entries,
                RequestHead request,
                Forwarding forwarding,
                @Nullable Consumer<String> passedOver) {
            for (int i = 0; i < entries.size(); i++) {
                if (fits(entries.get(i), request, forwarding, passedOver)) {
                    return entries.get(i);
                }
            }
            return null;
        }

        private static <P> boolean fits(
                Entry<P> entry, RequestHead request, Forwarding forwarding, @Nullable Consumer<String> passedOver) {
            Condition unfulfilled = entry.match.unfulfilled(request, forwarding);
            if (unfulfilled != null && passedOver != null) {
                passedOver.accept(entry.route + ": not " + unfulfilled);
            }
            return unfulfilled == null;
        }
    }
}
