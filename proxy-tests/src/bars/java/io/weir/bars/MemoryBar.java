package io.weir.bars;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;

/**
 * What Weir holds in memory while 200 MiB pass it, down and up, and the reader stops, goes on slowly, and then fast: a body
 * is never kept, whoever is slow.
 */
public final class MemoryBar {
    private static final Cpu PROXY = new Cpu(0);
    private static final double MIB = 1024 * 1024;
    private static final int BODY = 200 * 1024 * 1024;
    private static final double MOST_ABOVE_IDLE = 64;
    private static final int PATIENCE_MILLIS = 30_000;

    private final PeerProcess weir;
    private final ServerSocket upstream;

    private MemoryBar(PeerProcess weir, ServerSocket upstream) {
        this.weir = weir;
        this.upstream = upstream;
    }

    public static void main(String[] arguments) {
        Bar.run(Duration.ofMinutes(3), MemoryBar::isReached);
    }

    private static boolean isReached() throws Exception {
        try (ServerSocket upstream = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
                PeerProcess weir = PeerProcess.start(
                        PROXY, List.of("-Xmx512m"), WeirPeer.class, "http://127.0.0.1:" + upstream.getLocalPort())) {
            upstream.setSoTimeout(PATIENCE_MILLIS);
            MemoryBar bar = new MemoryBar(weir, upstream);
            double idle = weir.memory() / MIB;
            Table table = new Table("Memory: heap and direct buffers, MiB", "measured", "at most");
            table.row("idle", idle);
            table.row("download of 200 MiB, above idle", bar.download() / MIB - idle, MOST_ABOVE_IDLE);
            table.row("upload of 200 MiB, above idle", bar.upload() / MIB - idle, MOST_ABOVE_IDLE);
            table.print();
            return table.isReached();
        }
    }

    /** The most that Weir held while a client read like that. */
    private long download() throws Exception {
        try (Socket client = connect()) {
            client.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n".getBytes(ISO_8859_1));
            try (Socket served = accept()) {
                readHead(served.getInputStream());
                send(served.getOutputStream(), "HTTP/1.1 200 OK\r\n");
                readHead(client.getInputStream());
                return new StoppingReader(client.getInputStream(), weir).read(BODY);
            }
        }
    }

    /** The most that Weir held while an upstream read like that. */
    private long upload() throws Exception {
        try (Socket client = connect()) {
            send(client.getOutputStream(), "PUT / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n");
            try (Socket served = accept()) {
                readHead(served.getInputStream());
                long most = new StoppingReader(served.getInputStream(), weir).read(BODY);
                served.getOutputStream().write("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".getBytes(ISO_8859_1));
                readHead(client.getInputStream());
                return most;
            }
        }
    }

    private Socket connect() throws IOException {
        Socket client = new Socket(InetAddress.getLoopbackAddress(), weir.port());
        client.setSoTimeout(PATIENCE_MILLIS);
        return client;
    }

    private Socket accept() throws IOException {
        Socket served = upstream.accept();
        served.setSoTimeout(PATIENCE_MILLIS);
        return served;
    }

    /** Sends a message as fast as it is taken. If that breaks the reader finds that something is missing. */
    private static void send(OutputStream out, String head) {
        Thread sender = new Thread(
                () -> {
                    byte[] piece = new byte[64 * 1024];
                    try {
                        out.write((head + "Content-Length: " + BODY + "\r\n\r\n").getBytes(ISO_8859_1));
                        for (int sent = 0; sent < BODY; sent += piece.length) {
                            out.write(piece);
                        }
                    } catch (IOException e) {
                        System.err.println("sending broke: " + e);
                    }
                },
                "sender");
        sender.setDaemon(true);
        sender.start();
    }

    private static void readHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("in the head: " + head);
            }
            head.append((char) next);
        }
        if (head.indexOf("HTTP/1.1 ") == 0 && head.indexOf("HTTP/1.1 200 ") != 0) {
            throw new IOException("answered " + head);
        }
    }
}
