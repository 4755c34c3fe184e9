package io.weir.jetty.server;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.util.BufferUtil;
import org.jspecify.annotations.Nullable;

/**
 * What a channel has to say, some of which may be looked at before it is read.
 *
 * <p>Whoever reads gets every byte once and in order, also when another thread peeks at that moment. Buffers are in
 * flush mode. Calls no foreign code.
 */
final class PeekableInput {
    private final SocketChannel channel;
    private final int limit;
    private volatile boolean reset;
    private @Nullable ByteBuffer peeked; // null rather than empty: most clients are never peeked at

    /** Peeks at no more than the given number of bytes. */
    PeekableInput(SocketChannel channel, int limit) {
        this.channel = channel;
        this.limit = limit;
    }

    /** Reads ahead what there is room for: returns how many bytes that were, or -1 at the end. */
    synchronized int peek() {
        ByteBuffer into = peeked == null ? BufferUtil.allocate(limit) : peeked;
        int read = readChannel(into);
        peeked = into.hasRemaining() ? into : null;
        return read;
    }

    synchronized int peekedBytes() {
        return peeked == null ? 0 : peeked.remaining();
    }

    boolean hasRoom() {
        return peekedBytes() < limit;
    }

    /** Fills in the peeked bytes only: returns how many, which may be none. */
    synchronized int takePeeked(ByteBuffer into) {
        if (peeked == null) {
            return 0;
        }
        int taken = BufferUtil.append(into, peeked);
        if (!peeked.hasRemaining()) {
            peeked = null;
        }
        return taken;
    }

    /** Fills in the peeked bytes, or if there are none what the channel has: returns how many, or -1 at the end. */
    synchronized int read(ByteBuffer into) {
        return peeked == null ? readChannel(into) : takePeeked(into);
    }

    /** Whether the end that was read was no orderly one. */
    boolean wasReset() {
        return reset;
    }

    // A reset ends the stream as a FIN does: so says Jetty's SocketChannelEndPoint.
    private int readChannel(ByteBuffer into) {
        int position = BufferUtil.flipToFill(into);
        try {
            return channel.read(into);
        } catch (IOException x) {
            reset = true;
            return -1;
        } finally {
            BufferUtil.flipToFlush(into, position);
        }
    }
}
