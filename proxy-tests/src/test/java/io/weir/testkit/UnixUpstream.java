package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;

/** Listens at a socket in the file system and answers each request without a body with its head. */
public final class UnixUpstream implements AutoCloseable {

    private final Path path;
    private final ServerSocketChannel server;
    private final AtomicInteger connections = new AtomicInteger();

    private UnixUpstream() {
        try {
            path = Files.createTempDirectory("weir").resolve("app.sock");
            server = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
            server.bind(UnixDomainSocketAddress.of(path));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        daemon(this::accept);
    }

    public static UnixUpstream start() {
        return new UnixUpstream();
    }

    public Path path() {
        return path;
    }

    public int connectionCount() {
        return connections.get();
    }

    @Override
    public void close() {
        try {
            server.close();
            Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void accept() {
        try {
            while (true) {
                SocketChannel connection = server.accept();
                connections.incrementAndGet();
                daemon(() -> echo(connection));
            }
        } catch (IOException e) {
            // It has been closed.
        }
    }

    private static void echo(SocketChannel connection) {
        try (connection) {
            StringBuilder head = new StringBuilder();
            ByteBuffer buffer = ByteBuffer.allocate(4096);
            while (connection.read(buffer.clear()) >= 0) {
                head.append(ISO_8859_1.decode(buffer.flip()));
                if (head.indexOf("\r\n\r\n") >= 0) {
                    String answer = "HTTP/1.1 200 OK\r\nContent-Length: " + head.length() + "\r\n\r\n" + head;
                    connection.write(ByteBuffer.wrap(answer.getBytes(ISO_8859_1)));
                    head.setLength(0);
                }
            }
        } catch (IOException e) {
            // The proxy has closed.
        }
    }

    private static void daemon(Runnable task) {
        Thread thread = new Thread(task, "unix-upstream");
        thread.setDaemon(true);
        thread.start();
    }
}
