package io.weir.bars;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/** What Weir holds in memory while a message of 1 GiB passes each way of a WebSocket at once, and both ends are slow. */
public final class TunnelMemoryBar {
    private static final Cpu PROXY = new Cpu(0);
    private static final double MIB = 1024 * 1024;
    private static final int MESSAGE = 1024 * 1024 * 1024;
    private static final double MOST_ABOVE_IDLE = 64;
    private static final int PATIENCE_MILLIS = 60_000;

    private TunnelMemoryBar() {}

    public static void main(String[] arguments) {
        Bar.run(Duration.ofMinutes(6), TunnelMemoryBar::isReached);
    }

    private static boolean isReached() throws Exception {
        Table table = new Table("Memory: heap and direct buffers, MiB", "measured", "at most");
        measure(table, "tunnel");
        measure(table, "watched", "watched");
        table.print();
        return table.isReached();
    }

    private static void measure(Table table, String name, String... more) throws Exception {
        try (ServerSocket upstream = new ServerSocket(0, 8, InetAddress.getLoopbackAddress())) {
            String url = "http://127.0.0.1:" + upstream.getLocalPort();
            String[] arguments = more.length == 0 ? new String[] {url} : new String[] {url, more[0]};
            try (PeerProcess weir = PeerProcess.start(PROXY, List.of("-Xmx512m"), WeirPeer.class, arguments);
                    Socket client = new Socket(InetAddress.getLoopbackAddress(), weir.port())) {
                client.setSoTimeout(PATIENCE_MILLIS);
                upstream.setSoTimeout(PATIENCE_MILLIS);
                double idle = weir.memory() / MIB;
                FutureTask<Socket> opened = inBackground(() -> {
                    Socket served = upstream.accept();
                    served.setSoTimeout(PATIENCE_MILLIS);
                    WebSocketHandshake.answer(served);
                    return served;
                });
                WebSocketHandshake.ask(client);
                try (Socket served = opened.get()) {
                    long most = bothWays(weir, client, served);
                    table.row(name + ": 1 GiB each way, above idle", most / MIB - idle, MOST_ABOVE_IDLE);
                }
            }
        }
    }

    /** The most that Weir held meanwhile. */
    private static long bothWays(PeerProcess weir, Socket client, Socket served) throws Exception {
        inBackground(() -> send(client.getOutputStream(), true));
        inBackground(() -> send(served.getOutputStream(), false));
        FutureTask<Long> up = inBackground(() -> new StoppingReader(served.getInputStream(), weir).read(MESSAGE));
        FutureTask<Long> down = inBackground(() -> new StoppingReader(client.getInputStream(), weir).read(MESSAGE));
        return Math.max(up.get(), down.get());
    }

    /** One frame. A mask of zeros leaves its payload as it is. If this breaks the reader finds that something is missing. */
    private static Void send(OutputStream out, boolean masked) throws IOException {
        ByteBuffer head = ByteBuffer.allocate(masked ? 14 : 10);
        head.put((byte) 0x82).put((byte) (masked ? 0xff : 0x7f)).putLong(MESSAGE);
        out.write(head.array());
        byte[] piece = new byte[64 * 1024];
        for (int sent = 0; sent < MESSAGE; sent += piece.length) {
            out.write(piece);
        }
        return null;
    }

    private static <T> FutureTask<T> inBackground(Callable<T> work) {
        FutureTask<T> task = new FutureTask<>(work);
        Thread thread = new Thread(task, "end");
        thread.setDaemon(true);
        thread.start();
        return task;
    }
}
