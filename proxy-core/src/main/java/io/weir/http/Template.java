package io.weir.http;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Text with nginx's variables: {@code "$scheme://$host$request_uri"}, {@code "${host}-a"}. Parsed once; an unknown
 * variable is refused then. Names ignore case. A variable without a value renders as nothing.
 *
 * <p>Known: {@code $host $http_host $http_NAME $cookie_NAME $arg_NAME $args $query_string $is_args $uri $document_uri
 * $request_uri $request $request_method $request_id $scheme $https $remote_addr $remote_port $realip_remote_addr
 * $remote_user $server_addr $server_port $server_name $server_protocol $content_type $content_length $proxy_host
 * $proxy_port $proxy_add_x_forwarded_for $limit_req_status $limit_conn_status}, each with nginx's meaning;
 * {@code $proxy_add_x_forwarded_for} holds only what trusted proxies vouch for, and {@code $remote_user} only who a
 * middleware let in by name (of a password or a key), while nginx's is any name in {@code Authorization: Basic}. Of TLS
 * {@code $ssl_protocol $ssl_cipher $ssl_server_name $ssl_client_verify $ssl_client_s_dn $ssl_client_i_dn
 * $ssl_client_serial $ssl_client_fingerprint}, the cipher by its IANA name, and beside nginx's {@code $ssl_client_fingerprint_sha256}. A field or cookie that came in
 * several lines is joined; {@code _} in {@code $http_NAME} stands for {@code -}.
 * {@code $uri} with a control character in it (a decoded {@code %0A}) is percent-encoded again.
 */
public final class Template {
    private static final Map<String, Function<Variables, @Nullable String>> VARIABLES = variables();

    private final String text;
    private final List<Function<Variables, @Nullable String>> parts;
    private final @Nullable String constant;

    private Template(String text, List<Function<Variables, @Nullable String>> parts, @Nullable String constant) {
        this.text = text;
        this.parts = parts;
        this.constant = constant;
    }

    /**
     * Reads a template.
     *
     * @throws IllegalArgumentException for an unknown variable or a {@code $} that starts none
     */
    public static Template parse(String text) {
        if (text.indexOf('$') < 0) {
            return new Template(text, List.of(), text);
        }
        List<Function<Variables, @Nullable String>> parts = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int dollar = text.indexOf('$', at);
            int literalEnd = dollar < 0 ? text.length() : dollar;
            if (literalEnd > at) {
                String literal = text.substring(at, literalEnd);
                parts.add(v -> literal);
            }
            if (dollar < 0) {
                break;
            }
            boolean braced = dollar + 1 < text.length() && text.charAt(dollar + 1) == '{';
            int from = braced ? dollar + 2 : dollar + 1;
            int to = from;
            while (to < text.length() && isNameChar(text.charAt(to))) to++;
            if (to == from || (braced && (to == text.length() || text.charAt(to) != '}'))) {
                throw new IllegalArgumentException("template \"" + Text.escape(text) + "\": \"$\" at " + dollar
                        + " starts no variable (expected: $name or ${name})");
            }
            parts.add(variable(text, text.substring(from, to)));
            at = braced ? to + 1 : to;
        }
        return new Template(text, List.copyOf(parts), null);
    }

    /** The text with every variable replaced by its value. */
    public String render(Variables variables) {
        if (constant != null) {
            return constant;
        }
        if (parts.size() == 1) {
            String only = parts.get(0).apply(variables);
            return only == null ? "" : only;
        }
        StringBuilder rendered = new StringBuilder(64);
        for (Function<Variables, @Nullable String> part : parts) {
            String value = part.apply(variables);
            if (value != null) {
                rendered.append(value);
            }
        }
        return rendered.toString();
    }

    /**
     * As {@link #render}, but null if the template is one variable and that has no value: for who tells an empty value from
     * none.
     */
    public @Nullable String valueOrNull(Variables variables) {
        return constant == null && parts.size() == 1 ? parts.get(0).apply(variables) : render(variables);
    }

    /** The names of the variables that templates know, without {@code $}; those made of a field's name left out. */
    public static Set<String> variableNames() {
        return VARIABLES.keySet();
    }

    /** Whether there is no variable in it. */
    public boolean isConstant() {
        return constant != null;
    }

    /** The text as it was given. */
    @Override
    public String toString() {
        return text;
    }

    private static Function<Variables, @Nullable String> variable(String text, String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        Function<Variables, @Nullable String> known = VARIABLES.get(lower);
        if (known != null) {
            return known;
        }
        if (lower.startsWith("http_") && name.length() > 5) {
            String field = name.substring(5).replace('_', '-');
            return v -> v.request().headers().joined(field);
        }
        if (lower.startsWith("arg_") && name.length() > 4) {
            String argument = name.substring(4);
            return v -> Queries.first(v.request().query(), argument);
        }
        if (lower.startsWith("cookie_") && name.length() > 7) {
            String cookie = name.substring(7);
            return v -> Cookies.first(v.request().headers(), cookie);
        }
        throw new IllegalArgumentException("template \"" + Text.escape(text) + "\": unknown variable $" + name
                + " (known: $" + String.join(" $", VARIABLES.keySet()) + ", $http_NAME, $arg_NAME, $cookie_NAME)");
    }

    private static Map<String, Function<Variables, @Nullable String>> variables() {
        Map<String, Function<Variables, @Nullable String>> known = new TreeMap<>();
        known.put("args", v -> v.request().query());
        known.put("content_length", v -> v.request().header("Content-Length"));
        known.put("content_type", v -> v.request().header("Content-Type"));
        known.put("document_uri", Template::path);
        known.put("host", Template::host);
        known.put("http_host", v -> v.request().authority());
        known.put("https", v -> v.request().scheme().equals("https") ? "on" : "");
        known.put(
                "is_args",
                v -> v.request().query() == null || v.request().query().isEmpty() ? "" : "?");
        known.put("limit_conn_status", v -> v.attribute("limit_conn_status"));
        known.put("limit_req_status", v -> v.attribute("limit_req_status"));
        known.put("proxy_add_x_forwarded_for", Variables::forwardedFor);
        known.put("proxy_host", Variables::upstreamAuthority);
        known.put("proxy_port", Variables::upstreamPort);
        known.put("query_string", v -> v.request().query());
        known.put("realip_remote_addr", v -> v.request().peer().host());
        known.put("remote_addr", Variables::clientAddress);
        known.put("remote_port", v -> port(v.request().peer().port()));
        known.put("remote_user", v -> v.attribute("remote_user"));
        known.put("request", Template::requestLine);
        known.put("request_id", Variables::requestId);
        known.put("request_method", v -> v.request().method());
        known.put("request_uri", v -> v.request().rawTarget());
        known.put("scheme", v -> v.request().scheme());
        known.put("server_addr", v -> {
            var address = v.request().localAddress();
            return address == null ? "unix:" : IpRange.format(address);
        });
        known.put("server_name", Variables::siteName);
        known.put("server_port", v -> port(v.request().localPort()));
        known.put("server_protocol", v -> v.request().protocol());
        known.put("ssl_cipher", v -> ofTls(v, TlsConnection::cipher));
        known.put("ssl_client_fingerprint", v -> ofClient(v, ClientCertificate::fingerprint));
        known.put("ssl_client_fingerprint_sha256", v -> ofClient(v, ClientCertificate::sha256));
        known.put("ssl_client_i_dn", v -> ofClient(v, ClientCertificate::issuer));
        known.put("ssl_client_s_dn", v -> ofClient(v, ClientCertificate::subject));
        known.put("ssl_client_serial", v -> ofClient(v, ClientCertificate::serial));
        known.put("ssl_client_verify", v -> ofTls(v, TlsConnection::clientVerify));
        known.put("ssl_protocol", v -> ofTls(v, TlsConnection::protocol));
        known.put("ssl_server_name", v -> ofTls(v, TlsConnection::serverName));
        known.put("uri", Template::path);
        return known;
    }

    private static @Nullable String ofTls(Variables v, Function<TlsConnection, @Nullable String> value) {
        TlsConnection tls = v.request().tls();
        return tls == null ? null : value.apply(tls);
    }

    private static @Nullable String ofClient(Variables v, Function<ClientCertificate, String> value) {
        TlsConnection tls = v.request().tls();
        return tls == null || tls.client() == null ? null : value.apply(tls.client());
    }

    private static String host(Variables v) {
        String host = v.request().host();
        return host.isEmpty() ? v.siteName() : host;
    }

    /** The normalised path. It was decoded, so a control character in it could split a message: those stay encoded. */
    private static String path(Variables v) {
        String path = v.request().path();
        for (int i = 0; i < path.length(); i++) {
            if (path.charAt(i) < ' ') {
                return RequestPath.escape(path);
            }
        }
        return path;
    }

    private static String requestLine(Variables v) {
        RequestHead request = v.request();
        return request.method() + " " + request.rawTarget() + " " + request.protocol();
    }

    /** nginx shows no port for a unix-domain socket. */
    private static String port(int port) {
        return port == 0 ? "" : Integer.toString(port);
    }

    private static boolean isNameChar(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
    }
}
