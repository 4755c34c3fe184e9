package io.weir.jetty.tunnel;

import io.weir.log.WebSocketSummary;
import org.jspecify.annotations.Nullable;

/** What connects a client and an upstream whose connections have been switched to another protocol. Thread-safe. */
public interface Passage {
    /** Is told how it ends: one of these, once, unless {@link #close} was first. */
    interface Listener {
        /** Both sides have ended. */
        void closed();

        /** A side has broken, the client's or else the upstream's. */
        void broke(boolean byClient, Throwable cause);

        /** It has been silent for too long. */
        void expired();
    }

    /** Bytes that the client has taken. */
    long bytesToClient();

    /** Whether the client's end point has been taken over: from then on closing this is all that ends it. */
    boolean hasClient();

    /** What has passed so far; null if it is no WebSocket. */
    @Nullable
    WebSocketSummary webSocket();

    /** Tells both ends of a WebSocket that this one is going away (1001), so that they close. Others are left alone. */
    void goAway();

    /** Closes both sides, save one that has not been taken over; the listener is not told. */
    void close();
}
