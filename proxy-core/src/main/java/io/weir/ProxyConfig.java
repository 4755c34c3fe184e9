package io.weir;

import io.weir.body.Buffering;
import io.weir.body.BufferingPolicy;
import io.weir.body.Compression;
import io.weir.body.Limits;
import io.weir.header.HeaderPolicy;
import io.weir.header.TrustedProxies;
import io.weir.http.Finding;
import io.weir.log.AccessLog;
import io.weir.middleware.Middleware;
import io.weir.middleware.WatchedFile;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamPool;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** Everything a proxy is told: sites, routes, pools and what holds for all of them. Immutable, checked as a whole when built. */
public final class ProxyConfig {
    private final List<Site> sites;
    private final List<Middleware> middleware;
    private final HeaderPolicy headers;
    private final Timeouts timeouts;
    private final Limits limits;
    private final Compression compression;
    private final BufferingPolicy buffering;
    private final TrustedProxies trustedProxies;
    private final boolean refusesUnknownHosts;
    private final List<ProxyListener> listeners;
    private final AccessLog accessLog;
    private final Map<String, UpstreamPool> pools;

    private ProxyConfig(Builder builder, List<Site> sites, Map<String, UpstreamPool> pools) {
        this.sites = sites;
        middleware = List.copyOf(builder.middleware);
        headers = builder.headers;
        timeouts = builder.timeouts;
        limits = builder.limits;
        compression = builder.compression;
        buffering = builder.buffering;
        trustedProxies = builder.trustedProxies;
        refusesUnknownHosts = builder.refusesUnknownHosts;
        listeners = List.copyOf(builder.listeners);
        accessLog = builder.accessLog;
        this.pools = pools;
    }

    /** Starts a configuration. */
    public static Builder builder() {
        return new Builder();
    }

    /**
     * The smallest proxy: every request goes to that upstream. A path in the URL goes before the request's own and must end
     * in {@code /}.
     *
     * @throws IllegalArgumentException if it is no {@code http://host[:port][/path/]}
     */
    public static ProxyConfig forwardingTo(String url) {
        UpstreamPool pool = UpstreamPool.of("upstream", url);
        String path = pool.path();
        if (path != null && !path.endsWith("/")) {
            throw new IllegalArgumentException(
                    "forwardingTo: \"" + url + "\": its path takes the place of \"/\", so /x would become " + path
                            + "x; write \"" + url + "/\"");
        }
        return builder().route(Route.any().to(pool)).build();
    }

    /** The sites, in order; routes that belong to no site of their own are in the unnamed one. */
    public List<Site> sites() {
        return sites;
    }

    /** Middleware that every request passes, in order. */
    public List<Middleware> middleware() {
        return middleware;
    }

    /** The field policy at the top. */
    public HeaderPolicy headers() {
        return headers;
    }

    /** The clocks at the top. */
    public Timeouts timeouts() {
        return timeouts;
    }

    /** The limits at the top. */
    public Limits limits() {
        return limits;
    }

    /** The compression of responses at the top. */
    public Compression compression() {
        return compression;
    }

    /** What is said of buffering at the top. */
    public BufferingPolicy buffering() {
        return buffering;
    }

    /** Whose forwarding fields are believed. */
    public TrustedProxies trustedProxies() {
        return trustedProxies;
    }

    /** Whether a stand-alone proxy answers 421 to a host that no site names. */
    public boolean refusesUnknownHosts() {
        return refusesUnknownHosts;
    }

    /** Who is told what happens. */
    public List<ProxyListener> listeners() {
        return listeners;
    }

    /** The access log of sites that have none of their own. */
    public AccessLog accessLog() {
        return accessLog;
    }

    /** The pools in use, by name. */
    public Map<String, UpstreamPool> pools() {
        return pools;
    }

    /**
     * Has each middleware made ready, before this is put in force: what {@link Middleware#prepare} is for. Blocks.
     *
     * @param files the engine's
     * @throws IllegalArgumentException if one can't work; the message names it
     */
    public void prepare(Function<Path, WatchedFile> files) {
        Set<Middleware> all = new LinkedHashSet<>(middleware);
        for (Site site : sites) {
            all.addAll(site.middleware());
            site.routes().forEach(route -> all.addAll(route.middleware()));
        }
        all.forEach(one -> one.prepare(files));
    }

    /**
     * What works, but hardly as it was meant, or not safely: empty if nothing is found. What makes no sense at all is refused
     * by {@link Builder#build}. Files are not looked at; an engine's own lint does.
     *
     * <p>Rules: {@code slash-mismatch}, {@code shadowed-route}, {@code regex-never-matches}, {@code conditions-never-hold},
     * {@code trust-all}, {@code untrusted-forwarding}, {@code missing-default-site}, {@code unverified-tls},
     * {@code total-clock-on-stream}, {@code buffering-on-stream}, {@code body-limit-above-buffer},
     * {@code late-event-comments}, {@code retry-non-idempotent}, {@code single-with-max-fails}, {@code only-backups-up},
     * {@code nobody-up}.
     */
    public List<Finding> lint() {
        return ConfigLint.of(this);
    }

    /**
     * Lines of text, for people: all that is set. Secrets are not in it: no values of fields that hold credentials, of
     * middleware no more than its name.
     */
    @Override
    public String toString() {
        return ConfigText.of(this);
    }

    /** A configuration under construction. */
    public static final class Builder {
        private final List<Site> sites = new ArrayList<>();
        private final List<Middleware> middleware = new ArrayList<>();
        private final List<ProxyListener> listeners = new ArrayList<>();
        private final List<Route> routes = new ArrayList<>();
        private HeaderPolicy headers = HeaderPolicy.forwarded();
        private Timeouts timeouts = Timeouts.inherit();
        private Limits limits = Limits.defaults();
        private Compression compression = Compression.off();
        private BufferingPolicy buffering = BufferingPolicy.inherit();
        private TrustedProxies trustedProxies = TrustedProxies.none();
        private boolean refusesUnknownHosts;
        private AccessLog accessLog = AccessLog.combined();

        private Builder() {}

        /** One more site. */
        public Builder site(Site site) {
            sites.add(site);
            return this;
        }

        /** One more route of the default site. */
        public Builder route(Route route) {
            routes.add(route);
            return this;
        }

        /** One more middleware, for every request. */
        public Builder use(Middleware more) {
            middleware.add(more);
            return this;
        }

        /** A ready field policy; {@link HeaderPolicy#forwarded} if not said. */
        public Builder headers(HeaderPolicy headers) {
            this.headers = headers.below(HeaderPolicy.forwarded());
            return this;
        }

        /** Edits to the field policy. */
        public Builder headers(Consumer<HeaderPolicy.Builder> edits) {
            headers = headers.edited(edits);
            return this;
        }

        /** Ready clocks. */
        public Builder timeouts(Timeouts timeouts) {
            this.timeouts = timeouts;
            return this;
        }

        /** Clocks made in place. */
        public Builder timeouts(Consumer<Timeouts.Builder> clocks) {
            Timeouts.Builder builder = Timeouts.builder();
            clocks.accept(builder);
            timeouts = builder.build().below(timeouts);
            return this;
        }

        /** Changes to the limits. */
        public Builder limits(UnaryOperator<Limits> change) {
            limits = change.apply(limits);
            return this;
        }

        /** Compresses responses where site and route say nothing else; off if not said. */
        public Builder compress(Compression compression) {
            this.compression = compression;
            return this;
        }

        /** Whether responses are buffered (nginx {@code proxy_buffering}); off if not said. */
        public Builder buffering(Buffering responses) {
            buffering = buffering.withResponses(responses);
            return this;
        }

        /** Whether requests are buffered (nginx {@code proxy_request_buffering}); off if not said. */
        public Builder requestBuffering(Buffering requests) {
            buffering = buffering.withRequests(requests);
            return this;
        }

        /** Whose {@code X-Forwarded-*} is believed: addresses, CIDR blocks, {@code unix:} (nginx {@code set_real_ip_from}). */
        public Builder trustedProxies(String... ranges) {
            trustedProxies = TrustedProxies.of(ranges);
            return this;
        }

        /** The same ready made, for those that say it in another field than {@code X-Forwarded-For}. */
        public Builder trustedProxies(TrustedProxies proxies) {
            trustedProxies = proxies;
            return this;
        }

        /** Without a default site, a stand-alone proxy answers 421 to hosts that no site names, rather than use the first. */
        public Builder refuseUnknownHosts() {
            refusesUnknownHosts = true;
            return this;
        }

        /** The access log of sites that have none of their own; {@link AccessLog#combined} if not said. */
        public Builder accessLog(AccessLog accessLog) {
            this.accessLog = accessLog;
            return this;
        }

        /** One more listener. */
        public Builder listener(ProxyListener listener) {
            listeners.add(listener);
            return this;
        }

        /**
         * The configuration.
         *
         * @throws ConfigException if it makes no sense as a whole
         */
        public ProxyConfig build() {
            List<Site> all = new ArrayList<>(sites);
            if (!routes.isEmpty()) {
                all.add(Site.unnamed().routes(routes));
            }
            ConfigCheck check = new ConfigCheck(all);
            check.throwIfBroken();
            return new ProxyConfig(this, List.copyOf(all), check.pools());
        }
    }
}
