package io.weir.http;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** What a {@link Template} is filled from: one exchange, seen through nginx's variables. */
public interface Variables {
    /** The request as the client sent it. */
    RequestHead request();

    /** The client's address after trusted proxies, {@code $remote_addr}. */
    String clientAddress();

    /** The same as a number; null if it came over a unix-domain socket. */
    default @Nullable InetAddress client() {
        return IpRange.parseAddress(clientAddress());
    }

    /** {@code X-Forwarded-For} for the upstream: the trusted chain and the peer, {@code $proxy_add_x_forwarded_for}. */
    String forwardedFor();

    /** First name of the site, {@code $server_name}; "" if it has none. */
    String siteName();

    /** Host and port of the upstream in use, {@code $proxy_host}; "" before one is chosen. */
    String upstreamAuthority();

    /** Port of the upstream in use, {@code $proxy_port}; "" before one is chosen and for a Unix-domain socket. */
    default String upstreamPort() {
        String authority = upstreamAuthority();
        if (authority.isEmpty()) {
            return "";
        }
        int colon = authority.lastIndexOf(':');
        return colon < 0 || authority.indexOf(']', colon) >= 0 ? "80" : authority.substring(colon + 1);
    }

    /** 32 hex digits that name this exchange, {@code $request_id}. */
    String requestId();

    /** An attribute that a middleware set, such as {@code remote_user}; null if none did. */
    @Nullable
    String attribute(String name);
}
