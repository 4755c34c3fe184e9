package io.weir.bars;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.ArrayList;
import java.util.List;

/**
 * Opens very many connections, begins to speak on most of them, and leaves it at that. Arguments: the port, and how many.
 * What it tells in the place of a port is how many it has.
 */
final class HalfOpenPeer {
    private static final List<String> BEGINNINGS = List.of(
            "",
            "GET / HT",
            "GET / HTTP/1.1\r\nHost: a.test\r\nX-Slow: ",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0\0\0\5\1\0\0\0\0\1\0");

    private HalfOpenPeer() {}

    public static void main(String[] arguments) throws Exception {
        InetSocketAddress proxy =
                new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[0]));
        int wanted = Integer.parseInt(arguments[1]);
        List<SocketChannel> open = new ArrayList<>();
        try {
            while (open.size() < wanted) {
                SocketChannel channel = SocketChannel.open(proxy);
                channel.write(ByteBuffer.wrap(
                        BEGINNINGS.get(open.size() % BEGINNINGS.size()).getBytes(ISO_8859_1)));
                open.add(channel);
            }
        } catch (IOException e) {
            System.err.println("after " + open.size() + " connections: " + e);
        }
        PeerProcess.serve(open.size());
    }
}
