package io.weir.bars;

import io.weir.testkit.EchoUpstream;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A thousand reloads under load: each of the requests meanwhile gets a complete 200, and afterwards the proxy has no thread,
 * no descriptor and no heap more than after the first hundred. Of the threads, those of the pool are not counted: it has as
 * many as it once needed at the same time, and gives them back after a minute.
 */
public final class ReloadBar {
    private static final int FIRST = 100;
    private static final int RELOADS = 1_000;
    private static final int CLIENTS = 8;
    private static final int REQUESTS_BETWEEN = 20;

    /** Measured after collections, but not of all that the JVM keeps for itself: compiled code's data, caches of its own. */
    private static final double MOST_MIB_MORE = 2;

    private final AtomicLong answered = new AtomicLong();
    private final Queue<String> flaws = new ConcurrentLinkedQueue<>();
    private volatile boolean over;

    private ReloadBar() {}

    public static void main(String[] arguments) {
        Bar.run(Duration.ofMinutes(5), () -> new ReloadBar().isReached());
    }

    private record State(long threads, long descriptors, double mib) {
        static State of(PeerProcess weir) throws IOException {
            return new State(weir.threads() - weir.ask("workers"), weir.descriptors(), weir.memory() / 1024.0 / 1024.0);
        }
    }

    private boolean isReached() throws Exception {
        try (EchoUpstream first = EchoUpstream.start();
                EchoUpstream second = EchoUpstream.start();
                PeerProcess weir = PeerProcess.start(
                        new Cpu(0), List.of("-Xmx128m"), ReloadingPeer.class, first.uri(), second.uri())) {
            underLoad(weir, FIRST);
            State before = State.of(weir);
            underLoad(weir, RELOADS);
            State after = State.of(weir);

            flaws.stream().limit(20).forEach(System.out::println);
            Table table = new Table("Reload", "measured", "at most");
            table.row("reloads", FIRST + RELOADS);
            table.row("requests", answered.get());
            table.row("requests without a complete 200", flaws.size(), 0);
            table.row("threads more, beside the pool's, of " + before.threads, after.threads - before.threads, 0);
            table.row("descriptors more, of " + before.descriptors, after.descriptors - before.descriptors, 0);
            table.row("MiB more on the heap and in direct buffers", after.mib - before.mib, MOST_MIB_MORE);
            table.print();
            return table.isReached();
        }
    }

    /** Afterwards all clients are gone, so that states can be compared. */
    private void underLoad(PeerProcess weir, int reloads) throws Exception {
        over = false;
        List<Thread> clients = new ArrayList<>();
        for (int i = 0; i < CLIENTS; i++) {
            String target = i % 2 == 0 ? "/both" : "/one";
            Thread client = new Thread(() -> ask(weir.port(), target));
            client.start();
            clients.add(client);
        }
        for (int i = 0; i < reloads; i++) {
            long before = answered.get();
            while (answered.get() < before + REQUESTS_BETWEEN && flaws.isEmpty()) {
                Thread.sleep(1);
            }
            weir.ask("reload");
        }
        over = true;
        for (Thread client : clients) {
            client.join();
        }
        Thread.sleep(4_000); // for kept connections to close; nobody else waits for that
    }

    private void ask(int port, String target) {
        String request = "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n";
        try (RawClient client = RawClient.connect(port)) {
            while (!over) {
                RawResponse response = client.send(request).readResponse();
                if (response.status() != 200 || response.isTruncated()) {
                    flaws.add(response.toString());
                }
                answered.incrementAndGet();
            }
        } catch (RuntimeException | AssertionError e) {
            flaws.add(String.valueOf(e));
        }
    }
}
