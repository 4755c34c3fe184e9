package io.weir;

import io.weir.testkit.Await;
import io.weir.testkit.RawRequest;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;

/**
 * Upstreams {@code a}, {@code b}, {@code c} … that note who got which request.
 *
 * <p>A request's path is its name. Each is answered at once, save for one below {@code /held/}, whose answer waits for
 * {@link #release}, and one with a field {@code X-Fail} that holds the upstream's name, which gets a 503.
 */
final class NamedUpstreams implements AutoCloseable {
    private final List<ScriptedUpstream> upstreams = new ArrayList<>();
    private final List<String> arrivals = new ArrayList<>();
    private final Map<String, String> holders = new ConcurrentHashMap<>();
    private final Map<String, CountDownLatch> held = new ConcurrentHashMap<>();

    private NamedUpstreams() {}

    static NamedUpstreams open(int count) {
        NamedUpstreams upstreams = new NamedUpstreams();
        for (int i = 0; i < count; i++) {
            String name = String.valueOf((char) ('a' + i));
            upstreams.upstreams.add(ScriptedUpstream.of(connection -> upstreams.serve(name, connection)));
        }
        return upstreams;
    }

    String uri(int index) {
        return upstreams.get(index).uri();
    }

    /** Who got a request, in order, since this was asked last. */
    List<String> takeArrivals() {
        synchronized (arrivals) {
            List<String> taken = List.copyOf(arrivals);
            arrivals.clear();
            holders.clear();
            return taken;
        }
    }

    /** Who got that request, once it is there. */
    String awaitHolder(String path) {
        Await.until(() -> path + " arrives; arrived: " + holders, () -> holders.containsKey(path));
        return holders.get(path);
    }

    /** Lets that request be answered. */
    void release(String path) {
        latch(path).countDown();
        held.remove(path);
    }

    @Override
    public void close() {
        held.values().forEach(CountDownLatch::countDown);
        upstreams.forEach(ScriptedUpstream::close);
    }

    private void serve(String name, UpstreamConnection connection) throws Exception {
        while (true) {
            RawRequest request = connection.readRequest();
            String path = request.requestLine().split(" ")[1];
            CountDownLatch answer = path.startsWith("/held/") ? latch(path) : new CountDownLatch(0);
            synchronized (arrivals) {
                arrivals.add(name);
                holders.put(path, name);
            }
            answer.await();
            String status = request.fields("X-Fail").contains(name) ? "503 Busy" : "200 OK";
            connection.send("HTTP/1.1 " + status + "\r\nContent-Length: 1\r\n\r\n" + name);
        }
    }

    private CountDownLatch latch(String path) {
        return held.computeIfAbsent(path, any -> new CountDownLatch(1));
    }
}
