package io.weir.bars;

import io.weir.testkit.Nginx;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * What a request costs: CPU time of Weir, of Jetty's {@code ProxyHandler.Reverse} and of nginx, each alone on a processor,
 * under the same load and before the same upstream.
 *
 * <p>CPU time and not throughput, and ratios and not microseconds, because they bear a machine that does other work as
 * well; so does taking turns. Needs two processors, {@code wrk}, {@code taskset} and nginx.
 */
public final class CpuBar {
    private static final Cpu PROXY = new Cpu(0);
    private static final Cpu WORLD = new Cpu(1);
    private static final Wrk WRK = new Wrk(WORLD);

    private static final int ROUNDS = 5;
    private static final Duration ROUND = Duration.ofSeconds(4);
    private static final int WARM_UP_REQUESTS = 60_000;
    private static final int MOST_WARM_UPS = 20;
    private static final int QUIET_MILLIS = 60;

    private static final List<String> JVM = List.of("-Xms256m", "-Xmx256m");

    private enum Peer {
        WEIR,
        PROXY_HANDLER,
        NGINX
    }

    /** A body that is asked for, and the most that Weir may cost for it, compared with others. */
    private record Body(int bytes, double mostOfProxyHandler, double mostOfNginx) {}

    private static final List<Body> BODIES = List.of(new Body(128, 0.55, 1.8), new Body(16 * 1024, 0.55, 1.6));

    private final Map<Peer, ProcessHandle> processes = new EnumMap<>(Peer.class);
    private final Map<Peer, Integer> ports = new EnumMap<>(Peer.class);
    private long errors;

    private CpuBar() {}

    public static void main(String[] arguments) {
        Bar.run(Duration.ofMinutes(10), () -> new CpuBar().isReached());
    }

    private boolean isReached() throws Exception {
        try (Nginx upstream = Nginx.start(upstream())) {
            String url = "http://127.0.0.1:" + upstream.port();
            WORLD.bind(upstream.process());
            try (Nginx nginx = Nginx.start(proxy(url));
                    PeerProcess weir = PeerProcess.start(PROXY, JVM, WeirPeer.class, url);
                    PeerProcess proxyHandler = PeerProcess.start(PROXY, JVM, ProxyHandlerPeer.class, url)) {
                PROXY.bind(nginx.process());
                add(Peer.WEIR, weir.handle(), weir.port());
                add(Peer.PROXY_HANDLER, proxyHandler.handle(), proxyHandler.port());
                add(Peer.NGINX, nginx.process(), nginx.port());
                checkAll();
                warmUp(Peer.WEIR, weir);
                warmUp(Peer.PROXY_HANDLER, proxyHandler);
                Table table = new Table("CPU time", "measured", "at most");
                for (Body body : BODIES) {
                    compare(body, table);
                }
                table.row("requests that were not answered with 200", errors, 0);
                table.print();
                return table.isReached();
            }
        }
    }

    private void add(Peer peer, ProcessHandle process, int port) {
        processes.put(peer, process);
        ports.put(peer, port);
    }

    /** Until its compilers have had nothing to do for as many rounds as there are bodies. */
    private void warmUp(Peer peer, PeerProcess jvm) throws IOException, InterruptedException {
        long requests = 0;
        int quiet = 0;
        for (int i = 0; i < MOST_WARM_UPS && (quiet < BODIES.size() || requests < WARM_UP_REQUESTS); i++) {
            long before = jvm.compilationMillis();
            requests += WRK.ask(url(peer, BODIES.get(i % BODIES.size())), ROUND).requests();
            quiet = jvm.compilationMillis() - before < QUIET_MILLIS ? quiet + 1 : 0;
        }
        System.out.println(peer + " has answered " + requests + " requests to warm up");
    }

    private void compare(Body body, Table table) throws IOException, InterruptedException {
        Map<Peer, List<Double>> micros = new EnumMap<>(Peer.class);
        for (Peer peer : Peer.values()) {
            micros.put(peer, new ArrayList<>());
        }
        for (int round = 0; round < ROUNDS; round++) {
            for (Peer peer : Peer.values()) {
                micros.get(peer).add(microsPerRequest(peer, body));
            }
        }
        List<Double> weir = micros.get(Peer.WEIR);
        micros.forEach((peer, figures) -> table.row(body.bytes + " B: µs of " + peer, Median.of(figures)));
        table.row(
                body.bytes + " B: WEIR / PROXY_HANDLER",
                Median.ofRatios(weir, micros.get(Peer.PROXY_HANDLER)),
                body.mostOfProxyHandler);
        table.row(body.bytes + " B: WEIR / NGINX", Median.ofRatios(weir, micros.get(Peer.NGINX)), body.mostOfNginx);
    }

    private double microsPerRequest(Peer peer, Body body) throws IOException, InterruptedException {
        ProcessHandle process = processes.get(peer);
        Duration before = Cpu.timeOf(process);
        Wrk.Load load = WRK.ask(url(peer, body), ROUND);
        Duration used = Cpu.timeOf(process).minus(before);
        errors += load.errors();
        double micros = used.toNanos() / 1000.0 / load.requests();
        System.out.printf(
                Locale.ROOT,
                "%5d B %-13s %6.2f µs, %d requests, %d errors%n",
                body.bytes,
                peer,
                micros,
                load.requests(),
                load.errors());
        return micros;
    }

    /**
     * Wrk counts statuses that are no 2xx or 3xx; that they are 200, and the bodies whole, is looked at here. Before the
     * warm-up, because what another client sends would undo some of it.
     */
    private void checkAll() throws IOException, InterruptedException {
        for (Peer peer : Peer.values()) {
            for (Body body : BODIES) {
                check(peer, body);
            }
        }
    }

    private void check(Peer peer, Body body) throws IOException, InterruptedException {
        HttpResponse<byte[]> answer = HttpClient.newHttpClient()
                .send(
                        HttpRequest.newBuilder(URI.create(url(peer, body))).build(),
                        HttpResponse.BodyHandlers.ofByteArray());
        if (answer.statusCode() != 200 || answer.body().length != body.bytes) {
            throw new IOException(peer + " answers " + answer + " with " + answer.body().length + " bytes");
        }
    }

    private String url(Peer peer, Body body) {
        return "http://127.0.0.1:" + ports.get(peer) + "/" + body.bytes;
    }

    private static String upstream() {
        StringBuilder server = new StringBuilder("server { listen 127.0.0.1:{port}; keepalive_requests 1000000000;\n");
        for (Body body : BODIES) {
            // A literal of nginx's ends at 4 KiB; a concatenation does not.
            String kilobyte = "x".repeat(Math.min(body.bytes, 1024));
            server.append("location = /")
                    .append(body.bytes)
                    .append(" { set $k ")
                    .append(kilobyte);
            server.append("; return 200 \"")
                    .append("${k}".repeat(body.bytes / kilobyte.length()))
                    .append("\"; }\n");
        }
        return server.append('}').toString();
    }

    private static String proxy(String upstream) {
        return """
                upstream app { server %s; keepalive 64; }
                server {
                    listen 127.0.0.1:{port}; keepalive_requests 1000000000;
                    location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; }
                }
                """.formatted(URI.create(upstream).getAuthority());
    }
}
