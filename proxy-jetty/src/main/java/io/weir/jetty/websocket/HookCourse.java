package io.weir.jetty.websocket;

import io.weir.body.MessageHook;
import io.weir.body.WebSocketMessage;
import io.weir.http.RequestHead;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Objects;
import java.util.concurrent.CompletionStage;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Frame;
import org.eclipse.jetty.websocket.core.OpCode;
import org.jspecify.annotations.Nullable;

/** Collects each message, shows it to a hook and sends what that one makes of it. Until then no frame is asked for. */
final class HookCourse implements Course {
    private final WebSocketBridge bridge;
    private final BridgeEnd from;
    private final BridgeEnd to;
    private final long limit;
    private final MessageHook hook;
    private final RequestHead request;
    private @Nullable ByteArrayOutputStream collected;
    private boolean text;

    HookCourse(
            WebSocketBridge bridge, BridgeEnd from, BridgeEnd to, long limit, MessageHook hook, RequestHead request) {
        this.bridge = bridge;
        this.from = from;
        this.to = to;
        this.limit = limit;
        this.hook = hook;
        this.request = request;
    }

    @Override
    public void take(Frame frame, Callback callback) {
        ByteArrayOutputStream message = collected;
        if (message == null) {
            message = new ByteArrayOutputStream(Math.max(32, frame.getPayloadLength()));
            collected = message;
            text = frame.getOpCode() == OpCode.TEXT;
        }
        boolean tooLarge = message.size() + (long) frame.getPayloadLength() > limit;
        if (!tooLarge) {
            byte[] piece = new byte[frame.getPayloadLength()];
            frame.getPayload().get(piece);
            message.writeBytes(piece);
        }
        callback.succeed();
        if (tooLarge) {
            collected = null;
            bridge.tooLarge(from);
        } else if (frame.isFin()) {
            collected = null;
            from.countMessage();
            show(message.toByteArray());
        } else {
            from.ask();
        }
    }

    private void show(byte[] payload) {
        if (text && !isUtf8(payload)) {
            bridge.notUtf8(from);
            return;
        }
        CompletionStage<@Nullable WebSocketMessage> shown;
        try {
            shown = Objects.requireNonNull(
                    hook.onMessage(WebSocketMessage.received(from.isClient(), text, payload), request),
                    "the hook returned null in place of a stage");
        } catch (RuntimeException e) {
            bridge.hookFailed(from, e);
            return;
        }
        shown.whenComplete((message, failure) -> {
            if (failure != null) {
                bridge.hookFailed(from, failure);
            } else if (message == null) {
                from.ask();
            } else {
                to.send(message.isText() ? OpCode.TEXT : OpCode.BINARY, true, message.payload(), from::ask);
            }
        });
    }

    private static boolean isUtf8(byte[] bytes) {
        try {
            StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
