package io.weir.engine;

import static java.time.Duration.ofMillis;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.Leaks;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawRequest;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import io.weir.upstream.KeepAlive;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Many clients at once before an upstream that does anything: whatever comes of an exchange, a whole response is the one
 * that belongs to the request, and in the end every slot, buffer and connection is accounted for.
 */
class RandomUpstreamTest {

    private static final int CLIENTS = 10;
    private static final int REQUESTS = 50;

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "3, 2", "4, 3"})
    void nothingIsLostOrMixedUp(long seed, int selectors) throws Exception {
        try (var upstream = ScriptedUpstream.of(
                connection -> misbehave(connection, new Random(seed * 1000 + connection.number())))) {
            try (var proxy = WiredProxy.onSelectors(
                    selectors,
                    pool -> pool.upstream(upstream.uri())
                            .keepAlive(KeepAlive.defaults().withTimeout(ofMillis(200))))) {

                List<String> wrong = run(proxy, seed, false);

                assertThat(wrong).isEmpty();
                // None was forgotten while it was in use: the idle ones go by themselves, and nothing else is left.
                Leaks.assertNoThreadsNamed("upstream-" + upstream.port() + "-connection");
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1", "2, 2", "3, 3"})
    void aGoodUpstreamAnswersAllOnFewConnections(long seed, int selectors) throws Exception {
        try (var upstream =
                ScriptedUpstream.of(connection -> behave(connection, new Random(seed * 1000 + connection.number())))) {
            try (var proxy = WiredProxy.onSelectors(selectors, pool -> pool.upstream(upstream.uri()))) {

                List<String> wrong = run(proxy, seed, true);

                assertThat(wrong).isEmpty();
                assertThat(proxy.failures()).isEmpty();
                // A client may be quicker than the thread that is about to park the connection of its last request.
                assertThat(upstream.connectionCount()).isLessThan(2 * CLIENTS);
            }
            for (int i = 1; i <= upstream.connectionCount(); i++) {
                upstream.awaitClosed(i);
            }
        }
    }

    private static List<String> run(WiredProxy proxy, long seed, boolean allMustSucceed) throws Exception {
        Queue<String> wrong = new ConcurrentLinkedQueue<>();
        ExecutorService clients = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int number = i;
                running.add(clients.submit(
                        () -> client(proxy, number, new Random(seed * 7919 + number), allMustSucceed, wrong)));
            }
            for (Future<?> client : running) {
                client.get(50, TimeUnit.SECONDS);
            }
        } finally {
            clients.shutdownNow();
        }
        return List.copyOf(wrong);
    }

    private static void client(WiredProxy proxy, int number, Random random, boolean mustSucceed, Queue<String> wrong) {
        RawClient client = proxy.client();
        for (int i = 0; i < REQUESTS; i++) {
            String target = "/" + number + "/" + i + "/" + "x".repeat(random.nextInt(200));
            RawResponse response;
            try {
                response = finalResponse(client.send(request(target, random)));
            } catch (AssertionError | RuntimeException e) {
                response = null; // the proxy broke off: a message that was broken can't be mended
                if (mustSucceed || String.valueOf(e.getMessage()).contains("no more bytes")) {
                    wrong.add(target + ": " + e);
                }
            }
            boolean whole = response != null && response.flaw().isEmpty() && response.status() == 200;
            if (whole && !response.body().equals(target)) {
                wrong.add(target + " got " + response.body());
            }
            if (mustSucceed && !whole) {
                wrong.add(target + ": " + response);
            }
            boolean leaves = !mustSucceed && random.nextInt(10) == 0;
            boolean broken = response == null
                    || !response.flaw().isEmpty()
                    || response.fields("Connection").contains("close");
            if (leaves) {
                client.send(request(target, random)); // and does not wait for what comes of it
            }
            if (leaves || broken) {
                client.close();
                client = proxy.client();
            }
        }
        client.close();
    }

    private static RawResponse finalResponse(RawClient client) {
        RawResponse response = client.readResponse();
        return response.status() < 200 ? finalResponse(client) : response;
    }

    private static String request(String target, Random random) {
        String head = " " + target + " HTTP/1.1\r\nHost: a.test\r\n";
        String body = "y".repeat(random.nextInt(100));
        return switch (random.nextInt(4)) {
            case 0 -> "POST" + head + "Content-Length: " + body.length() + "\r\n\r\n" + body;
            case 1 ->
                "PUT" + head + "Transfer-Encoding: chunked\r\n\r\n"
                        + (body.isEmpty() ? "" : Integer.toHexString(body.length()) + "\r\n" + body + "\r\n")
                        + "0\r\n\r\n";
            default -> "GET" + head + "\r\n";
        };
    }

    private static void behave(UpstreamConnection connection, Random random) throws IOException {
        while (true) {
            answer(connection, connection.readRequest().target(), random);
        }
    }

    private static void misbehave(UpstreamConnection connection, Random random) throws IOException {
        while (true) {
            if (random.nextInt(20) == 0) {
                connection.close();
                return;
            }
            boolean early = random.nextInt(10) == 0;
            RawRequest request = early ? connection.readHead() : connection.readRequest();
            String target = request.target();
            switch (random.nextInt(14)) {
                case 0 -> connection.close();
                case 1 -> connection.reset();
                case 2 -> {
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + target);
                    connection.close();
                }
                case 3 -> {
                    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n/\r\n");
                    connection.reset();
                }
                case 4 -> {
                    connection.send("HTTP/1.1 200 OK\r\n\r\n" + target);
                    connection.close();
                }
                case 5 -> {
                    // In one piece: what comes when the next request is there can't be told from its answer.
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + target.length() + "\r\n\r\n" + target
                            + "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
                }
                case 6 -> {
                    answer(connection, target, random);
                    connection.close();
                }
                case 7 -> connection.send("no HTTP at all\r\n\r\n");
                case 8 -> {
                    connection.send("HTTP/1.1 103 Early Hints\r\nX: y\r\n\r\n");
                    answer(connection, target, random);
                }
                default -> answer(connection, target, random);
            }
            if (early) {
                connection.readBody(request);
            }
        }
    }

    private static void answer(UpstreamConnection connection, String body, Random random) throws IOException {
        String message = random.nextBoolean()
                ? "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body
                : "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(body.length()) + "\r\n"
                        + body + "\r\n0\r\n\r\n";
        int cut = random.nextInt(message.length());
        connection.send(message.substring(0, cut));
        Thread.yield();
        connection.send(message.substring(cut));
    }
}
