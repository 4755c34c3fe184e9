package io.weir.log;

import org.jspecify.annotations.Nullable;

/**
 * What passed through a WebSocket, counted by its frames as they came from either side.
 *
 * @param messagesFromClient whole text and binary messages of the client
 * @param messagesFromUpstream whole text and binary messages of the upstream
 * @param clientClose the code of the client's close frame: {@value #NO_CODE} for one without a code, null if it sent none
 *     before its connection ended (what APIs report as 1006)
 * @param upstreamClose the same of the upstream
 */
public record WebSocketSummary(
        long messagesFromClient,
        long messagesFromUpstream,
        @Nullable Integer clientClose,
        @Nullable Integer upstreamClose) {
    /** Stands for a close frame that has no code (RFC 6455 §7.1.5). */
    public static final int NO_CODE = 1005;
}
