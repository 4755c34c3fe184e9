package io.weir.bars;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.weir.testkit.Nginx;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How long an event is on its way through Weir, and through nginx that does not buffer, while 100 streams run at once.
 *
 * <p>The ratio is that of whole latencies, from the upstream's write to the client's read, because small differences of
 * large percentiles are mostly noise. The same way without a proxy is measured too, and what each proxy adds to it is shown
 * beside. They take turns, and the ratio is taken round by round. One reader, compiled by the warm-up, reads them all: a
 * reader that starts anew for each has its compiler work beside it while it measures, and measures that. Needs two
 * processors, {@code taskset} and nginx.
 */
public final class StreamLatencyBar {
    private static final Cpu PROXY = new Cpu(0);
    private static final Cpu WORLD = new Cpu(1);

    private static final int ROUNDS = 5;
    private static final int STREAMS = 100;
    private static final int SECONDS = 5;
    /** Until the compiler, which shares the proxy's processor here, has had its turn: a thousand events a second. */
    private static final int WARM_UP_SECONDS = 15;

    private static final int WARM_UPS = 4;

    private static final double MOST_OF_NGINX = 1.5;

    /** Fewer than this share of the ten events a second and stream would mean that a stream stood still. */
    private static final int FEWEST_EVENTS = STREAMS * SECONDS * 10 * 9 / 10;

    private static final List<String> JVM = List.of("-Xms128m", "-Xmx128m");

    private enum Way {
        DIRECT,
        WEIR,
        NGINX
    }

    private record Latency(int events, double median, double p99) {}

    private final Map<Way, Integer> ports = new EnumMap<>(Way.class);
    private final BufferedWriter questions;
    private final BufferedReader answers;
    private int shortRounds;

    private StreamLatencyBar(Process reader) {
        questions = reader.outputWriter(ISO_8859_1);
        answers = reader.inputReader(ISO_8859_1);
    }

    public static void main(String[] arguments) {
        Bar.run(Duration.ofMinutes(5), StreamLatencyBar::isReachedWithReader);
    }

    private static boolean isReachedWithReader() throws Exception {
        Process reader = PeerProcess.java(WORLD, JVM, EventReader.class, "" + STREAMS);
        try {
            return new StreamLatencyBar(reader).isReached();
        } finally {
            reader.destroyForcibly();
        }
    }

    private boolean isReached() throws Exception {
        try (PeerProcess upstream = PeerProcess.start(WORLD, JVM, EventSource.class)) {
            String url = "http://127.0.0.1:" + upstream.port();
            try (Nginx nginx = Nginx.start(proxy(upstream.port()));
                    PeerProcess weir = PeerProcess.start(PROXY, JVM, WeirPeer.class, url)) {
                PROXY.bind(nginx.process());
                ports.put(Way.DIRECT, upstream.port());
                ports.put(Way.WEIR, weir.port());
                ports.put(Way.NGINX, nginx.port());
                for (int i = 0; i < WARM_UPS; i++) {
                    read(Way.WEIR, WARM_UP_SECONDS);
                }
                return compare();
            }
        }
    }

    private boolean compare() throws IOException {
        Map<Way, List<Double>> medians = new EnumMap<>(Way.class);
        Map<Way, List<Double>> p99s = new EnumMap<>(Way.class);
        for (int round = 0; round < ROUNDS; round++) {
            for (Way way : Way.values()) {
                Latency latency = read(way, SECONDS);
                shortRounds += latency.events < FEWEST_EVENTS ? 1 : 0;
                medians.computeIfAbsent(way, key -> new ArrayList<>()).add(latency.median);
                p99s.computeIfAbsent(way, key -> new ArrayList<>()).add(latency.p99);
            }
        }
        Table table = new Table("latency of an event", "measured", "at most");
        for (Way way : Way.values()) {
            table.row("p50: µs of " + way, Median.of(medians.get(way)));
            table.row("p99: µs of " + way, Median.of(p99s.get(way)));
        }
        table.row("p99: µs that WEIR adds", Median.of(added(p99s, Way.WEIR)));
        table.row("p99: µs that NGINX adds", Median.of(added(p99s, Way.NGINX)));
        table.row("p99: WEIR / NGINX", Median.ofRatios(p99s.get(Way.WEIR), p99s.get(Way.NGINX)), MOST_OF_NGINX);
        table.row("rounds with too few events", shortRounds, 0);
        table.print();
        return table.isReached();
    }

    private static List<Double> added(Map<Way, List<Double>> figures, Way way) {
        List<Double> added = new ArrayList<>();
        for (int round = 0; round < ROUNDS; round++) {
            added.add(figures.get(way).get(round) - figures.get(Way.DIRECT).get(round));
        }
        return added;
    }

    private Latency read(Way way, int seconds) throws IOException {
        questions.write(ports.get(way) + " " + seconds + "\n");
        questions.flush();
        String line = answers.readLine();
        if (line == null) {
            throw new IOException("no figures from the reader of " + way);
        }
        String[] figures = line.split(" ");
        Latency latency = new Latency(
                Integer.parseInt(figures[0]), Double.parseDouble(figures[1]), Double.parseDouble(figures[2]));
        System.out.printf(
                Locale.ROOT,
                "%-6s %6d events, p50 %9.1f µs, p99 %9.1f µs%n",
                way,
                latency.events,
                latency.median,
                latency.p99);
        return latency;
    }

    private static String proxy(int upstream) {
        return """
                server {
                    listen 127.0.0.1:{port};
                    location / {
                        proxy_pass http://127.0.0.1:%d; proxy_http_version 1.1; proxy_set_header Connection "";
                        proxy_buffering off;
                    }
                }
                """.formatted(upstream);
    }
}
