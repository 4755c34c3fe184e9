package io.weir;

import io.weir.header.Upgrades;
import io.weir.http.Headers;
import io.weir.http.Tokens;
import io.weir.route.WebSocketPolicy;
import org.jspecify.annotations.Nullable;

/** The opening handshake (RFC 6455 §4) where Weir takes part in it: as the server of the client, the client of the upstream. */
final class Handshake {
    private static final String KEY = "Sec-WebSocket-Key";
    private static final String ACCEPT = "Sec-WebSocket-Accept";
    private static final String SUBPROTOCOL = "Sec-WebSocket-Protocol";
    private static final String EXTENSIONS = "Sec-WebSocket-Extensions";

    private Handshake() {}

    /** The fields as the upstream gets them: no extensions, and only subprotocols that are allowed. */
    static Headers toUpstream(Headers headers, WebSocketPolicy policy) {
        Headers.Builder changed = headers.toBuilder().remove(EXTENSIONS);
        String offered = headers.joined(SUBPROTOCOL);
        String allowed = policy.allowedOf(offered);
        if (offered != null) {
            changed.remove(SUBPROTOCOL);
        }
        if (allowed != null) {
            changed.add(SUBPROTOCOL, allowed);
        }
        return changed.build();
    }

    /** What is wrong with the fields of a 101; null if nothing is. */
    static @Nullable String wrongIn(Headers answer, Headers asked) {
        String key = asked.get(KEY);
        if (key == null || !Upgrades.acceptFor(key).equals(answer.get(ACCEPT))) {
            return "the upstream switched protocols with another Sec-WebSocket-Accept than it had to";
        }
        if (answer.contains(EXTENSIONS)) {
            return "the upstream switched protocols with an extension that was not offered";
        }
        String chosen = answer.joined(SUBPROTOCOL);
        String offered = asked.joined(SUBPROTOCOL);
        return chosen == null || (offered != null && Tokens.split(offered).contains(chosen))
                ? null
                : "the upstream chose a subprotocol that was not offered";
    }

    /** The fields of a 101 as the client gets them, without those that whoever writes frames has to add. */
    static Headers toClient(Headers answer) {
        return answer.toBuilder()
                .remove("Connection")
                .remove("Upgrade")
                .remove(ACCEPT)
                .build();
    }
}
