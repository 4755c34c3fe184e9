package io.weir.http;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What was agreed on with a client that speaks TLS.
 *
 * @param protocol {@code TLSv1.3}; "" if not known
 * @param cipher the suite by its IANA name, {@code TLS_AES_128_GCM_SHA256}; "" if not known
 * @param serverName the name that the client asked for (SNI) in lower case; null if it asked for none
 * @param certificateNames the names in the certificate that it was shown, {@code a.example} or {@code *.example}, in lower
 *     case; empty if not known
 * @param client the client's own certificate; null if it has shown none
 */
public record TlsConnection(
        String protocol,
        String cipher,
        @Nullable String serverName,
        List<String> certificateNames,
        @Nullable ClientCertificate client) {

    public TlsConnection {
        certificateNames = List.copyOf(certificateNames);
    }

    /**
     * Whether a request for that host has no business on this connection: the client asked for another name by SNI, and
     * the certificate that it was shown does not vouch for the host. One certificate for several sites makes one
     * connection serve them all, which browsers use over HTTP/2 (RFC 9113 §9.1.1); 421 sends them to a connection of its
     * own.
     *
     * @param host in lower case, without port
     */
    public boolean isMisdirected(String host) {
        return serverName != null
                && !host.isEmpty()
                && !host.equals(serverName)
                && !certificateNames.isEmpty()
                && !covers(host);
    }

    /** nginx's {@code $ssl_client_verify}: {@code SUCCESS} or {@code NONE}; a bad certificate ends the handshake. */
    public String clientVerify() {
        return client == null ? "NONE" : "SUCCESS";
    }

    private boolean covers(String host) {
        for (String name : certificateNames) {
            if (vouches(name, host)) {
                return true;
            }
        }
        return false;
    }

    /**
     * Whether a name in a certificate stands for that host: equal, or {@code *.} and one label (RFC 6125 §6.4.3).
     *
     * @param name in lower case
     * @param host in lower case, without port and trailing dot
     */
    public static boolean vouches(String name, String host) {
        if (!name.startsWith("*.")) {
            return name.equals(host);
        }
        int dot = host.indexOf('.');
        return dot > 0 && host.length() - dot == name.length() - 1 && host.endsWith(name.substring(1));
    }
}
