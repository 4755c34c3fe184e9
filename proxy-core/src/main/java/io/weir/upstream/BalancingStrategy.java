package io.weir.upstream;

import io.weir.http.Template;
import java.util.random.RandomGenerator;

/** How a pool chooses its next upstream. A strategy is a value that many pools may share; {@link #start} makes its live cursor. */
@FunctionalInterface
public interface BalancingStrategy {
    /**
     * A cursor for one group of upstreams. It outlives the group: a reload that leaves the pool this very strategy, and the
     * group its members and their weights, goes on with it. So it does not hold on to {@code group}, but looks at the one
     * that it is given at each call.
     *
     * @param random all chance there is; to be used under the pool's lock only, as the cursor is
     */
    Balancer start(Candidates group, RandomGenerator random);

    /**
     * nginx's smooth weighted round robin: weights 5, 1, 1 give a a b a c a a. An upstream that fails loses weight and
     * gains it back by one a pick.
     */
    static BalancingStrategy roundRobin() {
        return RoundRobin.STRATEGY;
    }

    /**
     * The fewest exchanges in flight for its weight; among equals smooth round robin (nginx {@code least_conn}). An
     * exchange is in flight until the upstream's last byte.
     */
    static BalancingStrategy leastConnections() {
        return LeastConnections.STRATEGY;
    }

    /**
     * The same upstream for the same client, by the first three octets of its IPv4 address or all of its IPv6 address after
     * trusted proxies, with nginx's arithmetic ({@code ip_hash}). Unlike there, backups are allowed. Mark a server
     * {@link Upstream.Builder#down} rather than take it out, or most clients will move.
     */
    static BalancingStrategy ipHash() {
        return IpHash.STRATEGY;
    }

    /**
     * The same upstream for the same key, and few keys move when upstreams come and go (ketama; nginx {@code hash KEY
     * consistent}, point for point).
     *
     * @param key a template such as {@code $request_uri} or {@code $cookie_user}
     * @throws IllegalArgumentException for a template that can't be read
     */
    static BalancingStrategy consistentHash(String key) {
        Template template = Template.parse(key);
        return new NamedStrategy("consistent hash of " + key, (group, random) -> new ConsistentHash(group, template));
    }

    /** Any, by weight (nginx {@code random}). */
    static BalancingStrategy random() {
        return NamedStrategy.RANDOM;
    }

    /**
     * Of two that are drawn by weight, the one with fewer exchanges in flight for its weight (nginx {@code random two
     * least_conn}; unlike there, the first of two equals). Where several proxies share the upstreams this spreads better
     * than counting one's own.
     */
    static BalancingStrategy randomTwo() {
        return NamedStrategy.RANDOM_TWO;
    }

    /**
     * The quickest for its load: the moving average of the time to the head, times the exchanges that would then be in
     * flight, by weight. One that has not answered yet gets a single request until it has.
     */
    static BalancingStrategy leastTime() {
        return LeastTime.STRATEGY;
    }

    /** The first in order that can be chosen: the next is used only while those before it are out or at their limits. */
    static BalancingStrategy first() {
        return NamedStrategy.FIRST;
    }
}
