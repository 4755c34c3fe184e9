package io.weir.engine;

import ch.qos.logback.classic.Logger;
import io.weir.http.ProxyError;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Mutated messages from clients and from upstreams, the same for the same seed. What must hold whatever they are: no
 * exception, no 500, each ends within the deadline, a whole answer to an honest request is its own, and in the end every slot
 * and every buffer is back (closing the proxy checks that).
 */
public final class Fuzz {
    private static final int THREADS = 8;
    private static final Pattern NONCE = Pattern.compile("nonce-([0-9]{1,6})-([0-9a-f]+)-");
    private static final String SITE = "fuzz.test";

    private final long seed;
    private final Queue<String> wrong = new ConcurrentLinkedQueue<>();

    private Fuzz(long seed) {
        this.seed = seed;
    }

    /** So many hostile requests, each followed by an honest one on another connection; returns what was wrong. */
    public static List<String> front(long seed, int inputs) throws Exception {
        List<HostileMessage> corpus = HostileMessage.of("http1.txt");
        Fuzz fuzz = new Fuzz(seed);
        try (var log = LogCapture.of("io.weir");
                var upstream = ScriptedUpstream.of(Fuzz::echo)) {
            try (var proxy = WiredProxy.to(upstream.uri())) {
                fuzz.inParallel(inputs, (random, number) -> {
                    String base = corpus.get(random.nextInt(corpus.size())).send();
                    fuzz.attack(proxy, mutated(base, random), number);
                });
                fuzz.internalErrors(proxy);
            } catch (AssertionError e) { // what is left when it has closed
                fuzz.wrong.add(String.valueOf(e.getMessage()));
            }
            fuzz.warnings(log);
        }
        return List.copyOf(fuzz.wrong);
    }

    /** So many honest requests that get hostile answers; returns what was wrong. */
    public static List<String> back(long seed, int inputs) throws Exception {
        Fuzz fuzz = new Fuzz(seed);
        try (var log = LogCapture.of("io.weir");
                var upstream = ScriptedUpstream.of(connection -> misanswer(connection, seed))) {
            silenceErrorsOf(SITE);
            try (var proxy = WiredProxy.routing(
                    pool -> pool.upstream(upstream.uri(), u -> u.maxFails(0)),
                    (config, pool) -> config.timeouts(t -> t.read(Duration.ofMillis(500)))
                            .site(Site.named(SITE).route(Route.any().to(pool))))) {
                fuzz.inParallel(inputs, (random, number) -> fuzz.ask(proxy, number));
                fuzz.internalErrors(proxy);
            } catch (AssertionError e) { // what is left when it has closed
                fuzz.wrong.add(String.valueOf(e.getMessage()));
            }
            fuzz.warnings(log);
        }
        return List.copyOf(fuzz.wrong);
    }

    private interface Step {
        void run(Random random, int number);
    }

    private void inParallel(int inputs, Step step) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            List<Future<?>> running = new ArrayList<>();
            for (int t = 0; t < THREADS; t++) {
                int first = t;
                running.add(threads.submit(() -> {
                    for (int i = first; i < inputs; i += THREADS) {
                        step.run(new Random(seed * 1_000_003 + i), i); // so that one input can be run alone
                    }
                }));
            }
            for (Future<?> thread : running) {
                thread.get(1, TimeUnit.HOURS);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    // ---- the front ----

    private void attack(WiredProxy proxy, String bytes, int number) {
        try (RawClient client = proxy.client()) {
            try {
                client.send(bytes);
            } catch (RuntimeException e) {
                // It was refused before it was whole.
            }
            client.shutdownOutput();
            String all = client.readAllThatComes();
            if (all.startsWith("HTTP/1.1 500") || all.contains("\nHTTP/1.1 500")) {
                wrong.add(at(number) + " got a 500 for " + HostileMessage.escaped(bytes));
            }
            if (all.contains("/honest-")) {
                wrong.add(at(number) + " got an answer of another: " + all);
            }
        } catch (RuntimeException | AssertionError e) {
            if (!isReset(e)) {
                wrong.add(at(number) + " did not end: " + e + " for " + HostileMessage.escaped(bytes));
            }
        }
        if (number % 8 == 0) {
            honest(proxy, number);
        }
    }

    private void honest(WiredProxy proxy, int number) {
        String target = "/honest-" + number;
        RawResponse response = proxy.exchange("GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n");
        if (response.status() != 200 || !response.body().equals(target)) {
            wrong.add(at(number) + " has disturbed an honest request, which got " + response);
        }
    }

    private static void echo(UpstreamConnection connection) throws Exception {
        while (true) {
            String target = connection.readRequest().target();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + target.length() + "\r\n\r\n" + target);
        }
    }

    // ---- the back ----

    private void ask(WiredProxy proxy, int number) {
        String nonce = nonce(number);
        try (RawClient client = proxy.client()) {
            client.send("GET /" + nonce + " HTTP/1.1\r\nHost: " + SITE + "\r\nConnection: close\r\n\r\n");
            String all = client.readAllThatComes();
            Matcher nonces = NONCE.matcher(all);
            while (nonces.find()) {
                if (isNonce(nonces) && !nonces.group().equals(nonce)) {
                    wrong.add(at(number) + " got an answer of another: " + all);
                }
            }
            if (all.startsWith("HTTP/1.1 500")) {
                wrong.add(at(number) + " got a 500");
            }
        } catch (RuntimeException | AssertionError e) {
            if (!isReset(e)) {
                wrong.add(at(number) + " did not end: " + e);
            }
        }
    }

    /** With a check sum, so that one that was mutated is not taken for another's. */
    private static String nonce(int number) {
        return "nonce-" + number + "-" + checkSum(number) + "-";
    }

    private static boolean isNonce(Matcher nonce) {
        return nonce.group(2).equals(checkSum(Integer.parseInt(nonce.group(1))));
    }

    private static String checkSum(int number) {
        return Integer.toHexString(Integer.reverse(number * 0x9E3779B9));
    }

    private static void misanswer(UpstreamConnection connection, long seed) throws Exception {
        while (true) {
            String nonce = connection.readRequest().target().substring(1);
            Random random = new Random(seed * 31 + nonce.hashCode());
            String good = answer(nonce, random);
            connection.send(random.nextInt(4) == 0 ? good : mutated(good, random));
            if (random.nextBoolean()) {
                connection.close();
                return;
            }
            if (random.nextInt(16) != 0) {
                connection.shutdownOutput(); // what is half an answer would last until a clock runs out
            }
        }
    }

    private static String answer(String nonce, Random random) {
        String body = nonce.repeat(1 + random.nextInt(3));
        return switch (random.nextInt(6)) {
            case 0 -> "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
            case 1 ->
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + Integer.toHexString(body.length()) + "\r\n"
                        + body + "\r\n0\r\nX-Sum: 1\r\n\r\n";
            case 2 -> "HTTP/1.0 200 OK\r\nX: " + nonce + "\r\n\r\n" + body;
            case 3 ->
                "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: " + body.length()
                        + "\r\n\r\n" + body;
            case 4 -> "HTTP/1.1 204 No Content\r\nX: " + nonce + "\r\n\r\n";
            default ->
                "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1/" + nonce
                        + "\r\nSet-Cookie: a=b\r\nConnection: X-Y\r\nX-Y: z\r\nContent-Length: 0\r\n\r\n";
        };
    }

    // ---- both ----

    private static final String[] ODDITIES = {
        "\r\n",
        "\n",
        "\r",
        "\0",
        " ",
        "\t",
        ":",
        ";",
        ",",
        "\"",
        "%",
        "\u00ff",
        "\r\n ",
        "\r\n\r\n",
        "0\r\n\r\n",
        "Content-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
        "HTTP/1.1",
        "-1",
        "ffffffffffffffff",
        "//",
        "/../"
    };

    /** One to four changes: bytes flipped, taken out, doubled, moved; oddities put in; the end cut off. */
    private static String mutated(String message, Random random) {
        StringBuilder bytes = new StringBuilder(message);
        for (int i = random.nextInt(4); i >= 0; i--) {
            int at = random.nextInt(bytes.length() + 1);
            int to = Math.min(bytes.length(), at + 1 + random.nextInt(8));
            switch (random.nextInt(6)) {
                case 0 -> bytes.insert(at, ODDITIES[random.nextInt(ODDITIES.length)]);
                case 1 -> bytes.delete(at, to);
                case 2 -> bytes.insert(at, bytes.substring(at, to));
                case 3 -> bytes.replace(at, to, ODDITIES[random.nextInt(ODDITIES.length)]);
                case 4 -> {
                    if (at < bytes.length()) {
                        bytes.setCharAt(at, (char) random.nextInt(256));
                    }
                }
                default -> {
                    if (random.nextInt(4) == 0) {
                        bytes.setLength(at);
                    }
                }
            }
        }
        return bytes.toString();
    }

    private void internalErrors(WiredProxy proxy) {
        proxy.errors().stream()
                .filter(error -> error == ProxyError.INTERNAL_ERROR)
                .forEach(error -> wrong.add("an internal error; seed " + seed));
    }

    /** Each bad answer is worth a line, but not here. */
    private static void silenceErrorsOf(String site) {
        ((Logger) LoggerFactory.getLogger("io.weir.error." + site)).setLevel(ch.qos.logback.classic.Level.ERROR);
    }

    /** Exceptions that were logged; other tests log, too, but none of theirs is such. */
    private void warnings(LogCapture log) {
        log.lines("").stream()
                .filter(line -> line.level() == Level.ERROR || !line.cause().isEmpty())
                .forEach(line -> wrong.add("logged: " + line));
    }

    private static boolean isReset(Throwable failure) {
        return String.valueOf(failure.getMessage()).matches("(?s).*(reset|Broken pipe|Connection|closed).*");
    }

    private String at(int number) {
        return "input " + number + " of seed " + seed;
    }
}
