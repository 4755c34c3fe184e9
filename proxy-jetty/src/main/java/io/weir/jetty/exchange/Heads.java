package io.weir.jetty.exchange;

import io.weir.http.Headers;
import io.weir.http.Peer;
import io.weir.http.RequestHead;
import io.weir.jetty.tls.ClientTls;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.eclipse.jetty.http.HostPortHttpField;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.HostPort;
import org.jspecify.annotations.Nullable;

/** Heads in Jetty's terms and in ours. */
public final class Heads {
    /** What Jetty's parser puts where a target's bytes are no UTF-8: those bytes are lost. */
    private static final char REPLACEMENT = '\uFFFD';

    /** What Jetty has a constant for, in its usual case; Jetty's own look-up, for any case, is slower. */
    private static final Map<String, HttpHeader> KNOWN =
            Arrays.stream(HttpHeader.values()).collect(Collectors.toMap(HttpHeader::asString, Function.identity()));

    private Heads() {}

    /** The request's head. A target whose bytes did not survive becomes one that is refused. */
    public static RequestHead request(Request request) {
        ConnectionMetaData connection = request.getConnectionMetaData();
        HttpURI uri = request.getHttpURI();
        Headers.Builder headers = Headers.builder();
        HttpField host = null;
        for (HttpField field : request.getHeaders()) {
            if (host == null && field.getHeader() == HttpHeader.HOST) {
                host = field;
            }
            String value = field.getValue();
            headers.add(field.getName(), value == null ? "" : value);
        }
        boolean extended = ExtendedConnect.isOne(request);
        if (extended) {
            ExtendedConnect.complete(headers);
        }
        RequestHead.Builder head = RequestHead.builder(extended ? "GET" : request.getMethod(), target(uri))
                .protocol(connection.getProtocol())
                .headers(headers.build())
                .scheme(connection.isSecure() ? "https" : "http")
                .authority(authority(uri, host, connection))
                .peer(peer(connection.getRemoteSocketAddress()));
        if (connection.isSecure()) {
            head.tls(ClientTls.of(connection.getConnection().getEndPoint()));
        }
        if (connection.getLocalSocketAddress() instanceof InetSocketAddress local) {
            head.local(local.getAddress(), local.getPort());
        }
        return head.build();
    }

    /** The other end of the connection of that request. */
    public static Peer peer(Request request) {
        return peer(request.getConnectionMetaData().getRemoteSocketAddress());
    }

    /** Fills Jetty's response fields from ours. */
    static void fill(HttpFields.Mutable target, Headers headers) {
        target.clear();
        for (int i = 0; i < headers.size(); i++) {
            String name = headers.name(i);
            HttpHeader known = KNOWN.get(name);
            target.add(
                    known == null
                            ? new HttpField(name, headers.value(i))
                            : new HttpField(known, name, headers.value(i)));
        }
    }

    private static String target(HttpURI uri) {
        String path = uri.getPath();
        String query = uri.getQuery();
        String fragment = uri.getFragment();
        String target = path == null || path.isEmpty() ? "/" : path;
        if (query != null) {
            target = target + "?" + query;
        }
        if (fragment != null) {
            target = target + "#" + fragment;
        }
        return asBytes(target);
    }

    /** One char a byte; Jetty has read the bytes as UTF-8. */
    private static String asBytes(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == REPLACEMENT) {
                return "not-utf-8"; // lacks its slash, so it is refused
            }
            if (c >= 0x80) {
                return text.indexOf(REPLACEMENT) >= 0
                        ? "not-utf-8"
                        : new String(text.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
            }
        }
        return text;
    }

    /**
     * The authority of an absolute-form target or of HTTP/2. Jetty fills the URI from the Host field where the target has
     * none, without a default port: then the field, as it was sent, says it best, and this is null.
     */
    private static @Nullable String authority(HttpURI uri, @Nullable HttpField host, ConnectionMetaData connection) {
        String authority = uri.getAuthority();
        if (uri.getUser() != null) {
            return uri.getUser() + "@" + authority; // which the core refuses (RFC 9110 §4.2.4)
        }
        if (host == null) {
            return isOurs(uri, connection) ? null : authority;
        }
        if (authority == null || authority.equals(host.getValue())) {
            return null;
        }
        boolean same = host instanceof HostPortHttpField named
                && uri.getHost() != null
                && uri.getHost().equalsIgnoreCase(named.getHost())
                && (uri.getPort() == named.getPort() || uri.getPort() <= 0);
        return same ? null : authority;
    }

    /** Whether Jetty made up the authority of an HTTP/1.0 request, out of our end of the connection. */
    private static boolean isOurs(HttpURI uri, ConnectionMetaData connection) {
        HostPort ours = connection.getServerAuthority();
        return connection.getHttpVersion() == HttpVersion.HTTP_1_0
                && ours != null
                && ours.getHost().equals(uri.getHost())
                && ours.getPort() == uri.getPort();
    }

    private static Peer peer(SocketAddress address) {
        return address instanceof InetSocketAddress inet ? new Peer(inet.getAddress(), inet.getPort()) : Peer.unix();
    }
}
