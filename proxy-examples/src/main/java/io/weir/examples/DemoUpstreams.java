package io.weir.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Executors;

/** Three small origin servers of the JDK's own kind, on free ports of this machine. */
final class DemoUpstreams {
    private final Map<String, HttpServer> servers = new TreeMap<>();

    private DemoUpstreams() {}

    static DemoUpstreams start() throws IOException {
        DemoUpstreams upstreams = new DemoUpstreams();
        upstreams.add("a");
        upstreams.add("b");
        upstreams.add("events").createContext("/events", DemoUpstreams::stream);
        return upstreams;
    }

    String url(String name) {
        HttpServer server = servers.get(name);
        if (server == null) {
            throw new IllegalArgumentException("no upstream " + name);
        }
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private HttpServer add(String name) throws IOException {
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newCachedThreadPool(task -> {
            Thread thread = new Thread(task, "upstream-" + name);
            thread.setDaemon(true);
            return thread;
        }));
        server.createContext("/", exchange -> sayName(exchange, name));
        server.createContext("/stop/", this::stop);
        server.start();
        servers.put(name, server);
        return server;
    }

    private static void sayName(HttpExchange exchange, String name) throws IOException {
        String text = "upstream " + name + " got " + exchange.getRequestMethod() + " " + exchange.getRequestURI() + "\n"
                + "Host: " + exchange.getRequestHeaders().getFirst("Host") + "\n"
                + "X-Real-IP: " + exchange.getRequestHeaders().getFirst("X-Real-IP") + "\n"
                + "X-Forwarded-Proto: " + exchange.getRequestHeaders().getFirst("X-Forwarded-Proto") + "\n";
        exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
        answer(exchange, text);
    }

    /** Stops the upstream that is named, so that its absence can be seen. */
    private void stop(HttpExchange exchange) throws IOException {
        String name = exchange.getRequestURI().getPath().substring("/stop/".length());
        HttpServer server = servers.get(name);
        answer(exchange, server == null ? "no upstream " + name + "\n" : "upstream " + name + " stops\n");
        if (server != null) {
            server.stop(0);
        }
    }

    private static void stream(HttpExchange exchange) throws IOException {
        exchange.getResponseHeaders().set("Content-Type", "text/event-stream");
        exchange.sendResponseHeaders(200, 0);
        try (OutputStream body = exchange.getResponseBody()) {
            for (int i = 1; i <= 20; i++) {
                body.write(("id: " + i + "\ndata: token " + i + "\n\n").getBytes(StandardCharsets.UTF_8));
                body.flush();
                Thread.sleep(500);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void answer(HttpExchange exchange, String text) throws IOException {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        boolean isHead = exchange.getRequestMethod().equals("HEAD");
        exchange.sendResponseHeaders(200, isHead ? -1 : bytes.length);
        if (!isHead) {
            exchange.getResponseBody().write(bytes);
        }
        exchange.close();
    }
}
