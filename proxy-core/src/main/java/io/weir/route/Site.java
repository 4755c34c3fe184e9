package io.weir.route;

import io.weir.body.Buffering;
import io.weir.body.BufferingPolicy;
import io.weir.header.HeaderPolicy;
import io.weir.middleware.Middleware;
import io.weir.upstream.Timeouts;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * Routes for certain hosts (nginx {@code server}). A request's host, in lower case and without port, is looked for as
 * nginx does: exact name, longest {@code *.example.com}, longest {@code mail.*}, first regular expression in order, then
 * the default site, which has no names. {@code .example.com} stands for the name and everything below it.
 *
 * <p>Each step returns a new site; this one stays as it is.
 */
public final class Site {
    private final List<HostPattern> names;
    private final List<Route> routes;
    private final List<Middleware> middleware;
    private final HeaderPolicy headers;
    private final Timeouts timeouts;
    private final BufferingPolicy buffering;

    private Site(
            List<HostPattern> names,
            List<Route> routes,
            List<Middleware> middleware,
            HeaderPolicy headers,
            Timeouts timeouts,
            BufferingPolicy buffering) {
        this.names = names;
        this.routes = routes;
        this.middleware = middleware;
        this.headers = headers;
        this.timeouts = timeouts;
        this.buffering = buffering;
    }

    /** A site for these hosts: {@code a.example.com}, {@code *.example.com}, {@code mail.*} or {@code .example.com}. */
    public static Site named(String... names) {
        return unnamed().names(names);
    }

    /** A site for hosts in which that regular expression is found (nginx {@code server_name ~…}). */
    public static Site regex(String regex) {
        return unnamed().orRegex(regex);
    }

    /** The default site: for hosts that no other serves. */
    public static Site unnamed() {
        return new Site(
                List.of(), List.of(), List.of(), HeaderPolicy.inherit(), Timeouts.inherit(), BufferingPolicy.inherit());
    }

    /** Further names. */
    public Site names(String... more) {
        List<HostPattern> all = new ArrayList<>(names);
        for (String name : more) {
            all.add(HostPattern.parse(name));
        }
        return new Site(List.copyOf(all), routes, middleware, headers, timeouts, buffering);
    }

    /** Also hosts in which that regular expression is found. */
    public Site orRegex(String regex) {
        return new Site(plus(names, HostPattern.regex(regex)), routes, middleware, headers, timeouts, buffering);
    }

    /** One more route. */
    public Site route(Route route) {
        return new Site(names, plus(routes, route), middleware, headers, timeouts, buffering);
    }

    /** Further routes, in order. For many, a step for each would copy them all each time. */
    public Site routes(Collection<Route> more) {
        List<Route> all = new ArrayList<>(routes);
        all.addAll(more);
        return new Site(names, List.copyOf(all), middleware, headers, timeouts, buffering);
    }

    /** One more middleware, after the proxy's and those that are there. */
    public Site use(Middleware more) {
        return new Site(names, routes, plus(middleware, more), headers, timeouts, buffering);
    }

    /** A ready field policy, to stand below the proxy's. */
    public Site headers(HeaderPolicy headers) {
        return new Site(names, routes, middleware, headers, timeouts, buffering);
    }

    /** A field policy made in place. */
    public Site headers(Consumer<HeaderPolicy.Builder> edits) {
        return headers(headers.edited(edits));
    }

    /** Ready clocks, to stand below the proxy's. */
    public Site timeouts(Timeouts timeouts) {
        return new Site(names, routes, middleware, headers, timeouts, buffering);
    }

    /** Clocks made in place. */
    public Site timeouts(Consumer<Timeouts.Builder> clocks) {
        Timeouts.Builder builder = Timeouts.builder();
        clocks.accept(builder);
        return timeouts(builder.build().below(timeouts));
    }

    /** Whether responses are buffered (nginx {@code proxy_buffering}); what the proxy says if not said here. */
    public Site buffering(Buffering responses) {
        return new Site(names, routes, middleware, headers, timeouts, buffering.withResponses(responses));
    }

    /** Whether requests are buffered (nginx {@code proxy_request_buffering}); what the proxy says if not said here. */
    public Site requestBuffering(Buffering requests) {
        return new Site(names, routes, middleware, headers, timeouts, buffering.withRequests(requests));
    }

    /** Its first name; "" for the default site. */
    public String name() {
        return names.isEmpty() ? "" : names.get(0).toString();
    }

    /** Whether it has no names, so that it serves every host that no other does. */
    public boolean isUnnamed() {
        return names.isEmpty();
    }

    /** Its names in the form in which they are compared, to find two sites with the same one. */
    public Set<String> nameKeys() {
        Set<String> keys = new LinkedHashSet<>();
        names.forEach(name -> keys.addAll(name.keys()));
        return keys;
    }

    /** Problems of the site by itself, each with place and cure; empty if there are none. */
    public List<String> problems() {
        List<String> problems = new ArrayList<>();
        if (routes.isEmpty()) {
            problems.add(this + " has no route; add one with route(..)");
        }
        Map<String, List<Route>> byPath = new HashMap<>();
        for (Route route : routes) {
            String place = this + ", route \"" + route + "\": ";
            List<Route> earlier =
                    byPath.computeIfAbsent(route.match().kind() + route.match().path(), path -> new ArrayList<>(1));
            earlier.stream()
                    .filter(before -> before.match().takesAllOf(route.match()))
                    .findFirst()
                    .ifPresent(before -> problems.add(place + "\"" + before
                            + "\" stands before it and leaves it no request; drop one, or put it first"));
            earlier.add(route);
            route.problems().forEach(problem -> problems.add(place + problem));
        }
        return problems;
    }

    List<HostPattern> names() {
        return names;
    }

    /** Its routes, in order. */
    public List<Route> routes() {
        return routes;
    }

    /** Its own middleware. */
    public List<Middleware> middleware() {
        return middleware;
    }

    /** Its own field policy. */
    public HeaderPolicy headers() {
        return headers;
    }

    /** Its own clocks. */
    public Timeouts timeouts() {
        return timeouts;
    }

    /** What it says of buffering, to stand below what the proxy says. */
    public BufferingPolicy buffering() {
        return buffering;
    }

    /** Its names, or "default site". */
    @Override
    public String toString() {
        return names.isEmpty() ? "default site" : "site " + names;
    }

    private static <T> List<T> plus(List<T> before, T one) {
        List<T> all = new ArrayList<>(before);
        all.add(one);
        return List.copyOf(all);
    }
}
