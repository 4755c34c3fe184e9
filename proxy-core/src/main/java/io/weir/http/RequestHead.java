package io.weir.http;

import java.net.InetAddress;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The head of a request as the client sent it: method, target, fields, and the connection it came over. Immutable; the
 * {@code with…} methods give a changed copy.
 */
public final class RequestHead {
    private final String method;
    private final RequestPath target;
    private final String protocol;
    private final Headers headers;
    private final String scheme;
    private final @Nullable String authority;
    private final Peer peer;
    private final @Nullable InetAddress localAddress;
    private final int localPort;
    private final @Nullable TlsConnection tls;

    private RequestHead(Builder builder) {
        method = builder.method;
        target = builder.target;
        protocol = builder.protocol;
        headers = builder.headers;
        scheme = builder.scheme;
        authority = builder.authority;
        peer = builder.peer;
        localAddress = builder.localAddress;
        localPort = builder.localPort;
        tls = builder.tls;
    }

    /** Starts a head; {@code target} is in origin-form, {@code /path?query}. */
    public static Builder builder(String method, String target) {
        return new Builder(method, target);
    }

    /** A GET over plain HTTP/1.1 from 127.0.0.1 with that {@code Host}: for {@code explain} and tests. */
    public static RequestHead get(String target, String host) {
        return builder("GET", target).headers(Headers.of("Host", host)).build();
    }

    /** The method, case kept. */
    public String method() {
        return method;
    }

    /** The target in origin-form, byte for byte as sent. Of an absolute-form target the part after the authority. */
    public String rawTarget() {
        return target.raw();
    }

    /** The target in its two forms. */
    public RequestPath target() {
        return target;
    }

    /**
     * The normalised path: decoded, dots resolved, slashes merged, without the query. Rules that look at this can't be
     * walked around by another spelling.
     */
    public String path() {
        return target.normalised();
    }

    /** What stood after {@code ?}, untouched; null if there was none. */
    public @Nullable String query() {
        return target.query();
    }

    /** {@code HTTP/1.0}, {@code HTTP/1.1} or {@code HTTP/2.0}. */
    public String protocol() {
        return protocol;
    }

    /** The fields as sent. */
    public Headers headers() {
        return headers;
    }

    /** Value of the first field line of that name, or null. */
    public @Nullable String header(String name) {
        return headers.get(name);
    }

    /** Scheme of the connection, {@code http} or {@code https}. */
    public String scheme() {
        return scheme;
    }

    /**
     * The authority that the client asked for: of the target where that is in absolute-form or HTTP/2's
     * {@code :authority}, else the {@code Host} field. Port kept; null if the client named none.
     */
    public @Nullable String authority() {
        return authority != null ? authority : headers.get("Host");
    }

    /** The host of {@link #authority()} as routing wants it: lower case, without port and trailing dot; "" if none. */
    public String host() {
        String named = authority();
        return named == null ? "" : hostOf(named);
    }

    /**
     * Why this request is refused with 400, or null if it is fine: a method that is no token, a target that has a
     * {@link RequestPath#problem()}, an authority that names no host; HTTP/2 can carry any of these, and each could be
     * another request once it is written as HTTP/1.1. And a transfer coding that two parsers could take differently.
     */
    public @Nullable String problem() {
        if (!Tokens.isToken(method)) {
            return "the method is no token";
        }
        String named = authority();
        if (target.problem() != null) {
            return target.problem();
        }
        if (named != null && Authority.problem(named) != null) {
            return Authority.problem(named);
        }
        String coding = codingProblem();
        return coding != null ? coding : lengthProblem();
    }

    /** RFC 9110 §8.6. HTTP/1.1's parser has refused what is no length; HTTP/2's takes any number, a negative one for none. */
    private @Nullable String lengthProblem() {
        String length = protocol.equals("HTTP/2.0") ? headers.get("Content-Length") : null;
        if (length == null) {
            return null;
        }
        boolean digits = !length.isEmpty() && length.chars().allMatch(c -> c >= '0' && c <= '9');
        return digits ? null : "Content-Length is no length: " + length;
    }

    /**
     * RFC 9112 §6.1: HTTP/1.0 and HTTP/2 have no transfer codings; one other than chunked can neither be taken off here nor
     * passed on.
     */
    private @Nullable String codingProblem() {
        if (!headers.contains("Transfer-Encoding")) {
            return null;
        }
        List<String> codings = headers.all("Transfer-Encoding");
        boolean chunked = codings.size() == 1 && codings.get(0).equalsIgnoreCase("chunked");
        return chunked && protocol.equals("HTTP/1.1")
                ? null
                : "Transfer-Encoding in " + protocol + ": " + String.join(", ", codings);
    }

    /** The other end of the connection: the client, or the proxy in front of us. */
    public Peer peer() {
        return peer;
    }

    /** Our address on that connection; null for a unix-domain socket. */
    public @Nullable InetAddress localAddress() {
        return localAddress;
    }

    /** Our port on that connection; 0 for a unix-domain socket. */
    public int localPort() {
        return localPort;
    }

    /** What was agreed on by TLS, of our listener or of a proxy that told so; null over a plain connection. */
    public @Nullable TlsConnection tls() {
        return tls;
    }

    /** This head with all lines of that field replaced by one. */
    public RequestHead withHeader(String name, String value) {
        return withHeaders(headers.with(name, value));
    }

    /** This head without that field. */
    public RequestHead withoutHeader(String name) {
        return headers.contains(name) ? withHeaders(headers.without(name)) : this;
    }

    /** This head with other fields. */
    public RequestHead withHeaders(Headers headers) {
        return toBuilder().headers(headers).build();
    }

    /**
     * This head with another target in origin-form. Routing is not done again.
     *
     * @throws IllegalArgumentException if it is none, such as one with a space in it
     */
    public RequestHead withTarget(String target) {
        RequestHead changed = toBuilder().target(target).build();
        String problem = changed.target.problem();
        if (problem != null) {
            throw new IllegalArgumentException("target: \"" + Text.escape(target) + "\": " + problem);
        }
        return changed;
    }

    /** A builder that starts with this head. */
    public Builder toBuilder() {
        Builder builder = new Builder(method, target);
        builder.protocol = protocol;
        builder.headers = headers;
        builder.scheme = scheme;
        builder.authority = authority;
        builder.peer = peer;
        builder.localAddress = localAddress;
        builder.localPort = localPort;
        builder.tls = tls;
        return builder;
    }

    /** Method and target, made safe to print. */
    @Override
    public String toString() {
        return Text.escape(method + " " + target.raw());
    }

    /** The host of an authority: lower case, without port and one trailing dot. Not checked; see {@link #problem()}. */
    public static String hostOf(String authority) {
        return Authority.host(authority);
    }

    /** A head under construction. Defaults: HTTP/1.1, {@code http}, no fields, peer 127.0.0.1. */
    public static final class Builder {
        private static final Peer LOCAL = new Peer(InetAddress.getLoopbackAddress(), 0);

        private String method;
        private RequestPath target;
        private String protocol = "HTTP/1.1";
        private Headers headers = Headers.empty();
        private String scheme = "http";
        private @Nullable String authority;
        private Peer peer = LOCAL;
        private @Nullable InetAddress localAddress;
        private int localPort;
        private @Nullable TlsConnection tls;

        private Builder(String method, String target) {
            this(method, RequestPath.of(target));
        }

        private Builder(String method, RequestPath target) {
            this.method = method;
            this.target = target;
        }

        /** The method. */
        public Builder method(String method) {
            this.method = method;
            return this;
        }

        /** The target in origin-form. */
        public Builder target(String target) {
            this.target = RequestPath.of(target);
            return this;
        }

        /** {@code HTTP/1.0}, {@code HTTP/1.1} or {@code HTTP/2.0}. */
        public Builder protocol(String protocol) {
            this.protocol = protocol;
            return this;
        }

        /** All fields. */
        public Builder headers(Headers headers) {
            this.headers = headers;
            return this;
        }

        /** Appends a field line. */
        public Builder header(String name, String value) {
            headers = headers.toBuilder().add(name, value).build();
            return this;
        }

        /** {@code http} or {@code https}. */
        public Builder scheme(String scheme) {
            this.scheme = scheme;
            return this;
        }

        /** The authority of the target, where it has one; null to go by the {@code Host} field. */
        public Builder authority(@Nullable String authority) {
            this.authority = authority;
            return this;
        }

        /** The other end of the connection. */
        public Builder peer(Peer peer) {
            this.peer = peer;
            return this;
        }

        /**
         * The other end of the connection by its address.
         *
         * @throws IllegalArgumentException if it is no IP address
         */
        public Builder peer(String address) {
            InetAddress parsed = IpRange.parseAddress(address);
            if (parsed == null) {
                throw new IllegalArgumentException("peer: \"" + address + "\" (expected: an IP address)");
            }
            return peer(new Peer(parsed, 0));
        }

        /** Our end of the connection. */
        public Builder local(@Nullable InetAddress address, int port) {
            localAddress = address;
            localPort = port;
            return this;
        }

        /** What was agreed on by TLS; null for a plain connection. The {@link #scheme} is to be told beside it. */
        public Builder tls(@Nullable TlsConnection tls) {
            this.tls = tls;
            return this;
        }

        /** The head. */
        public RequestHead build() {
            return new RequestHead(this);
        }
    }
}
