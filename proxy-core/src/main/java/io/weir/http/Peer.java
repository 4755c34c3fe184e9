package io.weir.http;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * The other end of a connection.
 *
 * @param address its IP address; null for a unix-domain socket
 * @param port its port; 0 for a unix-domain socket
 */
public record Peer(@Nullable InetAddress address, int port) {
    private static final Peer UNIX = new Peer(null, 0);

    /** A peer on a unix-domain socket. */
    public static Peer unix() {
        return UNIX;
    }

    /** The address as nginx's {@code $remote_addr} shows it; {@code unix:} for a unix-domain socket. */
    public String host() {
        return address == null ? "unix:" : IpRange.format(address);
    }
}
