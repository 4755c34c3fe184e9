package io.weir.upstream;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The URL of an upstream, taken apart.
 *
 * @param text as given
 * @param secure whether TLS is spoken
 * @param host name or address, an IPv6 address in brackets; {@code localhost} for a socket in the file system, as in nginx
 * @param port TCP port; 0 for a socket in the file system
 * @param socket path of a socket in the file system; null for TCP
 * @param path path part, "" if there is none
 */
record UpstreamUrl(
        String text,
        boolean secure,
        String host,
        int port,
        @Nullable String socket,
        String path) {
    /** Looser than {@link URI}: names of containers hold underscores. */
    private static final Pattern AUTHORITY =
            Pattern.compile("(?<host>[A-Za-z0-9._-]+|(?<v6>\\[[^\\]%]+\\]))(:(?<port>[0-9]*))?");

    private static final Pattern SOCKET =
            Pattern.compile("(?i:(http(?<secure>s)?://)?unix:)(?<socket>/[^:?#\\x00-\\x1f]*)(:(?<path>/.*)?)?");

    static UpstreamUrl parse(String text) {
        Matcher socket = SOCKET.matcher(text);
        return socket.matches() ? ofSocket(text, socket) : ofHost(text);
    }

    /** Without path: it names the upstream in logs, and {@code Location} fields begin with it. */
    String origin() {
        return scheme() + (socket == null ? authority() : "unix:" + socket);
    }

    /** As it stands in a {@code Host} field. */
    String authority() {
        return socket != null || port == (secure ? 443 : 80) ? host : host + ":" + port;
    }

    private String scheme() {
        return secure ? "https://" : "http://";
    }

    private static UpstreamUrl ofSocket(String text, Matcher parts) {
        String path = parts.group("path") == null ? "" : ofHost("http://localhost" + parts.group("path")).path;
        return new UpstreamUrl(text, parts.group("secure") != null, "localhost", 0, parts.group("socket"), path);
    }

    private static UpstreamUrl ofHost(String text) {
        URI uri;
        try {
            uri = new URI(text);
        } catch (URISyntaxException e) {
            throw malformed(text, e.getReason());
        }
        boolean secure = "https".equalsIgnoreCase(uri.getScheme());
        if (!secure && !"http".equalsIgnoreCase(uri.getScheme())) {
            throw malformed(text, "scheme " + uri.getScheme());
        }
        if (uri.getRawQuery() != null || uri.getRawFragment() != null || uri.getRawUserInfo() != null) {
            throw malformed(text, "a query, fragment or user has no meaning here");
        }
        Matcher authority = AUTHORITY.matcher(uri.getRawAuthority() == null ? "" : uri.getRawAuthority());
        if (!authority.matches() || (authority.group("v6") != null && uri.getHost() == null)) {
            throw malformed(text, "no host");
        }
        return new UpstreamUrl(
                text,
                secure,
                authority.group("host").toLowerCase(Locale.ROOT),
                port(text, authority.group("port"), secure ? 443 : 80),
                null,
                URI.create(uri.toASCIIString()).getRawPath());
    }

    private static int port(String text, @Nullable String digits, int fallback) {
        if (digits == null || digits.isEmpty()) {
            return fallback;
        }
        int port = digits.length() > 5 ? -1 : Integer.parseInt(digits);
        if (port < 1 || port > 65535) {
            throw malformed(text, "port " + digits);
        }
        return port;
    }

    private static IllegalArgumentException malformed(String text, String why) {
        return new IllegalArgumentException("upstream \"" + text + "\": " + why
                + " (expected: http[s]://host[:port][/path] or unix:/socket[:/path])");
    }
}
