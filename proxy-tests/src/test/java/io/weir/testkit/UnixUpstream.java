package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;

/** Listens at a socket in the file system. Answers each request without a body with its head, if not told otherwise. */
public final class UnixUpstream implements AutoCloseable {

    private final Path path;
    private final ServerSocketChannel server;
    private final AtomicInteger connections = new AtomicInteger();
    private final Consumer<SocketChannel> speaking;

    private UnixUpstream(Consumer<SocketChannel> speaking) {
        this.speaking = speaking;
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
        return new UnixUpstream(UnixUpstream::echo);
    }

    /** One that passes on all that comes from either side, to and from that port. */
    public static UnixUpstream relayingTo(int port) {
        return new UnixUpstream(connection -> relay(connection, port));
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
                daemon(() -> speaking.accept(connection));
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

    private static void relay(SocketChannel connection, int port) {
        try (connection;
                SocketChannel behind = SocketChannel.open(new InetSocketAddress("127.0.0.1", port))) {
            Thread back = daemon(() -> pass(behind, connection));
            pass(connection, behind);
            back.join();
        } catch (IOException e) {
            // Nobody listens there any more.
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void pass(SocketChannel from, SocketChannel to) {
        ByteBuffer buffer = ByteBuffer.allocate(16 * 1024);
        try {
            while (from.read(buffer.clear()) >= 0) {
                buffer.flip();
                while (buffer.hasRemaining()) {
                    to.write(buffer);
                }
            }
            to.shutdownOutput();
        } catch (IOException e) {
            close(from);
            close(to);
        }
    }

    private static void close(SocketChannel channel) {
        try {
            channel.close();
        } catch (IOException e) {
            // It is of no more use anyway.
        }
    }

    private static Thread daemon(Runnable task) {
        Thread thread = new Thread(task, "unix-upstream");
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
