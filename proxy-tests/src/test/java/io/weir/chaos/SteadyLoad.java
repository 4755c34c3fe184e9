package io.weir.chaos;

import io.weir.testkit.Await;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

/** Clients that ask one thing after another, each on a connection that it keeps: nine GETs, then a POST. */
final class SteadyLoad implements AutoCloseable {
    private static final int CLIENTS = 4;

    private final int port;
    private final AtomicInteger gets = new AtomicInteger();
    private final ConcurrentLinkedQueue<String> flaws = new ConcurrentLinkedQueue<>();
    private final Map<String, Integer> posts = new ConcurrentHashMap<>();
    private final List<Thread> threads = new ArrayList<>();
    private volatile boolean stopped;

    private SteadyLoad(int port) {
        this.port = port;
    }

    static SteadyLoad on(int port) {
        SteadyLoad load = new SteadyLoad(port);
        for (int i = 0; i < CLIENTS; i++) {
            int number = i;
            Thread thread = new Thread(() -> load.run(number), "client-" + number);
            thread.setDaemon(true);
            load.threads.add(thread);
            thread.start();
        }
        return load;
    }

    /** Returns once so many GETs were answered; while they are, that may take as long as it likes. */
    void awaitGets(int count) {
        for (int next = Math.min(count, gets.get() + 100); gets.get() < count; next = Math.min(count, next + 100)) {
            int goal = next;
            Await.until(
                    () -> goal + " GETs are answered; so far " + gets + ", flaws " + flaws, () -> gets.get() >= goal);
        }
    }

    /** How many GETs were answered, one way or another. */
    int gets() {
        return gets.get();
    }

    /** Whatever was no complete 200 to a GET, and no answer to a POST. */
    List<String> flaws() {
        return List.copyOf(flaws);
    }

    /** The status that each POST got, by its target. */
    Map<String, Integer> posts() {
        return posts;
    }

    /** Lets each client end what it has begun. */
    @Override
    public void close() {
        stopped = true;
        Await.until("the clients end", () -> threads.stream().noneMatch(Thread::isAlive));
    }

    private void run(int number) {
        RawClient client = RawClient.connect(port);
        try {
            for (int i = 0; !stopped; i++) {
                boolean goesOn = i % 10 == 9 ? post(client, "/client-" + number + "/" + i) : get(client, i * 7 % 1025);
                if (!goesOn) {
                    client.close();
                    client = RawClient.connect(port);
                }
            }
        } catch (RuntimeException | AssertionError e) {
            flaws.add(e.toString());
        } finally {
            client.close();
        }
    }

    private boolean get(RawClient client, int bytes) {
        RawResponse response =
                client.send("GET /" + bytes + " HTTP/1.1\r\nHost: a\r\n\r\n").readResponse();
        if (response.status() != 200 || !response.body().equals(UpstreamMain.body(bytes))) {
            flaws.add("GET /" + bytes + ": " + response);
        }
        gets.incrementAndGet();
        return goesOn(response);
    }

    private boolean post(RawClient client, String target) {
        String head = "POST " + target + " HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\n";
        RawResponse response = client.send(head + "body").readResponse();
        posts.put(target, response.status());
        return goesOn(response);
    }

    private static boolean goesOn(RawResponse response) {
        return !response.fields("Connection").contains("close") && !response.isTruncated();
    }
}
