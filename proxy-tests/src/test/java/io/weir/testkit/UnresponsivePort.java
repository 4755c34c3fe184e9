package io.weir.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * A port on which connecting neither succeeds nor fails: a host behind a firewall that drops packets.
 *
 * <p>Nobody accepts and the kernel's queue is kept full, so that Linux ignores each further SYN. This works without a
 * network, unlike the addresses that are said to lead nowhere.
 */
public final class UnresponsivePort implements AutoCloseable {

    private static final int MORE_THAN_THE_QUEUE_HOLDS = 4;

    private final ServerSocket server;
    private final List<SocketChannel> queued = new ArrayList<>();

    private UnresponsivePort() throws IOException {
        server = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        for (int i = 0; i < MORE_THAN_THE_QUEUE_HOLDS; i++) {
            SocketChannel channel = SocketChannel.open();
            queued.add(channel);
            channel.configureBlocking(false);
            channel.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port()));
        }
    }

    public static UnresponsivePort open() {
        try {
            return new UnresponsivePort();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    public int port() {
        return server.getLocalPort();
    }

    /** {@code http://127.0.0.1:port}, without a path. */
    public String uri() {
        return "http://127.0.0.1:" + port();
    }

    @Override
    public void close() {
        try {
            server.close();
            for (SocketChannel channel : queued) {
                channel.close();
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
