package io.weir.upstream;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Tries out a pool: who gets how many requests, and what becomes of them while upstreams fail. The pool's own balancing,
 * health, limits and queue decide, in a time of their own; nothing is sent. Each simulation ends the same way every time.
 *
 * <pre>{@code
 * UpstreamPool pool = UpstreamPool.named("app")
 *     .upstream("http://a", u -> u.weight(3))
 *     .upstream("http://b")
 *     .build();
 * System.out.println(Simulation.of(pool)
 *     .requests(1000, 50)
 *     .failing("http://a", Duration.ofSeconds(3), Duration.ofSeconds(6))
 *     .run());
 * }</pre>
 *
 * prints
 *
 * <pre>
 * 1000 requests of 50 clients, one each PT0.01S
 * http://a       225   22.5 %  failed 1
 * http://b       775   77.5 %
 * refused          0    0.0 %
 * </pre>
 */
public final class Simulation {
    final UpstreamPool pool;
    private final List<Failing> failing = new ArrayList<>();
    private final Map<String, Duration> durations = new LinkedHashMap<>();
    int requests = 1000;
    int clients = 1;
    Duration every = Duration.ofMillis(10);
    private Duration duration = Duration.ofMillis(5);
    long seed;

    private record Failing(String url, long from, long to) {}

    private Simulation(UpstreamPool pool) {
        this.pool = pool;
    }

    /** Of that pool: 1,000 requests of one client, one each 10 ms, each of which takes 5 ms. */
    public static Simulation of(UpstreamPool pool) {
        return new Simulation(pool);
    }

    /** So many requests of so many clients in turn. Each client has an address in a network of its own. */
    public Simulation requests(int requests, int clients) {
        if (requests < 0 || clients < 1 || clients > 1 << 16) {
            throw new IllegalArgumentException(
                    "requests: " + requests + " of " + clients + " clients (expected: >= 0 of 1 to 65536)");
        }
        this.requests = requests;
        this.clients = clients;
        return this;
    }

    /** The time from one request to the next. */
    public Simulation every(Duration every) {
        check("every", every);
        this.every = every;
        return this;
    }

    /** How long every upstream takes to answer, unless told for itself. */
    public Simulation taking(Duration duration) {
        check("taking", duration);
        this.duration = duration;
        return this;
    }

    /** How long that upstream takes to answer. */
    public Simulation taking(String url, Duration duration) {
        check("taking", duration);
        durations.put(known(url), duration);
        return this;
    }

    /** That upstream fails all that it gets between these moments, counted from the first request. */
    public Simulation failing(String url, Duration from, Duration to) {
        failing.add(new Failing(known(url), from.toNanos(), to.toNanos()));
        return this;
    }

    /** Another run of chance. */
    public Simulation seed(long seed) {
        this.seed = seed;
        return this;
    }

    /** Runs it. */
    public Result run() {
        return new SimulationRun(this).result();
    }

    private static void check(String name, Duration duration) {
        if (duration.isNegative() || duration.toDays() > 365) {
            throw new IllegalArgumentException(name + ": " + duration + " (expected: >= 0 and at most 365 days)");
        }
    }

    boolean isFailing(String url, long now) {
        return failing.stream().anyMatch(one -> one.url.equals(url) && now >= one.from && now < one.to);
    }

    long nanosOf(String url) {
        return durations.getOrDefault(url, duration).toNanos();
    }

    private String known(String url) {
        if (pool.upstreams().stream().noneMatch(upstream -> upstream.url().equals(url))) {
            throw new IllegalArgumentException("simulation: \"" + url + "\" (expected: one of " + pool + ")");
        }
        return url;
    }

    /**
     * Who got what.
     *
     * @param title what was simulated
     * @param answered requests that each upstream answered, by its URL
     * @param failed tries that failed at each upstream; a failed request is tried at others as the pool's policy says
     * @param refused requests that nobody answered
     */
    public record Result(String title, Map<String, Integer> answered, Map<String, Integer> failed, int refused) {

        /** A line for each upstream. */
        @Override
        public String toString() {
            int total = refused
                    + answered.values().stream().mapToInt(Integer::intValue).sum();
            int width =
                    answered.keySet().stream().mapToInt(String::length).max().orElse(0);
            StringBuilder text = new StringBuilder(title).append('\n');
            answered.forEach((url, count) -> {
                append(text, width, url, count, total);
                int failures = failed.getOrDefault(url, 0);
                text.append(failures == 0 ? "\n" : "  failed " + failures + "\n");
            });
            append(text, width, "refused", refused, total);
            return text.append('\n').toString();
        }

        private static void append(StringBuilder text, int width, String name, int count, int total) {
            double percent = total == 0 ? 0 : 100.0 * count / total;
            int padded = Math.max(width, 7);
            text.append(String.format(Locale.ROOT, "%-" + padded + "s  %8d  %5.1f %%", name, count, percent));
        }
    }
}
