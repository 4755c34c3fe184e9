package io.weir.bars;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Reads many streams of {@link EventSource} at once and tells how long their events were on the way. For each line that it is
 * given (a port and for how many seconds) it prints one: how many events, then p50 and p99 in microseconds. It goes on until
 * its input ends, so that it is compiled once, and not while it measures.
 */
final class EventReader {
    private static final long SETTLING_NANOS = TimeUnit.SECONDS.toNanos(1);

    private EventReader() {}

    public static void main(String[] arguments) throws Exception {
        int streams = Integer.parseInt(arguments[0]);
        ExecutorService threads = Executors.newFixedThreadPool(streams);
        BufferedReader asked = new BufferedReader(new InputStreamReader(System.in, ISO_8859_1));
        for (String line = asked.readLine(); line != null; line = asked.readLine()) {
            String[] words = line.split(" ");
            int port = Integer.parseInt(words[0]);
            long from = System.nanoTime() + SETTLING_NANOS;
            long until = from + TimeUnit.SECONDS.toNanos(Long.parseLong(words[1]));
            System.out.println(read(threads, streams, () -> read(port, from, until)));
        }
        Runtime.getRuntime().halt(0);
    }

    private static String read(ExecutorService threads, int streams, Callable<long[]> stream) throws Exception {
        List<long[]> latencies = new ArrayList<>();
        for (Future<long[]> read : threads.invokeAll(Collections.nCopies(streams, stream), 60, TimeUnit.SECONDS)) {
            latencies.add(read.get());
        }
        long[] sorted =
                latencies.stream().flatMapToLong(Arrays::stream).sorted().toArray();
        return sorted.length + " " + at(sorted, 0.50) + " " + at(sorted, 0.99);
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
