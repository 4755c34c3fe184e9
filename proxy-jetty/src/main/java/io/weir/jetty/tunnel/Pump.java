package io.weir.jetty.tunnel;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.ThreadLocalRandom;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.EofException;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.IteratingCallback;
import org.jspecify.annotations.Nullable;

/**
 * Passes bytes on in one direction, a buffer at a time: the next is read when the last has been taken, so a side that takes
 * nothing holds the other back. While it waits for bytes it holds no buffer.
 *
 * <p>Of a WebSocket it can take leave: when the frame that is passing has ended it sends a close frame of its own, after
 * which nothing else may follow (RFC 6455 §5.5.1). What still comes is read, so that the other end's close is seen, and
 * dropped.
 */
final class Pump extends IteratingCallback {
    private static final int BUFFER_SIZE = 16 * 1024;
    private static final int GOING_AWAY = 1001;

    private final Tunnel tunnel;
    private final Leg from;
    private final Leg to;
    private final ByteBufferPool buffers;
    private final @Nullable FrameFollower frames;
    private final Callback fillable = new Fillable();

    private RetainableByteBuffer.@Nullable Mutable buffer;
    private @Nullable ByteBuffer passing; // the buffer's bytes, or those that came early
    private int end; // of what is passing
    private int writing;
    private boolean reading;
    private boolean leaveTaken;
    private volatile boolean waiting;
    private volatile @Nullable Throwable broken;
    private volatile boolean closePassed;
    private volatile long bytes;

    /** @param frames follows what passes; null if it is no WebSocket */
    Pump(Tunnel tunnel, Leg from, Leg to, ByteBufferPool buffers, @Nullable FrameFollower frames) {
        this.tunnel = tunnel;
        this.from = from;
        this.to = to;
        this.buffers = buffers;
        this.frames = frames;
    }

    /** How many bytes have been taken at the far end. */
    long bytes() {
        return bytes;
    }

    @Nullable
    FrameFollower frames() {
        return frames;
    }

    /** Whether the side that this one reads has sent a close frame. */
    boolean hasSeenClose() {
        return frames != null && frames.closeCode() != null;
    }

    /** Whether the close frame of the side that this one reads has been taken at the far end, or dropped. */
    boolean hasClosePassed() {
        return closePassed;
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    @Override
    protected Action process() throws IOException {
        while (true) {
            if (frames != null && tunnel.isGoingAway()) {
                if (tunnel.hasCloseBothWays()) {
                    tunnel.closed();
                    return Action.SUCCEEDED;
                }
                if (!leaveTaken && frames.isBetweenFrames() && !tunnel.isClosing()) {
                    leaveTaken = true;
                    return write(closeFrame(), 0);
                }
            }
            ByteBuffer next = passing;
            if (next == null) {
                Action none = fill();
                if (none != null) {
                    return none;
                }
                continue;
            }
            int count = follow(next);
            if (!leaveTaken) {
                tunnel.active();
                next.limit(next.position() + count);
                return write(next, count);
            }
            passed();
            release();
        }
    }

    /** Has the next bytes passing; otherwise says what to do. */
    private @Nullable Action fill() throws IOException {
        reading = true;
        Throwable failure = broken;
        if (failure != null) {
            throw new IOException(failure);
        }
        if (waiting) {
            return Action.IDLE;
        }
        ByteBuffer early = from.takeEarly();
        if (early != null && early.hasRemaining()) {
            begin(early);
            return null;
        }
        RetainableByteBuffer.Mutable target = buffers.acquire(BUFFER_SIZE, true);
        buffer = target;
        int filled = from.getEndPoint().fill(target.getByteBuffer());
        if (filled > 0) {
            begin(target.getByteBuffer());
            return null;
        }
        release();
        if (filled == 0) {
            waiting = true;
            from.getEndPoint().fillInterested(fillable);
            return Action.IDLE;
        }
        if (from.wasReset()) {
            throw new EofException("reset");
        }
        if (tunnel.goesOn()) {
            to.getEndPoint().shutdownOutput();
        }
        return Action.SUCCEEDED;
    }

    private void begin(ByteBuffer some) {
        passing = some;
        end = some.limit();
    }

    /** How many of these bytes may be passed on at once. */
    private int follow(ByteBuffer some) {
        return frames == null ? some.remaining() : frames.follow(some, tunnel.isGoingAway() && !leaveTaken);
    }

    private Action write(ByteBuffer some, int count) {
        reading = false;
        writing = count;
        to.getEndPoint().write(this, some);
        return Action.SCHEDULED;
    }

    @Override
    protected void onSuccess() {
        int written = writing;
        writing = 0;
        if (written == 0) {
            return;
        }
        tunnel.active();
        bytes += written; // no two threads are here at a time
        passed();
        ByteBuffer some = passing;
        if (some != null && some.limit() < end) {
            some.position(some.limit()).limit(end); // a frame has ended here, and leave is to be taken
        } else {
            release();
        }
    }

    private void passed() {
        closePassed = hasSeenClose();
    }

    @Override
    protected void onCompleteFailure(Throwable cause) {
        release();
        Throwable failure = broken;
        tunnel.broke(reading ? from : to, failure == null ? cause : failure);
    }

    private void release() {
        passing = null;
        RetainableByteBuffer released = buffer;
        buffer = null;
        if (released != null) {
            released.release();
        }
    }

    /** Clients mask what they send (RFC 6455 §5.3); this is one to the upstream. */
    private ByteBuffer closeFrame() {
        if (to.isClient()) {
            return ByteBuffer.wrap(new byte[] {(byte) 0x88, 2, GOING_AWAY >> 8, (byte) GOING_AWAY});
        }
        int mask = ThreadLocalRandom.current().nextInt();
        ByteBuffer frame = ByteBuffer.allocate(8).put((byte) 0x88).put((byte) 0x82);
        frame.putInt(mask).putShort((short) (GOING_AWAY ^ mask >>> 16));
        return frame.flip();
    }

    /** There are bytes, or the end. It does not end the iteration, as this pump's own callback would. */
    private final class Fillable implements Callback {
        @Override
        public void succeeded() {
            waiting = false;
            iterate();
        }

        @Override
        public void failed(Throwable cause) {
            broken = cause;
            waiting = false;
            iterate();
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }
}
