package io.weir.jetty.tunnel;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.eclipse.jetty.util.IteratingCallback;
import org.jspecify.annotations.Nullable;

/**
 * Passes bytes on in one direction, a buffer at a time: the next is read when the last has been taken, so a side that takes
 * nothing holds the other back. While it waits for bytes it holds no buffer.
 */
final class Pump extends IteratingCallback {
    private static final int BUFFER_SIZE = 16 * 1024;

    private final Tunnel tunnel;
    private final Leg from;
    private final Leg to;
    private final ByteBufferPool buffers;
    private RetainableByteBuffer.@Nullable Mutable buffer;
    private int writing;
    private boolean reading;
    private volatile long bytes;

    Pump(Tunnel tunnel, Leg from, Leg to, ByteBufferPool buffers) {
        this.tunnel = tunnel;
        this.from = from;
        this.to = to;
        this.buffers = buffers;
    }

    /** How many bytes have been taken at the far end. */
    long bytes() {
        return bytes;
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    @Override
    protected Action process() throws IOException {
        ByteBuffer early = from.takeEarly();
        if (early != null) {
            return write(early);
        }
        reading = true;
        RetainableByteBuffer.Mutable target = buffers.acquire(BUFFER_SIZE, true);
        buffer = target;
        int filled = from.getEndPoint().fill(target.getByteBuffer());
        if (filled > 0) {
            return write(target.getByteBuffer());
        }
        release();
        if (filled == 0) {
            from.getEndPoint().fillInterested(this);
            return Action.SCHEDULED;
        }
        if (from.wasReset()) {
            throw new EofException("reset");
        }
        if (tunnel.goesOn()) {
            to.getEndPoint().shutdownOutput();
        }
        return Action.SUCCEEDED;
    }

    private Action write(ByteBuffer some) {
        reading = false;
        tunnel.active();
        writing = some.remaining();
        to.getEndPoint().write(this, some);
        return Action.SCHEDULED;
    }

    @Override
    protected void onSuccess() {
        release();
        if (writing > 0) {
            tunnel.active();
            bytes += writing; // no two threads are here at a time
            writing = 0;
        }
    }

    @Override
    protected void onCompleteFailure(Throwable cause) {
        release();
        tunnel.broke(reading ? from : to, cause);
    }

    private void release() {
        RetainableByteBuffer released = buffer;
        buffer = null;
        if (released != null) {
            released.release();
        }
    }
}
