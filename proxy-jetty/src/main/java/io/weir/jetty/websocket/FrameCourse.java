package io.weir.jetty.websocket;

import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Frame;

/** Passes messages on frame by frame, however large they are. The next is asked for when the last has been taken. */
final class FrameCourse implements Course {
    private final WebSocketBridge bridge;
    private final BridgeEnd from;
    private final BridgeEnd to;
    private final long limit;
    private long size;

    FrameCourse(WebSocketBridge bridge, BridgeEnd from, BridgeEnd to, long limit) {
        this.bridge = bridge;
        this.from = from;
        this.to = to;
        this.limit = limit;
    }

    @Override
    public void take(Frame frame, Callback callback) {
        size += frame.getPayloadLength();
        if (size > limit) {
            callback.succeed();
            bridge.tooLarge(from);
            return;
        }
        if (frame.isFin()) {
            size = 0;
            from.countMessage();
        }
        to.send(frame.getOpCode(), frame.isFin(), frame.getPayload(), () -> {
            callback.succeed();
            from.ask();
        });
    }
}
