package io.weir.bars;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/** An upstream that sends events at a fixed rate, each with the time at which it is sent, until its reader leaves. */
final class EventSource {
    private static final Duration PERIOD = Duration.ofMillis(100);

    private EventSource() {}

    public static void main(String[] arguments) throws Exception {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 256);
        server.setExecutor(Executors.newCachedThreadPool());
        server.createContext("/", exchange -> {
            exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
            exchange.sendResponseHeaders(200, 0);
            send(exchange.getResponseBody());
        });
        server.start();
        PeerProcess.serve(server.getAddress().getPort());
    }

    private static void send(OutputStream body) throws IOException {
        // Streams that began together must not send together.
        long next = System.nanoTime() + (long) (Math.random() * PERIOD.toNanos());
        while (true) {
            next += PERIOD.toNanos();
            LockSupport.parkNanos(next - System.nanoTime());
            body.write(("data: " + System.nanoTime() + "\n\n").getBytes(ISO_8859_1));
            body.flush();
        }
    }
}
