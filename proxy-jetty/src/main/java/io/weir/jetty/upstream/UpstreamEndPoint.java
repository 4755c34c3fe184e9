package io.weir.jetty.upstream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * An upstream's socket. Jetty's own end point takes a reset, and a close on this side, for the orderly end of the stream: a
 * body that lasts until the connection closes would look whole when it is not. This one tells them apart, and remembers how
 * far writing has come.
 */
final class UpstreamEndPoint extends SocketChannelEndPoint {
    private final ManagedSelector selector;
    private volatile boolean atEnd;
    private volatile long flushed;

    UpstreamEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key, Scheduler scheduler) {
        super(channel, selector, key, scheduler);
        this.selector = selector;
    }

    /** The selector on whose thread its events come. */
    ManagedSelector selector() {
        return selector;
    }

    /** Bytes that the kernel has taken since the connection was opened. */
    long flushed() {
        return flushed;
    }

    /**
     * Reads what is there: 0 if nothing is, −1 at the end.
     *
     * @throws IOException if the upstream reset the connection, or this side has closed it
     */
    @Override
    public int fill(ByteBuffer buffer) throws IOException {
        if (atEnd) {
            return -1;
        }
        if (isInputShutdown()) {
            throw new ClosedChannelException();
        }
        int position = BufferUtil.flipToFill(buffer);
        try {
            int filled = getChannel().read(buffer);
            if (filled < 0) {
                atEnd = true;
                shutdownInput();
            }
            return filled;
        } finally {
            BufferUtil.flipToFlush(buffer, position);
        }
    }

    @Override
    public void notIdle() {
        if (getIdleTimeout() > 0) { // HTTP/1.1 has clocks of its own
            super.notIdle();
        }
    }

    @Override
    public boolean flush(ByteBuffer... buffers) throws IOException {
        long written;
        try {
            written = buffers.length == 1
                    ? getChannel().write(buffers[0])
                    : getChannel().write(buffers);
        } catch (IOException e) {
            throw new EofException(e);
        }
        if (written > 0) {
            flushed += written; // only one write runs at a time
        }
        return BufferUtil.isEmpty(buffers);
    }
}
