package io.weir.body;

import io.weir.http.RequestHead;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Sees each message of a WebSocket whole, before the other side does, and says what becomes of it. */
@FunctionalInterface
public interface MessageHook {
    /**
     * What goes on in place of that message: the message itself, another one, or null for none. Must not block: what takes
     * time completes its stage later. Until then nothing more is read from that side of that WebSocket, so a slow hook holds
     * the sender back and needs no queue; the other direction goes on, and calls of both may overlap. A hook that throws,
     * or whose stage fails, ends the WebSocket with 1011.
     *
     * @param request the request that opened the WebSocket, as the client sent it
     */
    CompletionStage<@Nullable WebSocketMessage> onMessage(WebSocketMessage message, RequestHead request);

    /** One that knows the answer at once: the message, another one, or null for none. */
    static MessageHook of(Function<WebSocketMessage, @Nullable WebSocketMessage> hook) {
        return (message, request) -> CompletableFuture.completedFuture(hook.apply(message));
    }
}
