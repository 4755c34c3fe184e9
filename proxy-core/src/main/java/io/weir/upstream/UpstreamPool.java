package io.weir.upstream;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A named group of upstreams that serve the same requests (nginx {@code upstream}). Immutable. */
public final class UpstreamPool {
    private final String name;
    private final List<Upstream> upstreams;
    private final BalancingStrategy balancing;
    private final Stickiness stickiness;
    private final WaitQueue queue;
    private final KeepAlive keepAlive;
    private final RetryPolicy retry;
    private final boolean http2;
    private final UpstreamTls tls;
    private final @Nullable UpstreamDiscovery discovery;
    private final PassiveHealth passiveHealth;
    private final @Nullable ActiveHealth activeHealth;
    private final int failOpenBelow;

    private UpstreamPool(Builder builder) {
        name = builder.name;
        upstreams = List.copyOf(builder.upstreams);
        balancing = builder.balancing;
        stickiness = builder.stickiness;
        queue = builder.queue;
        keepAlive = builder.keepAlive;
        retry = builder.retry;
        http2 = builder.http2;
        tls = builder.tls;
        discovery = builder.discovery;
        passiveHealth = builder.passiveHealth;
        activeHealth = builder.activeHealth;
        failOpenBelow = builder.failOpenBelow;
    }

    /** Starts a pool. */
    public static Builder named(String name) {
        return new Builder(name);
    }

    /** A pool of equal upstreams with all defaults. */
    public static UpstreamPool of(String name, String... urls) {
        Builder builder = named(name);
        for (String url : urls) {
            builder.upstream(url);
        }
        return builder.build();
    }

    /** Its name: in logs, and what keeps its state across a reload. */
    public String name() {
        return name;
    }

    /** Its upstreams, in order. */
    public List<Upstream> upstreams() {
        return upstreams;
    }

    /** How the next upstream is chosen. */
    public BalancingStrategy balancing() {
        return balancing;
    }

    /** How the requests of a session stay at one upstream. */
    public Stickiness stickiness() {
        return stickiness;
    }

    /** Who may wait while all upstreams are at their limits. */
    public WaitQueue queue() {
        return queue;
    }

    /** How connections are kept. */
    public KeepAlive keepAlive() {
        return keepAlive;
    }

    /** When another upstream is tried. */
    public RetryPolicy retry() {
        return retry;
    }

    /** Whether its upstreams are spoken to over HTTP/2. */
    public boolean isHttp2() {
        return http2;
    }

    /** How TLS is spoken with its {@code https://} upstreams that say nothing of their own. */
    public UpstreamTls tls() {
        return tls;
    }

    /** What finds its upstreams while the proxy runs; null if they stay as they are. */
    public @Nullable UpstreamDiscovery discovery() {
        return discovery;
    }

    /** The same pool with other upstreams. */
    public UpstreamPool withUpstreams(List<Upstream> upstreams) {
        Builder changed = new Builder(name);
        changed.upstreams.addAll(upstreams);
        changed.balancing = balancing;
        changed.stickiness = stickiness;
        changed.queue = queue;
        changed.keepAlive = keepAlive;
        changed.retry = retry;
        changed.http2 = http2;
        changed.tls = tls;
        changed.passiveHealth = passiveHealth;
        changed.activeHealth = activeHealth;
        changed.failOpenBelow = failOpenBelow;
        changed.discovery = discovery;
        return changed.build();
    }

    /** How TLS is spoken with that upstream of its; null if it is not. */
    public @Nullable UpstreamTls tlsOf(Upstream upstream) {
        if (!upstream.isSecure()) {
            return null;
        }
        UpstreamTls own = upstream.tls();
        return own == null ? tls : own;
    }

    /** What its exchanges tell about the health of its upstreams. */
    public PassiveHealth passiveHealth() {
        return passiveHealth;
    }

    /** How its upstreams are probed; null: not at all. */
    public @Nullable ActiveHealth activeHealth() {
        return activeHealth;
    }

    /** The share of upstreams in percent below which health is ignored; 0: never. */
    public int failOpenBelow() {
        return failOpenBelow;
    }

    /** The path of its URLs, which takes the place of a route's prefix; null if they have none. A config checks that they agree. */
    public @Nullable String path() {
        String path = upstreams.isEmpty() ? "" : upstreams.get(0).path();
        return path.isEmpty() ? null : path;
    }

    /** Its name. */
    @Override
    public String toString() {
        return name + upstreams;
    }

    /** A pool under construction. */
    public static final class Builder {
        private final String name;
        private final List<Upstream> upstreams = new ArrayList<>();
        private BalancingStrategy balancing = BalancingStrategy.roundRobin();
        private Stickiness stickiness = Stickiness.off();
        private WaitQueue queue = WaitQueue.off();
        private KeepAlive keepAlive = KeepAlive.defaults();
        private RetryPolicy retry = RetryPolicy.defaults();
        private boolean http2;
        private UpstreamTls tls = UpstreamTls.defaults();
        private @Nullable UpstreamDiscovery discovery;
        private PassiveHealth passiveHealth = PassiveHealth.defaults();
        private @Nullable ActiveHealth activeHealth;
        private int failOpenBelow;

        private Builder(String name) {
            if (name.isBlank()) {
                throw new IllegalArgumentException("pool name: \"\" (expected: a name for logs)");
            }
            this.name = name;
        }

        /** Adds {@code http://host[:port][/path]}, or what else {@link Upstream#at} takes, with all defaults. */
        public Builder upstream(String url) {
            return upstream(Upstream.at(url).build());
        }

        /** Adds {@code http://host[:port][/path]} with settings of its own. */
        public Builder upstream(String url, Consumer<Upstream.Builder> settings) {
            Upstream.Builder builder = Upstream.at(url);
            settings.accept(builder);
            return upstream(builder.build());
        }

        /** Adds a ready one. */
        public Builder upstream(Upstream upstream) {
            upstreams.add(upstream);
            return this;
        }

        /** How the next upstream is chosen; round robin by weight if not said. */
        public Builder balancing(BalancingStrategy balancing) {
            this.balancing = balancing;
            return this;
        }

        /** Keeps the requests of a session at one upstream; off if not said. */
        public Builder stickiness(Stickiness stickiness) {
            this.stickiness = stickiness;
            return this;
        }

        /**
         * Lets exchanges wait, first come first served, while all upstreams that could serve them are at their
         * {@linkplain Upstream.Builder#maxConnections limits}. Without a queue, or when it is full, the answer is 503.
         *
         * @param length exchanges that may wait at the same time
         * @param timeout how long one may wait; then the answer is 503
         */
        public Builder queue(int length, Duration timeout) {
            queue = new WaitQueue(length, timeout);
            return this;
        }

        /** How connections are kept. */
        public Builder keepAlive(KeepAlive keepAlive) {
            this.keepAlive = keepAlive;
            return this;
        }

        /** When another upstream is tried (nginx {@code proxy_next_upstream}). */
        public Builder retry(RetryPolicy retry) {
            this.retry = retry;
            return this;
        }

        /**
         * Speaks HTTP/2 to the upstreams, as gRPC needs it (nginx {@code grpc_pass}, {@code proxy_http_version 2}): in the
         * clear and without asking first to {@code http://}, by ALPN to {@code https://}. They are not tried with HTTP/1.1.
         * The pool's connections are shared by as many requests as an upstream allows, up to 128 each.
         */
        public Builder http2() {
            http2 = true;
            return this;
        }

        /** How TLS is spoken with {@code https://} upstreams; verified against the JDK's authorities if not said. */
        public Builder tls(UpstreamTls tls) {
            this.tls = tls;
            return this;
        }

        /** Finds other upstreams while the proxy runs; those added here are for the time until it has. */
        public Builder discovery(UpstreamDiscovery discovery) {
            this.discovery = discovery;
            return this;
        }

        /** What counts as a failure, and what follows beside {@link Upstream.Builder#maxFails}; nginx's if not said. */
        public Builder passiveHealth(PassiveHealth passiveHealth) {
            this.passiveHealth = passiveHealth;
            return this;
        }

        /** Probes its upstreams (nginx {@code health_check}); off if not said. */
        public Builder activeHealth(ActiveHealth activeHealth) {
            this.activeHealth = activeHealth;
            return this;
        }

        /**
         * While fewer than that share of its upstreams are well, health is ignored and all of them serve: better some bad
         * answers than none, or than a crowd that fells the last one. Upstreams that are down don't count. 0, the default:
         * never, so that the answer is 502 when none is well. 1: only when none is well.
         *
         * @param percent 0 to 100
         */
        public Builder failOpenBelow(int percent) {
            if (percent < 0 || percent > 100) {
                throw new IllegalArgumentException("failOpenBelow: " + percent + " % (expected: 0..100)");
            }
            failOpenBelow = percent;
            return this;
        }

        /** The pool. Whether it makes sense as a whole is checked with the config. */
        public UpstreamPool build() {
            return new UpstreamPool(this);
        }
    }
}
