package io.weir.upstream;

import java.time.Duration;

/**
 * How connections to one upstream are kept for the next request.
 *
 * @param idle connections kept unused at most, per upstream (nginx {@code keepalive}). Default 64
 * @param timeout how long one is kept unused (nginx {@code keepalive_timeout}). Default 60 s
 * @param requests requests that one may serve (nginx {@code keepalive_requests}). Default 1,000
 * @param age how old one may grow (nginx {@code keepalive_time}). Default 1 h
 * @param warmUp connections opened ahead of the first request, per upstream: when the proxy starts, and when a reload or
 *     a discovery brings the upstream in. Those that close afterwards are not replaced; over HTTP/2 one is opened at most.
 *     A backup has none. Default 0
 */
public record KeepAlive(int idle, Duration timeout, int requests, Duration age, int warmUp) {
    private static final KeepAlive DEFAULTS = new KeepAlive(64, Duration.ofSeconds(60), 1000, Duration.ofHours(1), 0);

    /** Checks the values. */
    public KeepAlive {
        if (idle < 0) {
            throw new IllegalArgumentException("keepAlive idle: " + idle + " (expected: >= 0)");
        }
        if (requests < 1) {
            throw new IllegalArgumentException("keepAlive requests: " + requests + " (expected: >= 1)");
        }
        if (timeout.isNegative() || timeout.isZero() || age.isNegative() || age.isZero()) {
            throw new IllegalArgumentException("keepAlive: " + timeout + ", " + age + " (expected: > 0)");
        }
        if (warmUp < 0 || warmUp > idle) {
            throw new IllegalArgumentException(
                    "keepAlive warmUp: " + warmUp + " (expected: 0.." + idle + ", as many as may be idle)");
        }
    }

    /** The defaults named above. */
    public static KeepAlive defaults() {
        return DEFAULTS;
    }

    /** A connection serves one request only. */
    public static KeepAlive off() {
        return new KeepAlive(0, DEFAULTS.timeout, 1, DEFAULTS.age, 0);
    }

    /** Another number of unused connections. */
    public KeepAlive withIdle(int idle) {
        return new KeepAlive(idle, timeout, requests, age, warmUp);
    }

    /** Another time for unused ones. */
    public KeepAlive withTimeout(Duration timeout) {
        return new KeepAlive(idle, timeout, requests, age, warmUp);
    }

    /** Another number of requests. */
    public KeepAlive withRequests(int requests) {
        return new KeepAlive(idle, timeout, requests, age, warmUp);
    }

    /** Another age. */
    public KeepAlive withAge(Duration age) {
        return new KeepAlive(idle, timeout, requests, age, warmUp);
    }

    /** Another number of connections opened ahead. */
    public KeepAlive withWarmUp(int connections) {
        return new KeepAlive(idle, timeout, requests, age, connections);
    }
}
