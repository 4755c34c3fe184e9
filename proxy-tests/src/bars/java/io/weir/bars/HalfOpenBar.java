package io.weir.bars;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.io.InputStream;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * As many half-open connections as the system lets a process have do not stop ordinary requests. Proxy, half-open client and
 * ordinary client are processes of their own. Arguments: how many, and seconds to measure.
 */
public final class HalfOpenBar {
    private static final Cpu PROXY = new Cpu(0);
    private static final Cpu OTHERS = new Cpu(1);
    private static final int CLIENTS = 8;
    private static final int SPARE_FILES = 1_000;
    private static final byte[] GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n".getBytes(ISO_8859_1);
    private static final byte[] OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok".getBytes(ISO_8859_1);

    private HalfOpenBar() {}

    /** Latencies of one measurement, in microseconds and in order. */
    private record Measured(List<Long> micros, int failed) {
        double percentile(double share) {
            return micros.isEmpty() ? 0 : micros.get((int) (share * (micros.size() - 1)));
        }
    }

    public static void main(String[] arguments) {
        var system = (UnixOperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        long most = Math.min(system.getMaxFileDescriptorCount() - SPARE_FILES, 27_000); // of ports there are not more
        int count = arguments.length > 0 ? Integer.parseInt(arguments[0]) : (int) most;
        int seconds = arguments.length > 1 ? Integer.parseInt(arguments[1]) : 10;
        Bar.run(Duration.ofMinutes(5), () -> isReached(count, seconds));
    }

    private static boolean isReached(int count, int seconds) throws Exception {
        try (ServerSocket upstream = upstream();
                PeerProcess weir = PeerProcess.start(
                        PROXY, List.of(), WeirPeer.class, "http://127.0.0.1:" + upstream.getLocalPort())) {
            measure(weir.port(), seconds); // to get warm
            Measured without = measure(weir.port(), seconds);
            long idle = weir.memory();
            try (PeerProcess halfOpen = PeerProcess.start(
                    OTHERS, List.of(), HalfOpenPeer.class, String.valueOf(weir.port()), String.valueOf(count))) {
                Measured with = measure(weir.port(), seconds);
                Table table = new Table("Half-open connections", "measured", "at most");
                table.row("half-open connections", halfOpen.port());
                table.row("missing", count - halfOpen.port(), 0);
                table.row("KiB of memory for each", (weir.memory() - idle) / 1024.0 / Math.max(1, halfOpen.port()));
                table.row("requests without them", without.micros.size());
                table.row("p50 without, µs", without.percentile(0.5));
                table.row("p99 without, µs", without.percentile(0.99));
                table.row("requests with them", with.micros.size());
                table.row("p50 with, µs", with.percentile(0.5));
                table.row("p99 with, µs", with.percentile(0.99));
                table.row("requests that failed", without.failed + with.failed, 0);
                table.print();
                return table.isReached();
            }
        }
    }

    private static Measured measure(int port, int seconds) throws Exception {
        long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        List<Future<List<Long>>> running = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            running.add(clients.submit(() -> client(port, end)));
        }
        List<Long> micros = new ArrayList<>();
        int failed = 0;
        for (Future<List<Long>> client : running) {
            for (long one : client.get()) {
                if (one < 0) {
                    failed++;
                } else {
                    micros.add(one);
                }
            }
        }
        clients.shutdown();
        micros.sort(null);
        return new Measured(micros, failed);
    }

    /** Latencies one after the other; −1 for a request that failed. Every tenth is on a new connection. */
    private static List<Long> client(int port, long end) {
        List<Long> micros = new ArrayList<>();
        while (System.nanoTime() < end) {
            long start = System.nanoTime();
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                socket.setSoTimeout(10_000);
                socket.setTcpNoDelay(true);
                for (int i = 0; i < 10; i++) {
                    socket.getOutputStream().write(GET);
                    if (!readAnswer(socket.getInputStream()).startsWith("HTTP/1.1 200")) {
                        throw new IOException("not a 200");
                    }
                    long now = System.nanoTime();
                    micros.add((now - start) / 1_000);
                    start = now;
                }
            } catch (IOException e) {
                System.err.println(e);
                micros.add(-1L);
            }
        }
        return micros;
    }

    private static String readAnswer(InputStream in) throws IOException {
        StringBuilder answer = new StringBuilder();
        byte[] buffer = new byte[4096];
        while (answer.indexOf("\r\n\r\nok") < 0) {
            int count = in.read(buffer);
            if (count < 0) {
                throw new IOException("closed after: " + answer);
            }
            answer.append(new String(buffer, 0, count, ISO_8859_1));
        }
        return answer.toString();
    }

    /** Answers each request that comes in one piece. */
    private static ServerSocket upstream() throws IOException {
        ServerSocket server = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
        daemon(() -> {
            while (true) {
                Socket socket = server.accept();
                socket.setTcpNoDelay(true);
                daemon(() -> {
                    byte[] buffer = new byte[8192];
                    while (socket.getInputStream().read(buffer) > 0) {
                        socket.getOutputStream().write(OK);
                    }
                    socket.close();
                });
            }
        });
        return server;
    }

    private interface Task {
        void run() throws IOException;
    }

    private static void daemon(Task task) {
        Thread thread = new Thread(() -> {
            try {
                task.run();
            } catch (IOException e) {
                return; // the other side has gone, or the bar is over
            }
        });
        thread.setDaemon(true);
        thread.start();
    }
}
