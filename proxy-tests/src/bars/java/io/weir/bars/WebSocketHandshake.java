package io.weir.bars;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import io.weir.header.Upgrades;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The opening of a WebSocket from either side, over a blocking socket. */
final class WebSocketHandshake {
    private static final Pattern KEY = Pattern.compile("(?i)\r\nSec-WebSocket-Key: *([^\r]+)\r\n");
    private static final String ASKING = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

    private WebSocketHandshake() {}

    /** Asks, and waits for the 101. */
    static void ask(Socket socket) throws IOException {
        socket.getOutputStream().write(ASKING.getBytes(ISO_8859_1));
        String head = readHead(socket.getInputStream());
        if (!head.startsWith("HTTP/1.1 101 ")) {
            throw new IOException("answered " + head);
        }
    }

    /** Waits to be asked, and answers. */
    static void answer(Socket socket) throws IOException {
        Matcher key = KEY.matcher(readHead(socket.getInputStream()));
        if (!key.find()) {
            throw new IOException("asked without a key");
        }
        String answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                + "Sec-WebSocket-Accept: " + Upgrades.acceptFor(key.group(1)) + "\r\n\r\n";
        socket.getOutputStream().write(answer.getBytes(ISO_8859_1));
    }

    private static String readHead(InputStream in) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int next = in.read();
            if (next < 0) {
                throw new EOFException("in the head: " + head);
            }
            head.append((char) next);
        }
        return head.toString();
    }
}
