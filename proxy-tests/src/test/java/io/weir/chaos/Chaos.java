package io.weir.chaos;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Three upstreams, of which one at a time falls ill while clients go on asking; the next only once the pool has reported
 * that all are back.
 */
public final class Chaos {
    /** Shorter than what is slow, longer than what a busy machine makes of two milliseconds. */
    private static final Duration READ_CLOCK = Duration.ofMillis(500);

    private static final Duration FAIL_TIMEOUT = Duration.ofMillis(100);
    private static final int UPSTREAMS = 3;
    /** Answered between two illnesses, so that each meets kept connections. */
    private static final int GETS_BETWEEN = 50;

    private Chaos() {}

    /**
     * What came of it.
     *
     * @param gets how many GETs were answered
     * @param flaws those that were not answered with a complete 200
     * @param posts the status that each POST got, by its target
     * @param reached the targets of the POSTs that reached an upstream, once for each time
     */
    public record Result(int gets, List<String> flaws, Map<String, Integer> posts, List<String> reached) {
        /** POSTs that reached upstreams more than once. */
        public long doubles() {
            return reached.size() - reached.stream().distinct().count();
        }

        /** POSTs that were answered with anything but 200, 502 and 504. */
        public long oddPosts() {
            return posts.values().stream()
                    .filter(status -> status != 200 && status != 502 && status != 504)
                    .count();
        }

        /** POSTs that were answered with 200 and have reached nobody. */
        public long lostPosts() {
            return posts.entrySet().stream()
                    .filter(post -> post.getValue() == 200 && !reached.contains(post.getKey()))
                    .count();
        }
    }

    /** Goes on until all of these have befallen and at least so many GETs were answered. */
    public static Result run(int gets, List<Illness> illnesses) {
        List<UpstreamProcess> upstreams = new ArrayList<>();
        SteadyLoad load;
        try {
            UpstreamPool.Builder pool = UpstreamPool.named("app");
            for (int i = 0; i < UPSTREAMS; i++) {
                UpstreamProcess upstream = UpstreamProcess.open();
                upstreams.add(upstream);
                pool.upstream(upstream.uri(), u -> u.failTimeout(FAIL_TIMEOUT));
            }
            load = under(pool.build(), upstreams, gets, illnesses);
        } finally {
            upstreams.forEach(UpstreamProcess::close);
        }
        List<String> reached = new ArrayList<>();
        upstreams.forEach(upstream -> reached.addAll(upstream.posts()));
        return new Result(load.gets(), load.flaws(), load.posts(), reached);
    }

    private static SteadyLoad under(
            UpstreamPool pool, List<UpstreamProcess> upstreams, int gets, List<Illness> illnesses) {
        PoolHealth health = new PoolHealth();
        ProxyConfig config = ProxyConfig.builder()
                .listener(health)
                .timeouts(clocks -> clocks.read(READ_CLOCK))
                .route(Route.any().to(pool))
                .build();
        try (JettyProxyServer weir =
                        JettyProxyServer.builder(config).listen("127.0.0.1", 0).start();
                SteadyLoad load = SteadyLoad.on(weir.port())) {
            for (int i = 0; i < illnesses.size(); i++) {
                UpstreamProcess victim = upstreams.get(i % UPSTREAMS);
                load.awaitGets(load.gets() + GETS_BETWEEN);
                health.awaitNoneOut();
                illnesses.get(i).befall(victim);
                health.awaitOut(victim.uri());
                illnesses.get(i).end(victim);
                health.awaitNoneOut();
            }
            load.awaitGets(gets);
            return load;
        }
    }
}
