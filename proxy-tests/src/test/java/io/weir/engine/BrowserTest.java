package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.header.Upgrades;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Frame;
import io.weir.testkit.Program;
import io.weir.testkit.RawRequest;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;

/** A page in a real browser opens WebSockets, an EventSource and a streaming fetch through the proxy. */
class BrowserTest {

    private static final String CHROMIUM = "/usr/bin/chromium";
    private static final int START_SECONDS = 40; // a browser takes its time on a busy machine

    private final CountDownLatch eventSeen = new CountDownLatch(1);
    private final CountDownLatch chunkSeen = new CountDownLatch(1);
    private final CompletableFuture<String> result = new CompletableFuture<>();

    @Test
    void whatAPageStreamsComesAtOnceAndWhole(@TempDir(cleanup = CleanupMode.NEVER) Path profile) throws Exception {
        Program.assumeInstalled(CHROMIUM);
        try (var upstream = ScriptedUpstream.of(this::serve);
                var proxied = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()),
                        (config, pool) -> config.route(Route.exact("/bridge")
                                        .webSocket(ws -> ws.subprotocols("chat").pings(java.time.Duration.ofMinutes(1)))
                                        .to(pool))
                                .route(Route.any().to(pool)));
                var browser = Program.start(
                        CHROMIUM,
                        "--headless=new",
                        "--no-sandbox",
                        "--disable-gpu",
                        "--disable-dev-shm-usage",
                        "--disable-background-networking",
                        "--disable-component-update",
                        "--disable-sync",
                        "--no-first-run",
                        "--remote-debugging-port=0", // else it ends at once
                        "--user-data-dir=" + profile,
                        "--ignore-certificate-errors-spki-list=" + Edge.publicKeyHash(),
                        scheme() + "://127.0.0.1:" + proxied.port() + "/")) {

            assertThat(result.get(START_SECONDS, TimeUnit.SECONDS))
                    .as(() -> "what the page has seen; the browser says " + browser.lines())
                    .isEqualTo("[[\"chat hello\",\"closed 4001 bye true\"],[\"chat hello\",\"closed 4001 bye true\"],"
                            + "[\"one\",\"two\"],[\"first\",\"second\"],\"" + spoken() + "\"]");
        }
    }

    String scheme() {
        return "http";
    }

    /** In the browser's words. */
    String spoken() {
        return "http/1.1";
    }

    private void serve(UpstreamConnection connection) throws IOException {
        while (true) {
            RawRequest request = connection.readRequest();
            switch (request.requestLine().split(" ")[1]) {
                case "/" -> answer(connection, Files.readString(Path.of(WebSocketPeersTest.script("page.html"))));
                case "/tunnel", "/bridge" -> {
                    echo(connection, request);
                    return;
                }
                case "/events" -> {
                    begin(connection, "text/event-stream", "data: one\n\n");
                    Await.on("the page has seen an event", eventSeen);
                    connection.send(chunk("data: two\n\n"));
                    connection.hang();
                }
                case "/stream" -> {
                    begin(connection, "text/plain", "first");
                    Await.on("the page has seen a chunk", chunkSeen);
                    connection.send(chunk("second") + "0\r\n\r\n");
                }
                case "/seen/events" -> {
                    eventSeen.countDown();
                    answer(connection, "");
                }
                case "/seen/stream" -> {
                    chunkSeen.countDown();
                    answer(connection, "");
                }
                case "/result" -> {
                    result.complete(request.body());
                    answer(connection, "");
                }
                default -> connection.send("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
            }
        }
    }

    private static void echo(UpstreamConnection connection, RawRequest request) throws IOException {
        String key = request.field("Sec-WebSocket-Key").orElseThrow();
        connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: " + Upgrades.acceptFor(key) + "\r\n\r\n");
        Frame frame;
        do {
            frame = Frame.read(connection);
            connection.send(frame.bytes());
        } while (frame.opcode() != 8);
        connection.close();
    }

    private static void begin(UpstreamConnection connection, String type, String part) throws IOException {
        connection.send(
                "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk(part));
    }

    private static String chunk(String part) {
        return Integer.toHexString(part.length()) + "\r\n" + part + "\r\n";
    }

    private static void answer(UpstreamConnection connection, String body) throws IOException {
        byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
        connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: " + bytes.length
                + "\r\n\r\n");
        connection.send(bytes);
    }
}
