package io.weir.bars;

import io.weir.header.Forwarding;
import io.weir.header.TrustedProxies;
import io.weir.http.RequestHead;
import io.weir.route.Route;
import io.weir.route.RouteTable;
import io.weir.route.Site;
import io.weir.upstream.UpstreamPool;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * The bar: among 10,000 routes or sites a look-up costs at most four times what it costs among ten. The look-up alone: what
 * reading the request costs is the same for all sizes and would only flatter the ratio. The median of short samples counts,
 * so that other work on the machine does not.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(1)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class RouteTableBench {
    private static final double BAR = 4;
    /** As many as are in use at a time; a power of two. With more, the size of the processor's caches is what is measured. */
    private static final int REQUESTS = 512;

    /** Look-ups in one sample. */
    private static final int LOOKS = 64;

    /** What grows. */
    public enum Shape {
        /** Prefixes of one site. */
        ROUTES,
        /** Exact names and {@code *.name}, with few routes each. */
        SITES
    }

    @Param
    public Shape shape = Shape.ROUTES;

    @Param({"10", "1000", "10000"})
    public int size;

    private RouteTable<Route> table = RouteTable.compile(List.of(), false, (site, route) -> route);
    private final List<RequestHead> requests = new ArrayList<>();
    private final Forwarding forwarding = TrustedProxies.none().resolve(RequestHead.get("/", "a.test"));
    private int next;

    @Setup
    public void compile() {
        Random random = new Random(size);
        List<Site> sites = new ArrayList<>();
        UpstreamPool pool = UpstreamPool.of("app", "http://127.0.0.1:3000");
        if (shape == Shape.ROUTES) {
            Site site = Site.named("www.example.com");
            List<Route> routes = new ArrayList<>();
            for (int i = 0; i < size; i++) {
                routes.add(Route.prefix(prefix(i)).to(pool));
            }
            sites.add(site.routes(routes));
        } else {
            for (int i = 0; i < size; i++) {
                String name = i % 2 == 0 ? host(i) : "*." + host(i);
                sites.add(Site.named(name).route(Route.any().to(pool)));
            }
        }
        table = RouteTable.compile(sites, false, (site, route) -> route);
        for (int i = 0; i < REQUESTS; i++) {
            int one = random.nextInt(size);
            requests.add(
                    shape == Shape.ROUTES
                            ? RequestHead.get(prefix(one) + "users/" + i + "?q=1", "www.example.com")
                            : RequestHead.get("/users/" + i, (one % 2 == 0 ? "" : "api.") + host(one)));
        }
    }

    @Benchmark
    @OperationsPerInvocation(LOOKS)
    public void look(Blackhole seen) {
        for (int i = 0; i < LOOKS; i++) {
            seen.consume(table.find(requests.get(next++ & REQUESTS - 1), forwarding, null));
        }
    }

    private static String prefix(int i) {
        return "/team-" + i % 100 + "/service-" + i + "/";
    }

    private static String host(int i) {
        return "service-" + i + ".team-" + i % 100 + ".example.com";
    }

    /** Measures; ends with 1 if the bar is missed. */
    public static void main(String... arguments) throws RunnerException {
        Collection<RunResult> results = new Runner(new OptionsBuilder()
                        .include(RouteTableBench.class.getName() + ".look")
                        .build())
                .run();
        Map<String, Map<Integer, Double>> nanosByShape = new TreeMap<>();
        for (RunResult result : results) {
            nanosByShape
                    .computeIfAbsent(result.getParams().getParam("shape"), shape -> new TreeMap<>())
                    .put(
                            Integer.valueOf(result.getParams().getParam("size")),
                            result.getPrimaryResult().getStatistics().getPercentile(50));
        }
        double worst = nanosByShape.entrySet().stream()
                .map(entry -> ratio(entry.getKey(), entry.getValue()))
                .max(Comparator.naturalOrder())
                .orElseThrow();
        if (worst > BAR) {
            System.out.printf("missed: %.2f (expected: at most %.0f)%n", worst, BAR);
            System.exit(1);
        }
    }

    private static double ratio(String shape, Map<Integer, Double> nanos) {
        nanos.forEach((size, score) -> System.out.printf("%s %,6d: %.0f ns/op%n", shape, size, score));
        double ratio = nanos.get(10_000) / nanos.get(10);
        System.out.printf("%s 10,000 : 10 = %.2f%n", shape, ratio);
        return ratio;
    }
}
