package io.weir.bars;

import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.http.Variables;
import io.weir.upstream.BalancingStrategy;
import io.weir.upstream.PoolState;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamState;
import java.lang.management.ManagementFactory;
import java.util.Collection;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.profile.GCProfiler;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * The bar: to choose an upstream out of 3 or of 300 and to give it back takes less than a microsecond of the
 * processor with every strategy, and allocates at most 256 bytes, as many for 300 as for 3.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class ChooseBench {
    private static final double NANOS_BAR = 1000;
    private static final double BYTES_BAR = 256;
    /** A power of two. */
    private static final int CLIENTS = 1024;

    /** What chooses. */
    public enum Strategy {
        ROUND_ROBIN(BalancingStrategy.roundRobin()),
        LEAST_CONNECTIONS(BalancingStrategy.leastConnections()),
        IP_HASH(BalancingStrategy.ipHash()),
        CONSISTENT_HASH(BalancingStrategy.consistentHash("$remote_addr$request_uri")),
        RANDOM(BalancingStrategy.random()),
        RANDOM_TWO(BalancingStrategy.randomTwo()),
        LEAST_TIME(BalancingStrategy.leastTime()),
        FIRST(BalancingStrategy.first());

        private final BalancingStrategy strategy;

        Strategy(BalancingStrategy strategy) {
            this.strategy = strategy;
        }
    }

    @Param
    public Strategy strategy = Strategy.ROUND_ROBIN;

    @Param({"3", "300"})
    public int size;

    private PoolState pool = new PoolState(UpstreamPool.of("app", "http://a"), null, new SplittableRandom(1));
    private final Variables[] clients = new Variables[CLIENTS];
    private int next;

    @Setup
    public void build() {
        UpstreamPool.Builder builder = UpstreamPool.named("app").balancing(strategy.strategy);
        for (int i = 0; i < size; i++) {
            int weight = 1 + i % 3;
            builder.upstream("http://10.0.0." + i % 256 + ":" + (8000 + i), u -> u.weight(weight));
        }
        pool = new PoolState(builder.build(), null, new SplittableRandom(1));
        for (int i = 0; i < CLIENTS; i++) {
            clients[i] = new Client(RequestHead.get("/users/" + i, "app.test"), "10." + i / 256 + "." + i % 256 + ".1");
        }
        // They have answered, each in its time, and are in use, so that all loads differ a little.
        int answered = 0;
        for (UpstreamState upstream : pool.upstreams().values()) {
            pool.answered(upstream, ResponseHead.of(200), 1_000_000 + 10_000 * (answered++ % 17));
        }
        for (int i = 0; i < size; i++) {
            pool.acquire(null, i, clients[i % CLIENTS]);
        }
    }

    /** Time of the processor, for whatever else the machine does is not the strategy's doing. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Processor {
        public long nanos;
        public long operations;
        private long startedAt;

        @Setup(Level.Iteration)
        public void start() {
            nanos = 0;
            operations = 0;
            startedAt = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime();
        }

        @TearDown(Level.Iteration)
        public void stop() {
            nanos = ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() - startedAt;
        }
    }

    @Benchmark
    public Object choose(Processor processor) {
        processor.operations++;
        Variables client = clients[next++ & CLIENTS - 1];
        UpstreamState upstream = pool.acquire(null, next, client);
        if (upstream == null) {
            throw new IllegalStateException("none can be tried");
        }
        pool.release(upstream, PoolState.Verdict.GOOD, next);
        return upstream;
    }

    private record Client(RequestHead request, String clientAddress) implements Variables {
        @Override
        public String forwardedFor() {
            return clientAddress;
        }

        @Override
        public String siteName() {
            return "";
        }

        @Override
        public String upstreamAuthority() {
            return "";
        }

        @Override
        public String requestId() {
            return "";
        }

        @Override
        public @Nullable String attribute(String name) {
            return null;
        }
    }

    /** Measures; ends with 1 if the bar is missed. */
    public static void main(String... arguments) throws RunnerException {
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include(ChooseBench.class.getName() + ".choose")
                        .addProfiler(GCProfiler.class)
                        .build())
                .run();
        boolean missed = false;
        for (RunResult result : results) {
            double nanos = secondary(result, "nanos") / secondary(result, "operations");
            double bytes = secondary(result, "gc.alloc.rate.norm");
            boolean reached = nanos < NANOS_BAR && bytes <= BYTES_BAR;
            missed |= !reached;
            System.out.printf(
                    "%-17s %3s: %4.0f ns (%4.0f by the clock), %3.0f bytes%s%n",
                    result.getParams().getParam("strategy"),
                    result.getParams().getParam("size"),
                    nanos,
                    result.getPrimaryResult().getScore(),
                    bytes,
                    reached ? "" : "  missed");
        }
        if (missed) {
            System.out.printf("expected: below %.0f ns, at most %.0f bytes%n", NANOS_BAR, BYTES_BAR);
            System.exit(1);
        }
    }

    private static double secondary(RunResult result, String name) {
        Result<?> found = result.getSecondaryResults().get(name);
        return found == null ? Double.NaN : found.getScore();
    }
}
