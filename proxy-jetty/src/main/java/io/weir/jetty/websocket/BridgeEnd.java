package io.weir.jetty.websocket;

import io.weir.log.WebSocketSummary;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Frame;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.common.WebSocketSession;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.eclipse.jetty.websocket.core.CoreSession;
import org.eclipse.jetty.websocket.core.OpCode;
import org.eclipse.jetty.websocket.core.OutgoingEntry;
import org.jspecify.annotations.Nullable;

/**
 * One side of a bridge, in Jetty's terms: what comes from there is told to the bridge, frame by frame and no faster than it
 * asks for them, and what is to go there is sent. Public for Jetty alone, which calls it by reflection.
 */
public final class BridgeEnd implements Session.Listener {
    static final int BUFFER_SIZE = 16 * 1024;

    /** A larger frame comes, and goes, in pieces that are fragments. */
    private static final int LARGEST_FRAME = 64 * 1024;

    private final WebSocketBridge bridge;
    private final boolean client;
    private final AtomicInteger writing = new AtomicInteger();
    private volatile @Nullable CoreSession session;
    private volatile @Nullable Throwable cause;
    private volatile boolean asked; // for its next frame
    private volatile long bytesTaken;
    private volatile long messages;

    // Of pings; written by whoever reads frames, and by the clock.
    private volatile boolean heard;
    private volatile boolean pinged;
    private volatile long pingNumber = ThreadLocalRandom.current().nextLong();

    // Guarded by the bridge.
    private @Nullable CloseStatus closeReceived;
    private @Nullable Callback answer; // to the close frame that was received: it has Jetty say the same
    private boolean closeSent;
    private boolean closeWritten;
    private boolean answersOnceWritten;
    private boolean over;

    BridgeEnd(WebSocketBridge bridge, boolean client) {
        this.bridge = bridge;
        this.client = client;
    }

    boolean isClient() {
        return client;
    }

    boolean isOpened() {
        return session != null;
    }

    // ---- what Jetty tells ----

    @Override
    public void onWebSocketOpen(Session opened) {
        CoreSession core = ((WebSocketSession) opened).getCoreSession();
        core.setIdleTimeout(Duration.ZERO); // the bridge has clocks of its own
        core.addIdleTimeoutListener(timeout -> false); // a connector that shuts down sets one all the same
        core.setAutoFragment(true);
        core.setMaxFrameSize(LARGEST_FRAME);
        core.setInputBufferSize(BUFFER_SIZE);
        session = core;
        bridge.opened(this);
    }

    @Override
    public void onWebSocketFrame(Frame frame, Callback callback) {
        asked = false;
        bridge.active();
        if (frame.getOpCode() == OpCode.PONG && isAnswer(frame.getPayload())) {
            pinged = false;
            callback.succeed();
            ask();
            return;
        }
        heard = true;
        switch (frame.getOpCode()) {
            case OpCode.CLOSE -> {
                Frame.CloseStatus status = frame.getCloseStatus();
                bridge.closing(this, new CloseStatus(status.statusCode(), status.reason()), callback);
            }
            case OpCode.PING, OpCode.PONG -> bridge.pass(this, frame, callback);
            default -> bridge.data(this, frame, callback);
        }
    }

    @Override
    public void onWebSocketError(Throwable thrown) {
        cause = thrown;
    }

    @Override
    public void onWebSocketClose(int code, String reason, Callback callback) {
        callback.succeed();
        bridge.ended(this);
    }

    /** What went wrong with it; null if nothing did. */
    @Nullable
    Throwable cause() {
        return cause;
    }

    // ---- what the bridge has it do ----

    /** Asks for the next frame. */
    void ask() {
        CoreSession open = session;
        if (open != null) {
            asked = true;
            open.demand();
        }
    }

    /** Sends a frame of that kind; then {@code sent} runs, whether it could be or not. */
    void send(byte opcode, boolean fin, ByteBuffer payload, Runnable sent) {
        CoreSession open = session;
        if (open == null) {
            sent.run();
            return;
        }
        int size = payload.remaining();
        writing.incrementAndGet();
        open.sendFrame(new OutgoingEntry.Builder(
                        new org.eclipse.jetty.websocket.core.Frame(opcode, fin, payload),
                        org.eclipse.jetty.util.Callback.from(
                                org.eclipse.jetty.util.thread.Invocable.InvocationType.NON_BLOCKING,
                                () -> {
                                    writing.decrementAndGet();
                                    taken(opcode, size);
                                    sent.run();
                                },
                                failure -> {
                                    writing.decrementAndGet();
                                    sent.run(); // if the side is gone it says so itself
                                }))
                .build());
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // messages pass one after the other
    private void taken(byte opcode, int size) {
        if (OpCode.isDataFrame(opcode)) {
            bytesTaken += size;
        }
    }

    /** Closes in an orderly way, once. */
    void close(CloseStatus status) {
        CoreSession open = session;
        synchronized (bridge) {
            if (closeSent || open == null) {
                return;
            }
            closeSent = true;
        }
        open.sendFrame(new OutgoingEntry.Builder(
                        new CloseFrame(status),
                        org.eclipse.jetty.util.Callback.from(
                                org.eclipse.jetty.util.thread.Invocable.InvocationType.NON_BLOCKING,
                                this::closeWritten,
                                failure -> closeWritten()))
                .build());
    }

    private void closeWritten() {
        boolean late;
        synchronized (bridge) {
            closeWritten = true;
            late = answersOnceWritten;
        }
        if (late) {
            answer();
        }
    }

    /** Drops the connection. */
    void drop() {
        answer();
        CoreSession open = session;
        if (open != null) {
            open.abort();
        }
    }

    /**
     * Lets Jetty end the close that has come from there; it repeats its code unless another was sent. With both it closes the
     * connection at once, so what another thread is about to write goes first.
     */
    void answer() {
        Callback held;
        synchronized (bridge) {
            if (closeSent && !closeWritten) {
                answersOnceWritten = true;
                return;
            }
            held = answer;
            answer = null;
        }
        if (held != null) {
            held.succeed();
        }
    }

    // ---- how it closes; under the bridge's lock ----

    void closeReceived(CloseStatus status, Callback answer) {
        closeReceived = status;
        this.answer = answer;
    }

    boolean hasSentClose() {
        return closeReceived != null;
    }

    /** Whether either of the two has said that this ends. */
    boolean isClosing() {
        return closeReceived != null || closeSent;
    }

    /** It has ended; false if that was known. */
    boolean end() {
        boolean first = !over;
        over = true;
        return first;
    }

    boolean isOver() {
        return over;
    }

    // ---- pings ----

    /** Whether a ping has stayed without answer, and without anything else in its place. Looks once for each ping. */
    boolean isDead() {
        return pinged && !heard && !isBusy();
    }

    /** Pings if nothing has come since the last time. */
    void pingIfSilent() {
        boolean silent = !heard && !isBusy();
        heard = false;
        pinged = silent;
        if (silent) {
            long number = pingNumber + 1;
            pingNumber = number;
            ByteBuffer payload = ByteBuffer.allocate(Long.BYTES).putLong(0, number);
            send(OpCode.PING, true, payload, () -> {});
        }
    }

    /** Whether silence says nothing: it is not being listened to, or has yet to take what was sent before. */
    private boolean isBusy() {
        return !asked || writing.get() > 0;
    }

    private boolean isAnswer(ByteBuffer payload) {
        return pinged && payload.remaining() == Long.BYTES && payload.getLong(payload.position()) == pingNumber;
    }

    // ---- counts ----

    @SuppressWarnings("NonAtomicVolatileUpdate") // frames come one after the other
    void countMessage() {
        messages++;
    }

    long messages() {
        return messages;
    }

    /** Bytes of messages that it has taken. */
    long bytesTaken() {
        return bytesTaken;
    }

    /** The code of the close frame that came from there; null for none. */
    @Nullable
    Integer closeCode() {
        synchronized (bridge) {
            CloseStatus received = closeReceived;
            return received == null
                    ? null
                    : received.getCode() == CloseStatus.NO_CODE ? WebSocketSummary.NO_CODE : received.getCode();
        }
    }
}
