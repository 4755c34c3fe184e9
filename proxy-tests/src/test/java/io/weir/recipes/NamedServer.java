package io.weir.recipes;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** A server that answers with its name, and that can stop and come back on its port. */
final class NamedServer implements AutoCloseable {
    private final String name;
    private final int port;
    private HttpServer server;

    private NamedServer(String name) throws IOException {
        this.name = name;
        server = listen(0);
        port = server.getAddress().getPort();
    }

    static NamedServer start(String name) {
        try {
            return new NamedServer(name);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    String url() {
        return "http://127.0.0.1:" + port;
    }

    /** From now on connections are refused. */
    void stop() {
        server.stop(0);
    }

    void restart() throws IOException {
        server = listen(port);
    }

    @Override
    public void close() {
        server.stop(0);
    }

    private HttpServer listen(int wanted) throws IOException {
        HttpServer listening = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted), 0);
        byte[] answer = name.getBytes(StandardCharsets.UTF_8);
        listening.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, answer.length);
            exchange.getResponseBody().write(answer);
            exchange.close();
        });
        listening.start();
        return listening;
    }
}
