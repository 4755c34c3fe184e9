package io.weir.middleware;

import io.weir.http.Reply;
import io.weir.http.RequestHead;
import java.time.Duration;
import java.util.List;

/**
 * Limits how often requests come, by a key: nginx's {@code limit_req}, a leaky bucket for each key, with its arithmetic.
 * What is too much gets 429 with {@code Retry-After} (nginx: 503 without).
 *
 * <pre>{@code RateLimit.of(10, Duration.ofSeconds(1)).burst(20).nodelay()}</pre>
 *
 * <p>The key is the client's address unless {@link #by} says otherwise; IPv6 clients count by their /64. Requests beyond the
 * rate, up to {@link #burst}, are held back so that they keep to the rate, or pass at once with {@link #nodelay}.
 * {@code $limit_req_status} tells what happened, as in nginx.
 *
 * <p>The buckets belong to the value: values made from it with another burst, delay or status share them, as uses of one
 * zone do in nginx; {@code by}, {@code ipv6Prefix} and {@code maxKeys} start new ones. A configuration that is to go on with
 * them after a reload has to have the same value. Of several limits on one request use {@link #together}.
 */
public final class RateLimit implements Middleware {
    private static final int MAX_KEYS = 100_000;

    private final long requests;
    private final Duration per;
    private final LimitKey key;
    private final int maxKeys;
    private final LeakyBuckets buckets;
    private final Use use;

    /** One use of the buckets; burst and delay in thousandths of a request. */
    private record Use(long burst, long delay, int status, boolean dryRun) {
        private static final Use PLAIN = new Use(0, 0, 429, false);
    }

    private RateLimit(long requests, Duration per, LimitKey key, int maxKeys, LeakyBuckets buckets, Use use) {
        this.requests = requests;
        this.per = per;
        this.key = key;
        this.maxKeys = maxKeys;
        this.buckets = buckets;
        this.use = use;
    }

    /**
     * So many requests in that time, evenly spread: 10 a second is one every 100 ms. As in nginx a rate by the minute is
     * rounded down to thousandths a second.
     *
     * @throws IllegalArgumentException if requests are not within 1..1,000,000, or the time is not within a millisecond and
     *     a day
     */
    public static RateLimit of(long requests, Duration per) {
        if (requests < 1 || requests > 1_000_000) {
            throw new IllegalArgumentException("rate: " + requests + " requests (expected: 1..1000000)");
        }
        if (per.compareTo(Duration.ofMillis(1)) < 0 || per.compareTo(Duration.ofDays(1)) > 0) {
            throw new IllegalArgumentException("rate: per " + per + " (expected: PT0.001S..PT24H)");
        }
        return zone(requests, per, LimitKey.client(), MAX_KEYS, Use.PLAIN);
    }

    /** Several limits as one: a request that one of them refuses counts in none, the longest of their delays holds. */
    public static Middleware together(RateLimit... limits) {
        return new RateLimits(List.of(limits));
    }

    /**
     * Counts by that template. A request for which it renders as nothing is not limited.
     *
     * @throws IllegalArgumentException for an unknown variable
     */
    public RateLimit by(String template) {
        return zone(requests, per, key.by(template), maxKeys, use);
    }

    /**
     * IPv6 clients count by a prefix of that many bits; 64 if not said, 128 for the whole address.
     *
     * @throws IllegalArgumentException if it is not within 1..128
     */
    public RateLimit ipv6Prefix(int bits) {
        return zone(requests, per, key.ipv6Prefix(bits), maxKeys, use);
    }

    /**
     * How many keys are kept, about 200 bytes each; 100,000 if not said. Beyond that the one that was not seen for the
     * longest is forgotten.
     */
    public RateLimit maxKeys(int keys) {
        if (keys < 1) {
            throw new IllegalArgumentException("maxKeys: " + keys + " (expected: >= 1)");
        }
        return zone(requests, per, key, keys, use);
    }

    /** So many requests may come too early; none if not said. */
    public RateLimit burst(int requests) {
        requireSize("burst", requests);
        return using(new Use(1000L * requests, use.delay, use.status, use.dryRun));
    }

    /** What comes too early passes at once, within the burst. */
    public RateLimit nodelay() {
        return using(new Use(use.burst, Long.MAX_VALUE, use.status, use.dryRun));
    }

    /** Only what is beyond so many of the burst is held back. */
    public RateLimit delay(int requests) {
        requireSize("delay", requests);
        return using(new Use(use.burst, 1000L * requests, use.status, use.dryRun));
    }

    /** The status of the refusal; 429 if not said. */
    public RateLimit status(int status) {
        LimitKey.requireRefusal(status);
        return using(new Use(use.burst, use.delay, status, use.dryRun));
    }

    /** Counts, but neither refuses nor delays; {@code $limit_req_status} says what it would have done. */
    public RateLimit dryRun() {
        return using(new Use(use.burst, use.delay, use.status, true));
    }

    @Override
    public Verdict onRequest(RequestHead request, RequestContext context) {
        return RateLimits.verdict(List.of(this), request, context);
    }

    @Override
    public Verdict peek(RequestHead request, RequestContext context) {
        return RateLimits.peek(List.of(this), request, context);
    }

    @Override
    public String name() {
        return "RateLimit";
    }

    @Override
    public String toString() {
        String delay = use.delay == Long.MAX_VALUE ? ", nodelay" : ", delay " + use.delay / 1000;
        return "RateLimit[" + requests + " per " + per + " by " + key + ", burst " + use.burst / 1000
                + (use.delay == Use.PLAIN.delay ? "" : delay)
                + (maxKeys == MAX_KEYS ? "" : ", maxKeys " + maxKeys)
                + (use.status == Use.PLAIN.status ? "" : ", status " + use.status)
                + (use.dryRun ? ", dry run" : "")
                + "]";
    }

    // ---- for RateLimits ----

    /** The key of a request; "" if it is not limited. */
    String keyOf(RequestContext context) {
        return key.of(context);
    }

    /** The excess that a request would make. */
    long look(String key, long millis) {
        return buckets.look(key, millis);
    }

    /** Counts a request unless it is refused; the excess that it makes. */
    long count(String key, long millis) {
        return buckets.count(key, millis, use.burst);
    }

    boolean refuses(long excess) {
        return excess > use.burst;
    }

    /** How long a request with that excess is held back. */
    long delayMillis(long excess) {
        return excess <= use.delay ? 0 : buckets.millisFor(excess - use.delay);
    }

    boolean isDryRun() {
        return use.dryRun;
    }

    Reply refusal(long excess) {
        long seconds = (buckets.millisFor(excess - use.burst) + 999) / 1000;
        return Reply.status(use.status).withHeader("Retry-After", Long.toString(Math.max(1, seconds)));
    }

    /** How many keys are kept now. */
    int keys() {
        return buckets.size();
    }

    private static void requireSize(String what, int requests) {
        if (requests < 0 || requests > 1_000_000) {
            throw new IllegalArgumentException(what + ": " + requests + " (expected: 0..1000000)");
        }
    }

    private static RateLimit zone(long requests, Duration per, LimitKey key, int maxKeys, Use use) {
        return new RateLimit(requests, per, key, maxKeys, new LeakyBuckets(requests, per, maxKeys), use);
    }

    private RateLimit using(Use changed) {
        return new RateLimit(requests, per, key, maxKeys, buckets, changed);
    }
}
