package io.weir.jetty.websocket;

import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.websocket.common.JettyWebSocketFrameHandlerFactory;
import org.eclipse.jetty.websocket.core.WebSocketComponents;
import org.eclipse.jetty.websocket.core.server.WebSocketServerComponents;
import org.eclipse.jetty.websocket.server.ServerWebSocketContainer;
import org.jspecify.annotations.Nullable;

/** What the bridges of a server have in common: Jetty's WebSocket machinery, set up when the first of them needs it. */
public final class Bridges {
    /** Jetty's, for both sides. */
    record Machinery(
            ServerWebSocketContainer server,
            WebSocketComponents components,
            JettyWebSocketFrameHandlerFactory handlers) {}

    private @Nullable Machinery machinery;

    synchronized Machinery of(Server server) {
        Machinery known = machinery;
        if (known != null) {
            return known;
        }
        WebSocketComponents components = WebSocketServerComponents.ensureWebSocketComponents(server);
        ServerWebSocketContainer container = ServerWebSocketContainer.ensure(server);
        Machinery made =
                new Machinery(container, components, new JettyWebSocketFrameHandlerFactory(container, components));
        machinery = made;
        return made;
    }

    /** The server stops, and Jetty takes down what it had. */
    public synchronized void forget() {
        machinery = null;
    }
}
