package io.weir.jetty.websocket;

import io.weir.http.ResponseHead;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.common.JettyWebSocketFrameHandlerFactory;
import org.eclipse.jetty.websocket.core.WebSocketComponents;
import org.eclipse.jetty.websocket.core.server.WebSocketServerComponents;
import org.jspecify.annotations.Nullable;

/** What the bridges of a server have in common: Jetty's WebSocket machinery, set up when the first of them needs it. */
public final class Bridges {
    /** Jetty's, for both sides. */
    record Machinery(WebSocketComponents components, JettyWebSocketFrameHandlerFactory handlers) {}

    private @Nullable Machinery machinery;

    /** Takes an upstream's end point, whose protocol has been switched, as one side of that bridge. */
    public void openUpstream(WebSocketBridge bridge, EndPoint endPoint, Request request) {
        Handshake.asClient(endPoint, bridge.upstream(), of(request), request.getComponents());
    }

    /**
     * Answers the client, which becomes the other side. The fields of the answer are in the response already.
     *
     * @param written is told when the answer has left
     */
    public void openClient(
            WebSocketBridge bridge, Request request, Response response, ResponseHead head, Callback written) {
        Handshake.asServer(request, response, head, bridge.client(), of(request), written);
    }

    private Machinery of(Request request) {
        return of(request.getConnectionMetaData().getConnector().getServer());
    }

    private synchronized Machinery of(Server server) {
        Machinery known = machinery;
        if (known != null) {
            return known;
        }
        WebSocketComponents components = WebSocketServerComponents.ensureWebSocketComponents(server);
        Untracked container = new Untracked(components.getExecutor());
        Machinery made = new Machinery(components, new JettyWebSocketFrameHandlerFactory(container, components));
        machinery = made;
        return made;
    }

    /** The server stops, and Jetty takes down what it had. */
    public synchronized void forget() {
        machinery = null;
    }
}
