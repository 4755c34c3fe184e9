package io.weir.http;

/**
 * What can go wrong with an exchange: one value for the reply, the log, a metric and {@code Proxy-Status}. Names follow
 * RFC 9209 §2.3 where it has one.
 */
public enum ProxyError {
    /** The upstream refused the connection. */
    CONNECTION_REFUSED("connection_refused", Side.UPSTREAM, 502),
    /** The upstream's host or network can't be reached, or the system refused the connection attempt. */
    DESTINATION_UNREACHABLE("destination_ip_unroutable", Side.UPSTREAM, 502),
    /** The upstream's name has no address. */
    DNS_ERROR("dns_error", Side.UPSTREAM, 502),
    /** The upstream's certificate is not trusted, or bears another name. */
    TLS_CERTIFICATE_ERROR("tls_certificate_error", Side.UPSTREAM, 502),
    /** The upstream ended the TLS handshake with an alert: it wants a client certificate, say. */
    TLS_ALERT_RECEIVED("tls_alert_received", Side.UPSTREAM, 502),
    /** The TLS handshake failed in another way. */
    TLS_PROTOCOL_ERROR("tls_protocol_error", Side.UPSTREAM, 502),
    /** The {@code connect} clock ran out. */
    CONNECTION_TIMEOUT("connection_timeout", Side.UPSTREAM, 504),
    /** The {@code send} clock ran out: the upstream took no bytes. */
    CONNECTION_WRITE_TIMEOUT("connection_write_timeout", Side.UPSTREAM, 504),
    /** The {@code read} clock ran out: the upstream sent no bytes. */
    CONNECTION_READ_TIMEOUT("connection_read_timeout", Side.UPSTREAM, 504),
    /** The {@code total}, {@code responseHead} or {@code firstByte} clock ran out. */
    RESPONSE_TIMEOUT("http_response_timeout", Side.UPSTREAM, 504),
    /** The upstream closed or reset the connection before it had answered. */
    CONNECTION_TERMINATED("connection_terminated", Side.UPSTREAM, 502),
    /** The upstream's answer broke off inside its body. */
    RESPONSE_INCOMPLETE("http_response_incomplete", Side.UPSTREAM, 502),
    /** The upstream's answer is not HTTP, or could be read in two ways. */
    PROTOCOL_ERROR("http_protocol_error", Side.UPSTREAM, 502),
    /** The upstream's head is larger than allowed. */
    RESPONSE_HEAD_TOO_LARGE("http_response_header_section_size", Side.UPSTREAM, 502),
    /** The upstream's body is longer than a transform of the route allows. */
    RESPONSE_BODY_TOO_LARGE("http_response_body_size", Side.UPSTREAM, 502),
    /** The upstream's body is not in the content coding that it claims. */
    RESPONSE_CODING("http_response_content_coding", Side.UPSTREAM, 502),
    /** The upstream switched protocols though nobody asked, or to another one. */
    UPGRADE_FAILED("http_upgrade_failed", Side.UPSTREAM, 502),
    /** The upstream answered with a status that counts as a failed attempt, and another was tried. */
    RESPONSE_UNWANTED("http_response_unwanted", Side.UPSTREAM, 502),
    /** No upstream of the pool could be tried. */
    UPSTREAM_UNAVAILABLE("destination_unavailable", Side.UPSTREAM, 502),
    /** The upstream that holds the client's session can't be tried, and the pool says that no other may. */
    SESSION_UNAVAILABLE("destination_unavailable", Side.PROXY, 503),
    /** A body transformer could not go on with an upstream's body. */
    TRANSFORM_FAILED("proxy_internal_error", Side.PROXY, 502),
    /** A limit of ours on upstream connections is reached. */
    CONNECTION_LIMIT("connection_limit_reached", Side.PROXY, 503),
    /** The proxy is stopping. */
    SHUTTING_DOWN("proxy_internal_response", Side.PROXY, 503),
    /** The proxy, or a middleware in it, failed. */
    INTERNAL_ERROR("proxy_internal_error", Side.PROXY, 500),
    /** The request could be read in two ways, or not at all. */
    BAD_REQUEST("http_request_error", Side.CLIENT, 400),
    /** No route serves this request. */
    NO_ROUTE("http_request_denied", Side.CLIENT, 404),
    /** A method that a reverse proxy does not serve. */
    METHOD_NOT_ALLOWED("http_request_error", Side.CLIENT, 405),
    /** The client sent its request too slowly. */
    REQUEST_TIMEOUT("http_request_error", Side.CLIENT, 408),
    /** The request body is larger than allowed. */
    BODY_TOO_LARGE("http_request_error", Side.CLIENT, 413),
    /** The request target is longer than allowed. */
    TARGET_TOO_LONG("http_request_error", Side.CLIENT, 414),
    /** The host is none of ours. */
    MISDIRECTED("http_request_denied", Side.CLIENT, 421),
    /** The request head is larger, or has more fields, than allowed. */
    HEAD_TOO_LARGE("http_request_error", Side.CLIENT, 431),
    /** The client took the response too slowly ({@code clientSend}). */
    CLIENT_SEND_TIMEOUT("connection_write_timeout", Side.CLIENT, 499),
    /** The client went away before it had the whole response. */
    CLIENT_GONE("connection_terminated", Side.CLIENT, 499);

    /** Whose doing an error is. */
    public enum Side {
        /** Who sent the request. */
        CLIENT,
        /** The origin server. */
        UPSTREAM,
        /** Weir itself, or its configuration. */
        PROXY
    }

    private final String token;
    private final Side side;
    private final int status;

    ProxyError(String token, Side side, int status) {
        this.token = token;
        this.side = side;
        this.status = status;
    }

    /** The error type of RFC 9209, for logs and {@code Proxy-Status}. */
    public String token() {
        return token;
    }

    /** Whose doing it is. */
    public Side side() {
        return side;
    }

    /** The status that a client gets, or that is logged where it gets none. */
    public int status() {
        return status;
    }

    /** Whether what follows on the client's connection can't be trusted or read any more. */
    public boolean closesConnection() {
        return switch (this) {
            case BAD_REQUEST,
                    REQUEST_TIMEOUT,
                    BODY_TOO_LARGE,
                    TARGET_TOO_LONG,
                    HEAD_TOO_LARGE,
                    CLIENT_GONE,
                    CLIENT_SEND_TIMEOUT -> true;
            default -> false;
        };
    }
}
