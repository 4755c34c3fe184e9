package io.weir.testkit;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;

/**
 * A port that refuses every connection, for as long as it is open.
 *
 * <p>The trap: a port that was merely found free may be taken by another test a moment later. This one is bound, so no
 * one else gets it, but nobody listens, so the kernel refuses.
 */
public final class RefusingPort implements AutoCloseable {

    private final Socket bound = new Socket();

    private RefusingPort() {}

    public static RefusingPort open() {
        RefusingPort port = new RefusingPort();
        try {
            port.bound.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return port;
    }

    public int port() {
        return bound.getLocalPort();
    }

    /** {@code http://127.0.0.1:port}, without a path. */
    public String uri() {
        return "http://127.0.0.1:" + port();
    }

    @Override
    public void close() {
        try {
            bound.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
