package io.weir.jetty;

import io.weir.header.TrustedProxies;
import io.weir.http.IpRange;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where a server listens, and how connections begin there: one {@code listen} of nginx. Immutable; each step gives a new
 * value.
 *
 * <pre>{@code
 * JettyProxyServer.builder(config)
 *         .listen(Listener.on(8443).tls(Tls.pem(chain, key)).proxyProtocol("10.0.0.0/8"))
 * }</pre>
 */
public final class Listener {
    private final @Nullable String host;
    private final int port;
    private final @Nullable Path socket;
    private final Set<PosixFilePermission> permissions;
    private final @Nullable Tls tls;
    private final @Nullable TrustedProxies senders;
    private final int maxConnections;

    private Listener(
            @Nullable String host,
            int port,
            @Nullable Path socket,
            Set<PosixFilePermission> permissions,
            @Nullable Tls tls,
            @Nullable TrustedProxies senders,
            int maxConnections) {
        this.host = host;
        this.port = port;
        this.socket = socket;
        this.permissions = permissions;
        this.tls = tls;
        this.senders = senders;
        this.maxConnections = maxConnections;
    }

    /** That port of every interface, IPv4 and, where the system has it, IPv6; 0 for any free one. */
    public static Listener on(int port) {
        return new Listener(null, checked(port), null, Set.of(), null, null, 0);
    }

    /**
     * That port of one interface.
     *
     * @param host an address, {@code 127.0.0.1} or {@code ::1}, or a name that has one; {@code 0.0.0.0} for every interface
     *     by IPv4 alone
     */
    public static Listener on(String host, int port) {
        boolean bracketed = host.startsWith("[") && host.endsWith("]");
        return new Listener(
                bracketed ? host.substring(1, host.length() - 1) : host, checked(port), null, Set.of(), null, null, 0);
    }

    /** That address. */
    public static Listener on(InetSocketAddress address) {
        InetAddress resolved = address.getAddress();
        return on(resolved == null ? address.getHostString() : IpRange.format(resolved), address.getPort());
    }

    /** A Unix-domain socket, for the server's user and group: {@code rw-rw----}. */
    public static Listener unix(Path socket) {
        return unix(socket, "rw-rw----");
    }

    /**
     * A Unix-domain socket. A file that was left over is replaced, one on which somebody listens is not; it is removed when
     * the server stops. Who may write to it may connect.
     *
     * @param permissions of its file, as {@code ls} shows them: {@code rw-rw----}
     * @throws IllegalArgumentException if the permissions are none
     */
    public static Listener unix(Path socket, String permissions) {
        Set<PosixFilePermission> parsed;
        try {
            parsed = PosixFilePermissions.fromString(permissions);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "unix: permissions \"" + permissions + "\" (expected: such as \"rw-rw----\")", e);
        }
        return new Listener(null, 0, socket, parsed, null, null, 0);
    }

    /** The same over TLS, on a socket of either kind. */
    public Listener tls(Tls tls) {
        return new Listener(host, port, socket, permissions, tls, senders, maxConnections);
    }

    /**
     * Each connection begins with a PROXY header, version 1 or 2, which says whose it is (nginx {@code proxy_protocol}). The
     * address in it takes the place of the peer's, and what it says of TLS that of the connection's. Others than those
     * senders are closed, and so are connections without a header.
     *
     * @param senders addresses, CIDR blocks, {@code unix:}
     * @throws IllegalArgumentException if there is none, or one is neither
     */
    public Listener proxyProtocol(String... senders) {
        if (senders.length == 0) {
            throw new IllegalArgumentException(
                    "proxyProtocol: from nobody (expected: the addresses of the proxies in front, such as 10.0.0.0/8)");
        }
        return new Listener(host, port, socket, permissions, tls, TrustedProxies.of(senders), maxConnections);
    }

    /**
     * How many connections it has at once, whatever {@link JettyProxyServer.Builder#maxConnections} says for all. Further
     * ones are not accepted: they wait in the system's queue until another closes.
     *
     * @throws IllegalArgumentException if that is less than one
     */
    public Listener maxConnections(int connections) {
        return new Listener(host, port, socket, permissions, tls, senders, checkedLimit(connections));
    }

    @Nullable
    String host() {
        return host;
    }

    int port() {
        return port;
    }

    @Nullable
    Path socket() {
        return socket;
    }

    Set<PosixFilePermission> permissions() {
        return permissions;
    }

    @Nullable
    Tls tls() {
        return tls;
    }

    @Nullable
    TrustedProxies senders() {
        return senders;
    }

    /** Zero if it was not said. */
    int maxConnections() {
        return maxConnections;
    }

    /** Where it listens, and how. */
    @Override
    public String toString() {
        String shown = host == null ? "*" : host.indexOf(':') < 0 ? host : "[" + host + "]";
        return (socket == null ? shown + ":" + port : "unix:" + socket)
                + (tls == null ? "" : " (" + tls + ")")
                + (senders == null ? "" : " (PROXY protocol)");
    }

    private static int checked(int port) {
        if (port < 0 || port > 65535) {
            throw new IllegalArgumentException("listen: port " + port + " (expected: 0..65535)");
        }
        return port;
    }

    static int checkedLimit(int connections) {
        if (connections < 1) {
            throw new IllegalArgumentException("maxConnections: " + connections + " (expected: >= 1)");
        }
        return connections;
    }
}
