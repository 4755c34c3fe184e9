package io.weir.upstream;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** One origin server of a pool, as configured. Immutable. */
public final class Upstream {
    private final UpstreamUrl url;
    private final String authority;
    private final String origin;
    private final @Nullable UpstreamTls tls;
    private final int weight;
    private final int maxFails;
    private final Duration failTimeout;
    private final int maxConnections;
    private final Duration slowStart;
    private final boolean backup;
    private final boolean down;

    private Upstream(Builder builder) {
        url = builder.url;
        authority = url.authority();
        origin = url.origin();
        tls = builder.tls;
        weight = builder.weight;
        maxFails = builder.maxFails;
        failTimeout = builder.failTimeout;
        maxConnections = builder.maxConnections;
        slowStart = builder.slowStart;
        backup = builder.backup;
        down = builder.down;
    }

    /**
     * Starts an upstream at {@code http://host[:port][/path]}, {@code https://} for TLS, or at a Unix-domain socket:
     * {@code unix:/run/app.sock}, as in nginx also {@code http://unix:/run/app.sock:/path}. A path, if there is one, takes
     * the place of the route's prefix, as in nginx's {@code proxy_pass} with a URI.
     *
     * @throws IllegalArgumentException if the text is no such URL
     */
    public static Builder at(String url) {
        return new Builder(UpstreamUrl.parse(url));
    }

    /** The URL without path: {@code http://127.0.0.1:3000}, {@code http://unix:/run/app.sock}. It names this upstream in logs. */
    public String url() {
        return origin;
    }

    /**
     * Host and port as they go into a {@code Host} field; the port is left out where it is the scheme's own.
     * {@code localhost} for a Unix-domain socket.
     */
    public String authority() {
        return authority;
    }

    /** Host name or address, an IPv6 address in brackets; {@code localhost} for a Unix-domain socket. */
    public String host() {
        return url.host();
    }

    /** TCP port, 80 or 443 if the URL names none; 0 for a Unix-domain socket. */
    public int port() {
        return url.port();
    }

    /** Path of the Unix-domain socket; null for TCP. */
    public @Nullable String socket() {
        return url.socket();
    }

    /** Whether TLS is spoken: the URL begins with {@code https}. */
    public boolean isSecure() {
        return url.secure();
    }

    /** How TLS is spoken; null if as its {@linkplain UpstreamPool#tls pool} says. */
    public @Nullable UpstreamTls tls() {
        return tls;
    }

    /** The path of the URL; "" if there is none. */
    public String path() {
        return url.path();
    }

    /** Its share of the requests, 1 by default. */
    public int weight() {
        return weight;
    }

    /** Failures within {@link #failTimeout} that take it out; 0: never. Default 1. */
    public int maxFails() {
        return maxFails;
    }

    /** The time in which failures count, and for which it then stays out. Default 10 s. */
    public Duration failTimeout() {
        return failTimeout;
    }

    /** Exchanges that may use it at the same time; 0: any number. Default 0. */
    public int maxConnections() {
        return maxConnections;
    }

    /** The time in which its share grows from a tenth to all of it once it is back; zero: at once. Default zero. */
    public Duration slowStart() {
        return slowStart;
    }

    /** Whether it serves only while no other can. */
    public boolean isBackup() {
        return backup;
    }

    /** Whether it is out for good. */
    public boolean isDown() {
        return down;
    }

    /** Its URL, as given. */
    @Override
    public String toString() {
        return url.text();
    }

    /** An upstream under construction. */
    public static final class Builder {
        private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

        private final UpstreamUrl url;
        private int weight = 1;
        private int maxFails = 1;
        private Duration failTimeout = Duration.ofSeconds(10);
        private int maxConnections;
        private Duration slowStart = Duration.ZERO;
        private boolean backup;
        private boolean down;
        private @Nullable UpstreamTls tls;

        private Builder(UpstreamUrl url) {
            this.url = url;
        }

        /** Its share of the requests, 1 or more (nginx {@code weight}). */
        public Builder weight(int weight) {
            if (weight < 1) {
                throw new IllegalArgumentException("weight: " + weight + " (expected: >= 1)");
            }
            this.weight = weight;
            return this;
        }

        /** Failures that take it out (nginx {@code max_fails}); 0: never. */
        public Builder maxFails(int maxFails) {
            if (maxFails < 0) {
                throw new IllegalArgumentException("maxFails: " + maxFails + " (expected: >= 0)");
            }
            this.maxFails = maxFails;
            return this;
        }

        /** Time in which failures count, and for which it stays out (nginx {@code fail_timeout}). */
        public Builder failTimeout(Duration failTimeout) {
            if (failTimeout.isNegative() || failTimeout.isZero() || failTimeout.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException(
                        "failTimeout: " + failTimeout + " (expected: > 0 and at most " + LONGEST + ")");
            }
            this.failTimeout = failTimeout;
            return this;
        }

        /**
         * Exchanges that may use it at the same time (nginx {@code max_conns}); 0: any number. Those beyond go to the
         * others, and wait where the pool has a {@linkplain UpstreamPool.Builder#queue queue}.
         */
        public Builder maxConnections(int maxConnections) {
            if (maxConnections < 0) {
                throw new IllegalArgumentException("maxConnections: " + maxConnections + " (expected: >= 0)");
            }
            this.maxConnections = maxConnections;
            return this;
        }

        /**
         * The time in which its share grows from a tenth to all of it (nginx {@code slow_start}), after it was out or when
         * a new configuration brought it in; not when the proxy starts. Works with every strategy.
         */
        public Builder slowStart(Duration slowStart) {
            if (slowStart.isNegative() || slowStart.compareTo(LONGEST) > 0) {
                throw new IllegalArgumentException(
                        "slowStart: " + slowStart + " (expected: >= 0 and at most " + LONGEST + ")");
            }
            this.slowStart = slowStart;
            return this;
        }

        /** Serves only while no other can (nginx {@code backup}). */
        public Builder backup() {
            backup = true;
            return this;
        }

        /** Is out for good (nginx {@code down}). */
        public Builder down() {
            down = true;
            return this;
        }

        /** How TLS is spoken with this one; as its pool says if not said. */
        public Builder tls(UpstreamTls tls) {
            this.tls = tls;
            return this;
        }

        /** The upstream. */
        public Upstream build() {
            return new Upstream(this);
        }
    }
}
