package io.weir.bars;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.ArrayList;
import java.util.List;

/** An upstream that opens WebSockets, as many as come, and is silent on them. */
final class WebSocketsPeer {
    private WebSocketsPeer() {}

    public static void main(String[] arguments) throws Exception {
        ServerSocket server = new ServerSocket(0, 1_000, InetAddress.getLoopbackAddress());
        Thread accepting = new Thread(() -> accept(server), "accepting");
        accepting.setDaemon(true);
        accepting.start();
        PeerProcess.serve(server.getLocalPort());
    }

    private static void accept(ServerSocket server) {
        List<Socket> open = new ArrayList<>();
        try {
            while (true) {
                Socket socket = server.accept();
                open.add(socket);
                WebSocketHandshake.answer(socket);
            }
        } catch (IOException e) {
            System.err.println("after " + open.size() + " WebSockets: " + e);
        }
    }
}
