package io.weir.bars;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Reads many streams of {@link EventSource} at once and prints how long their events were on the way: how many, then p50 and
 * p99 in microseconds. Arguments: port, streams, seconds to settle, seconds to measure.
 */
final class EventReader {
    private EventReader() {}

    public static void main(String[] arguments) throws Exception {
        int port = Integer.parseInt(arguments[0]);
        int streams = Integer.parseInt(arguments[1]);
        long from = System.nanoTime()
                + Duration.ofSeconds(Long.parseLong(arguments[2])).toNanos();
        long until = from + Duration.ofSeconds(Long.parseLong(arguments[3])).toNanos();
        ExecutorService threads = Executors.newFixedThreadPool(streams);
        List<Callable<long[]>> reads = new ArrayList<>();
        for (int i = 0; i < streams; i++) {
            reads.add(() -> read(port, from, until));
        }
        List<long[]> latencies = new ArrayList<>();
        for (Future<long[]> read : threads.invokeAll(reads, 60, TimeUnit.SECONDS)) {
            latencies.add(read.get());
        }
        long[] sorted =
                latencies.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        System.out.println(sorted.length + " " + at(sorted, 0.50) + " " + at(sorted, 0.99));
        Runtime.getRuntime().halt(0);
    }

    /** The monotonic clocks of two JVMs on one Linux are the same. */
    private static long[] read(int port, long from, long until) throws IOException {
        List<Long> latencies = new ArrayList<>();
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
            socket.setSoTimeout(10_000);
            socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: bar.test\r\n\r\n".getBytes(ISO_8859_1));
            BufferedReader lines = new BufferedReader(new InputStreamReader(socket.getInputStream(), ISO_8859_1));
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                long now = System.nanoTime();
                if (now >= until) {
                    break;
                }
                if (now >= from && line.startsWith("data: ")) {
                    latencies.add(now - Long.parseLong(line.substring("data: ".length())));
                }
            }
        }
        return latencies.stream().mapToLong(Long::longValue).toArray();
    }

    private static double at(long[] sorted, double share) throws IOException {
        if (sorted.length == 0) {
            throw new IOException("no event has come");
        }
        return sorted[(int) (share * (sorted.length - 1))] / 1000.0;
    }
}
