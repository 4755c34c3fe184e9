package io.weir.chaos;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * The upstream that runs in a JVM of its own. It answers {@code GET /512} with 512 bytes, and anything else with none; it
 * prints the target of each POST before it answers, so that even one that is killed has told. A line {@code slow} on its
 * input makes it slow, any other line quick again; it ends when the input does.
 */
public final class UpstreamMain {
    static final String LISTENING = "listening";
    static final String SLOW = "slow";
    static final String QUICK = "quick";

    private static final int QUICK_MILLIS = 2;
    private static final int SLOW_MILLIS = 800;

    private static volatile int millis = QUICK_MILLIS;

    private UpstreamMain() {}

    /** The argument is the port to listen on. */
    public static void main(String... arguments) throws IOException {
        ServerSocket server = new ServerSocket(Integer.parseInt(arguments[0]), 1_000, InetAddress.getLoopbackAddress());
        new Thread(() -> accept(server)).start();
        System.out.println(LISTENING);
        for (String line = line(System.in); line != null; line = line(System.in)) {
            millis = line.equals(SLOW) ? SLOW_MILLIS : QUICK_MILLIS;
        }
        Runtime.getRuntime().halt(0);
    }

    /** What a {@code GET} of that many bytes is answered with. */
    static String body(int bytes) {
        return "0123456789abcdef".repeat(bytes / 16 + 1).substring(0, bytes);
    }

    private static void accept(ServerSocket server) {
        try {
            while (true) {
                Socket socket = server.accept();
                new Thread(() -> serve(socket)).start();
            }
        } catch (IOException e) {
            Runtime.getRuntime().halt(1);
        }
    }

    private static void serve(Socket socket) {
        try (socket) {
            socket.setTcpNoDelay(true);
            InputStream in = new BufferedInputStream(socket.getInputStream());
            for (String request = line(in); request != null; request = line(in)) {
                in.skipNBytes(readFields(in));
                String[] words = request.split(" ");
                boolean get = words[0].equals("GET");
                if (!get) {
                    System.out.println(words[1]);
                }
                Thread.sleep(millis);
                String body = get ? body(Integer.parseInt(words[1].substring(1))) : "";
                String answer = "HTTP/1.1 200 OK\r\nContent-Length: " + body.length() + "\r\n\r\n" + body;
                socket.getOutputStream().write(answer.getBytes(ISO_8859_1));
            }
        } catch (IOException | InterruptedException e) {
            // The proxy closed: that is its right.
        }
    }

    /** Returns the length of the body. */
    private static int readFields(InputStream in) throws IOException {
        int length = 0;
        for (String field = line(in); field != null && !field.isEmpty(); field = line(in)) {
            if (field.regionMatches(true, 0, "Content-Length:", 0, 15)) {
                length = Integer.parseInt(field.substring(15).trim());
            }
        }
        return length;
    }

    private static String line(InputStream in) throws IOException {
        ByteArrayOutputStream line = new ByteArrayOutputStream();
        for (int b = in.read(); b != '\n'; b = in.read()) {
            if (b == -1) {
                return null;
            }
            if (b != '\r') {
                line.write(b);
            }
        }
        return line.toString(ISO_8859_1);
    }
}
