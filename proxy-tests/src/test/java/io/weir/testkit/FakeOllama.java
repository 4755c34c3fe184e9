package io.weir.testkit;

import static java.util.Locale.ROOT;

import java.io.IOException;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * What a proxy meets in an Ollama on its own machine, without the model: the test says the tokens.
 *
 * <p>The traps: it answers 403, without a body, to a {@code Host} that is no name of its own machine; it streams NDJSON on
 * {@code /api/generate} and {@code /api/chat} and events on {@code /v1/chat/completions}, the latter only if asked; it stops
 * to compute when its client leaves, and only then.
 */
public final class FakeOllama implements AutoCloseable {

    private static final Set<String> STREAMS = Set.of("/api/generate", "/api/chat", "/v1/chat/completions");

    private final BlockingQueue<Generation> generations = new LinkedBlockingQueue<>();
    private final ScriptedUpstream upstream = ScriptedUpstream.of(this::serve);

    private FakeOllama() {}

    public static FakeOllama start() {
        return new FakeOllama();
    }

    /** {@code http://127.0.0.1:port}, without a path. */
    public String uri() {
        return upstream.uri();
    }

    /** The next request, whatever became of it. */
    public RawRequest awaitRequest() {
        return upstream.awaitRequest();
    }

    /** The next generation that a client asked for; its head is out. */
    public Generation awaitGeneration() throws InterruptedException {
        Generation next = generations.poll(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS);
        if (next == null) {
            throw new AssertionError("nobody asks for a generation; requests: " + upstream.requests());
        }
        return next;
    }

    @Override
    public void close() {
        upstream.close();
    }

    private void serve(UpstreamConnection connection) throws IOException {
        Generation running = null;
        try {
            while (true) {
                RawRequest request = connection.readRequest();
                running = answer(request, connection);
            }
        } catch (PeerClosed e) {
            if (running != null) {
                running.abort();
            }
            throw e;
        }
    }

    /** The generation that begins with this request; null if it is answered already. */
    private Generation answer(RawRequest request, UpstreamConnection connection) throws IOException {
        if (!isOwnName(request.field("Host").orElse(""))) {
            connection.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
            return null;
        }
        String path = request.target();
        if (path.equals("/")) {
            whole(connection, "text/plain; charset=utf-8", "Ollama is running");
            return null;
        }
        if (!request.method().equals("POST") || !STREAMS.contains(path)) {
            connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
            return null;
        }
        String body = request.body().replace(" ", "");
        boolean events = path.startsWith("/v1/");
        if (events ? !body.contains("\"stream\":true") : body.contains("\"stream\":false")) {
            whole(connection, "application/json; charset=utf-8", "{\"done\":true}");
            return null;
        }
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: "
                + (events ? "text/event-stream" : "application/x-ndjson")
                + "\r\nTransfer-Encoding: chunked\r\n\r\n");
        Generation generation = new Generation(path, connection);
        generations.add(generation);
        return generation;
    }

    private static void whole(UpstreamConnection connection, String type, String body) throws IOException {
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nContent-Length: " + body.length() + "\r\n\r\n"
                + body);
    }

    /** As Ollama has it: names and addresses of this machine and of private networks, with any port or none. */
    private static boolean isOwnName(String host) {
        String name = host.toLowerCase(ROOT).replaceFirst(":[0-9]+$", "");
        return name.isEmpty()
                || name.equals("localhost")
                || name.matches(".+\\.(localhost|local|internal)")
                || name.matches(
                        "(127|10)(\\.[0-9]+){3}|192\\.168(\\.[0-9]+){2}|172\\.(1[6-9]|2[0-9]|3[01])(\\.[0-9]+){2}")
                || name.equals("0.0.0.0")
                || name.equals("[::1]");
    }

    /** Tokens on their way to one client, at the test's word. */
    public static final class Generation {
        private final String path;
        private final UpstreamConnection connection;
        private final CountDownLatch aborted = new CountDownLatch(1);
        private volatile boolean done;

        private Generation(String path, UpstreamConnection connection) {
            this.path = path;
            this.connection = connection;
        }

        /** Sends one more. */
        public void token(String text) throws IOException {
            chunk(line(text, false));
        }

        /** Ends the answer. */
        public void finish() throws IOException {
            done = true;
            chunk(line("", true));
            connection.send("0\r\n\r\n");
        }

        /** Waits until it has noticed that nobody is there for the rest. */
        public void awaitAborted() {
            Await.on("the model is told that its client left", aborted);
        }

        private void abort() {
            if (!done) {
                aborted.countDown();
            }
        }

        private void chunk(String text) throws IOException {
            connection.send(Integer.toHexString(text.length()) + "\r\n" + text + "\r\n");
        }

        private String line(String text, boolean last) {
            String head = "{\"model\":\"llama3.2\",\"created_at\":\"2025-01-01T00:00:00Z\",";
            return switch (path) {
                case "/api/generate" -> head + "\"response\":\"" + text + "\",\"done\":" + last + "}\n";
                case "/api/chat" ->
                    head + "\"message\":{\"role\":\"assistant\",\"content\":\"" + text + "\"},\"done\":" + last + "}\n";
                default -> event(text, last);
            };
        }

        private static String event(String text, boolean last) {
            return "data: {\"id\":\"chatcmpl-1\",\"object\":\"chat.completion.chunk\",\"choices\":[{\"index\":0,"
                    + "\"delta\":{\"role\":\"assistant\",\"content\":\"" + text + "\"},\"finish_reason\":"
                    + (last ? "\"stop\"}]}\n\ndata: [DONE]\n\n" : "null}]}\n\n");
        }
    }
}
