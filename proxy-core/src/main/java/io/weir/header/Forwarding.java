package io.weir.header;

import io.weir.http.Peer;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * Who a request comes from, as far as trusted proxies vouch for it.
 *
 * @param peer the other end of the connection
 * @param peerTrusted whether the peer's forwarding fields are believed
 * @param source the field by which trusted peers say who their client is
 * @param client the client's address; null if it came over a unix-domain socket
 * @param clientAddress the same as text, {@code $remote_addr}
 * @param chain the value of {@code X-Forwarded-For} for the upstream: from the client on, the peer last; of a
 *     trusted unix-domain socket only what it vouches for, if anything
 */
public record Forwarding(
        Peer peer,
        boolean peerTrusted,
        TrustedProxies.Source source,
        @Nullable InetAddress client,
        String clientAddress,
        String chain) {

    /** Whether what that forwarding field of the peer's says is believed. */
    boolean vouchesFor(String field) {
        return peerTrusted
                && switch (source) {
                    case X_FORWARDED_FOR -> true;
                    case FORWARDED -> field.equalsIgnoreCase("Forwarded");
                    case X_REAL_IP ->
                        !field.equalsIgnoreCase("Forwarded") && !field.equalsIgnoreCase("X-Forwarded-For");
                };
    }
}
