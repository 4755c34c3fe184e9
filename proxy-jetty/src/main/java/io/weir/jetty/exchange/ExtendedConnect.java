package io.weir.jetty.exchange;

import io.weir.http.Headers;
import java.util.Base64;
import java.util.concurrent.ThreadLocalRandom;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.TunnelSupport;

/**
 * A WebSocket over HTTP/2 (RFC 8441): the client sends a CONNECT with {@code :protocol}, where over HTTP/1.1 it sends a GET
 * with {@code Upgrade}. The core and upstreams see the latter.
 */
final class ExtendedConnect {
    private ExtendedConnect() {}

    /** Whether the request is one for a WebSocket. */
    static boolean isOne(Request request) {
        if (!request.getMethod().equals("CONNECT")
                || request.getConnectionMetaData().getHttpVersion() != HttpVersion.HTTP_2) {
            return false;
        }
        TunnelSupport tunnel = request.getTunnelSupport();
        return tunnel != null && "websocket".equalsIgnoreCase(tunnel.getProtocol());
    }

    /** Adds what a GET over HTTP/1.1 has and this does not. */
    static void complete(Headers.Builder headers) {
        byte[] key = new byte[16];
        ThreadLocalRandom.current().nextBytes(key); // against caches, not against people (RFC 6455 §10.3)
        headers.remove("Sec-WebSocket-Key")
                .add("Connection", "Upgrade")
                .add("Upgrade", "websocket")
                .add("Sec-WebSocket-Key", Base64.getEncoder().encodeToString(key));
    }

    /** The fields that tell the client of a 101. */
    static Headers accepted(Headers switched) {
        return switched.toBuilder()
                .remove("Connection")
                .remove("Upgrade")
                .remove("Sec-WebSocket-Accept")
                .build();
    }

    /** The status of an answer that opens no tunnel, which is what any 2xx would say. */
    static int refusal(int status) {
        return status / 100 == 2 ? 501 : status;
    }
}
