package io.weir.bars;

import com.sun.management.UnixOperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What 5,000 WebSockets cost on which nothing is said, as a tunnel and watched over. Client, proxy and upstream are a
 * process each.
 */
public final class IdleWebSocketsBar {
    private static final Cpu PROXY = new Cpu(0);
    private static final int COUNT = 5_000;
    private static final int WARM_UP = 200;
    private static final int OTHER_FILES = 500;
    private static final double KIB = 1024;
    private static final double MOST_EACH = 12;
    private static final int BREATH = 8; // of the pool of threads
    private static final int POOL = 200; // where messages are handled that are watched over; what is idle goes again
    private static final int PATIENCE_MILLIS = 30_000;

    private IdleWebSocketsBar() {}

    public static void main(String[] arguments) {
        Bar.run(Duration.ofMinutes(6), IdleWebSocketsBar::isReached);
    }

    private static boolean isReached() throws Exception {
        checkLimit();
        Table table = new Table("5,000 idle WebSockets", "measured", "at most");
        try (PeerProcess upstream = PeerProcess.start(PROXY, List.of("-Xmx256m"), WebSocketsPeer.class)) {
            String url = "http://127.0.0.1:" + upstream.port();
            measure(table, "tunnel", BREATH, url);
            measure(table, "watched", POOL, url, "watched");
        }
        table.print();
        return table.isReached();
    }

    private static void measure(Table table, String name, int mostThreads, String... arguments) throws Exception {
        try (PeerProcess weir = PeerProcess.start(PROXY, List.of("-Xmx512m"), WeirPeer.class, arguments)) {
            closeAll(open(weir, WARM_UP));
            long idle = weir.memory();
            long threads = weir.threads();
            List<Socket> sockets = open(weir, COUNT);
            table.row(name + ": heap and direct buffers each, KiB", (weir.memory() - idle) / KIB / COUNT, MOST_EACH);
            table.row(name + ": more threads than before", weir.threads() - threads, mostThreads);
            closeAll(sockets);
        }
    }

    private static List<Socket> open(PeerProcess weir, int count) throws IOException {
        List<Socket> sockets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), weir.port());
            sockets.add(socket);
            socket.setSoTimeout(PATIENCE_MILLIS);
            WebSocketHandshake.ask(socket);
        }
        return sockets;
    }

    private static void closeAll(List<Socket> sockets) throws IOException {
        for (Socket socket : sockets) {
            socket.close();
        }
    }

    /** The proxy has two sockets for each; its limit is that of this process. */
    private static void checkLimit() throws IOException {
        int needed = 2 * COUNT + OTHER_FILES;
        if (ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean system
                && system.getMaxFileDescriptorCount() < needed) {
            throw new IOException("ulimit -n is " + system.getMaxFileDescriptorCount() + ", and " + needed
                    + " are needed; raise it and try again");
        }
    }
}
