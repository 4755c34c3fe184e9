package io.weir.route;

import io.weir.body.Buffering;
import io.weir.body.BufferingPolicy;
import io.weir.body.Compression;
import io.weir.header.HeaderPolicy;
import io.weir.http.Finding;
import io.weir.log.AccessLog;
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
import org.jspecify.annotations.Nullable;

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
    private final @Nullable Compression compression;
    private final BufferingPolicy buffering;
    private final @Nullable AccessLog accessLog;

    private Site(Draft draft) {
        names = draft.names;
        routes = draft.routes;
        middleware = draft.middleware;
        headers = draft.headers;
        timeouts = draft.timeouts;
        compression = draft.compression;
        buffering = draft.buffering;
        accessLog = draft.accessLog;
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
        return new Site(new Draft());
    }

    /** Further names. */
    public Site names(String... more) {
        List<HostPattern> all = new ArrayList<>(names);
        for (String name : more) {
            all.add(HostPattern.parse(name));
        }
        return with(draft -> draft.names = List.copyOf(all));
    }

    /** Also hosts in which that regular expression is found. */
    public Site orRegex(String regex) {
        return with(draft -> draft.names = plus(names, HostPattern.regex(regex)));
    }

    /** One more route. */
    public Site route(Route route) {
        return with(draft -> draft.routes = plus(routes, route));
    }

    /** Further routes, in order. For many, a step for each would copy them all each time. */
    public Site routes(Collection<Route> more) {
        List<Route> all = new ArrayList<>(routes);
        all.addAll(more);
        return with(draft -> draft.routes = List.copyOf(all));
    }

    /** One more middleware, after the proxy's and those that are there. */
    public Site use(Middleware more) {
        return with(draft -> draft.middleware = plus(middleware, more));
    }

    /** A ready field policy, to stand below the proxy's. */
    public Site headers(HeaderPolicy headers) {
        return with(draft -> draft.headers = headers);
    }

    /** A field policy made in place. */
    public Site headers(Consumer<HeaderPolicy.Builder> edits) {
        return headers(headers.edited(edits));
    }

    /** Ready clocks, to stand below the proxy's. */
    public Site timeouts(Timeouts timeouts) {
        return with(draft -> draft.timeouts = timeouts);
    }

    /** Clocks made in place. */
    public Site timeouts(Consumer<Timeouts.Builder> clocks) {
        Timeouts.Builder builder = Timeouts.builder();
        clocks.accept(builder);
        return timeouts(builder.build().below(timeouts));
    }

    /** Whether responses are buffered (nginx {@code proxy_buffering}); what the proxy says if not said here. */
    public Site buffering(Buffering responses) {
        return with(draft -> draft.buffering = buffering.withResponses(responses));
    }

    /** Whether requests are buffered (nginx {@code proxy_request_buffering}); what the proxy says if not said here. */
    public Site requestBuffering(Buffering requests) {
        return with(draft -> draft.buffering = buffering.withRequests(requests));
    }

    /** Compresses responses of its routes; takes the place of what the proxy says. */
    public Site compress(Compression compression) {
        return with(draft -> draft.compression = compression);
    }

    /** Its own access log, in place of the proxy's. */
    public Site accessLog(AccessLog accessLog) {
        return with(draft -> draft.accessLog = accessLog);
    }

    /** Its own access log; null for the proxy's. */
    public @Nullable AccessLog accessLog() {
        return accessLog;
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

    /** What is odd about its routes; see {@code ProxyConfig.lint()}. */
    public List<Finding> findings() {
        return RouteLint.of(this);
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

    /** Its own compression of responses; null: the proxy's. */
    public @Nullable Compression compression() {
        return compression;
    }

    /** Its names, or "default site". */
    @Override
    public String toString() {
        return names.isEmpty() ? "default site" : "site " + names;
    }

    private Site with(Consumer<Draft> change) {
        Draft draft = new Draft();
        draft.names = names;
        draft.routes = routes;
        draft.middleware = middleware;
        draft.headers = headers;
        draft.timeouts = timeouts;
        draft.compression = compression;
        draft.buffering = buffering;
        draft.accessLog = accessLog;
        change.accept(draft);
        return new Site(draft);
    }

    /** What the next site will be. */
    private static final class Draft {
        private List<HostPattern> names = List.of();
        private List<Route> routes = List.of();
        private List<Middleware> middleware = List.of();
        private HeaderPolicy headers = HeaderPolicy.inherit();
        private Timeouts timeouts = Timeouts.inherit();
        private @Nullable Compression compression;
        private BufferingPolicy buffering = BufferingPolicy.inherit();
        private @Nullable AccessLog accessLog;
    }

    private static <T> List<T> plus(List<T> before, T one) {
        List<T> all = new ArrayList<>(before);
        all.add(one);
        return List.copyOf(all);
    }
}
