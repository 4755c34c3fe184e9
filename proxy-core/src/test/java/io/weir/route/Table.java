package io.weir.route;

import io.weir.header.TrustedProxies;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.upstream.UpstreamPool;
import java.util.ArrayList;
import java.util.List;

/** A compiled table to ask questions of, with the routes' own names as answers. */
final class Table {
    static final UpstreamPool POOL = UpstreamPool.of("app", "http://127.0.0.1:3000");
    static final String NONE = "none";

    private final RouteTable<String> routes;

    private Table(List<Site> sites, boolean firstIsDefault) {
        routes = RouteTable.compile(
                sites, firstIsDefault, (site, route) -> (site.name().isEmpty() ? "" : site.name() + ": ") + route);
    }

    static Table ofSites(boolean firstIsDefault, Site... sites) {
        return new Table(List.of(sites), firstIsDefault);
    }

    static Table ofRoutes(Route... routes) {
        Site site = Site.unnamed();
        for (Route route : routes) {
            site = site.route(route);
        }
        return ofSites(false, site);
    }

    static Route answering(Route.Draft draft) {
        return draft.answer(Reply.status(200));
    }

    /** First name of the site that serves the host. */
    String siteOf(String host) {
        RouteTable.Found<String> found = find(RequestHead.get("/", host));
        return found == null ? NONE : found.site().name();
    }

    /** The route that serves the target; with {@code +/} where the answer is a redirect to the path with a slash. */
    String routeOf(String target) {
        return routeOf(RequestHead.get(target, "a.test"));
    }

    String routeOf(RequestHead head) {
        RouteTable.Found<String> found = find(head);
        if (found == null || found.plan() == null) {
            return NONE;
        }
        return found.addsSlash() ? found.plan() + " +/" : found.plan();
    }

    List<String> passedOver(RequestHead head) {
        List<String> reasons = new ArrayList<>();
        routes.find(head, TrustedProxies.none().resolve(head), reasons::add);
        return reasons;
    }

    private RouteTable.Found<String> find(RequestHead head) {
        return routes.find(head, TrustedProxies.none().resolve(head), null);
    }
}
