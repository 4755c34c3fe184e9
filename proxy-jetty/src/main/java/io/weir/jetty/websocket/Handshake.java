package io.weir.jetty.websocket;

import io.weir.http.ResponseHead;
import java.net.URI;
import java.util.List;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Components;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.websocket.core.Behavior;
import org.eclipse.jetty.websocket.core.Configuration;
import org.eclipse.jetty.websocket.core.ExtensionStack;
import org.eclipse.jetty.websocket.core.Negotiated;
import org.eclipse.jetty.websocket.core.WebSocketComponents;
import org.eclipse.jetty.websocket.core.WebSocketConnection;
import org.eclipse.jetty.websocket.core.WebSocketCoreSession;
import org.eclipse.jetty.websocket.core.server.WebSocketMappings;
import org.eclipse.jetty.websocket.core.server.WebSocketNegotiator;

/** Has Jetty speak WebSocket on the two connections of a bridge. */
final class Handshake {
    /** Stands for the request's target, of which {@link URI} would not take every one that a proxy lets through. */
    private static final HttpURI ANY = HttpURI.from("http://websocket/");

    private static final String VERSION = "13";

    private Handshake() {}

    /** The upstream has switched already; {@code end} speaks to it from now on, without any extension. */
    static void asClient(EndPoint upstream, BridgeEnd end, Bridges.Machinery jetty, Components components) {
        WebSocketComponents shared = jetty.components();
        ExtensionStack none = new ExtensionStack(shared, Behavior.CLIENT);
        none.negotiate(List.of(), List.of());
        WebSocketCoreSession session = new WebSocketCoreSession(
                jetty.handlers().newJettyFrameHandler(end),
                Behavior.CLIENT,
                new Negotiated(ANY.toURI(), null, false, none, VERSION),
                shared);
        session.setInputBufferSize(BridgeEnd.BUFFER_SIZE);
        WebSocketConnection connection = new WebSocketConnection(
                upstream, components.getExecutor(), components.getScheduler(), components.getByteBufferPool(), session);
        connection.setUseInputDirectByteBuffers(true);
        connection.setUseOutputDirectByteBuffers(true);
        session.setWebSocketConnection(connection);
        upstream.upgrade(connection);
    }

    /** Answers the client; {@code end} speaks to it when the answer has left. {@code written} is told of that. */
    static void asServer(
            Request request,
            Response response,
            ResponseHead head,
            BridgeEnd end,
            Bridges.Machinery jetty,
            Callback written) {
        String subprotocol = head.header(HttpHeader.SEC_WEBSOCKET_SUBPROTOCOL.asString());
        WebSocketNegotiator negotiator = WebSocketNegotiator.from(
                (asked, answer, failed) -> {
                    if (subprotocol != null) {
                        answer.setAcceptedSubProtocol(subprotocol);
                    }
                    answer.setExtensions(List.of());
                    return end;
                },
                (socket, asked, answer) -> jetty.handlers().newJettyFrameHandler(socket));
        boolean understood = new WebSocketMappings(jetty.components())
                .upgrade(
                        negotiator,
                        new Asking(request),
                        response,
                        written,
                        new Configuration.ConfigurationCustomizer());
        if (!understood) {
            throw new IllegalStateException("Jetty does not take this for a WebSocket: " + request);
        }
    }

    /** The request as far as the handshake goes. The core has found that it is one; Jetty is stricter about the rest. */
    private static final class Asking extends Request.Wrapper {
        private final HttpFields fields;

        Asking(Request wrapped) {
            super(wrapped);
            HttpFields.Mutable relevant = HttpFields.build();
            relevant.add(HttpHeader.CONNECTION, "Upgrade").add(HttpHeader.UPGRADE, "websocket");
            for (HttpField field : wrapped.getHeaders()) {
                HttpHeader header = field.getHeader();
                if (header == HttpHeader.SEC_WEBSOCKET_KEY
                        || header == HttpHeader.SEC_WEBSOCKET_VERSION
                        || header == HttpHeader.SEC_WEBSOCKET_SUBPROTOCOL) {
                    relevant.add(field);
                }
            }
            fields = relevant.asImmutable();
        }

        @Override
        public HttpFields getHeaders() {
            return fields;
        }

        @Override
        public HttpURI getHttpURI() {
            return ANY;
        }
    }
}
