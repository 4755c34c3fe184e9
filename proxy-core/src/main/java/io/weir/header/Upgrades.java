package io.weir.header;

import io.weir.http.Headers;
import io.weir.http.RequestHead;
import io.weir.http.Tokens;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * To which protocols a route lets a connection be switched (RFC 9110 §7.8). A token that is not among them is dropped, and
 * the request goes on as plain HTTP. Immutable.
 */
public final class Upgrades {
    private static final String WEBSOCKET_TOKEN = "websocket";
    private static final Upgrades WEBSOCKET = new Upgrades(Set.of(WEBSOCKET_TOKEN));
    private static final Upgrades NONE = new Upgrades(Set.of());

    private final Set<String> tokens;

    private Upgrades(Set<String> tokens) {
        this.tokens = tokens;
    }

    /** {@code websocket} and no other: the default. */
    public static Upgrades websocket() {
        return WEBSOCKET;
    }

    /** To none. */
    public static Upgrades none() {
        return NONE;
    }

    /**
     * To those protocols and no other.
     *
     * @throws IllegalArgumentException if one is no token, or {@code h2c}
     */
    public static Upgrades of(String... tokens) {
        Set<String> lowerCase = new TreeSet<>();
        for (String token : tokens) {
            if (!isProtocol(token)) {
                throw new IllegalArgumentException("upgrade: \"" + token + "\" (expected: a token, as in websocket)");
            }
            if (token.equalsIgnoreCase("h2c")) {
                // What it carries would pass all rules unseen: request smuggling by another name.
                throw new IllegalArgumentException("upgrade: h2c never passes (clients may speak HTTP/2 to the proxy)");
            }
            lowerCase.add(token.toLowerCase(Locale.ROOT));
        }
        return new Upgrades(Set.copyOf(lowerCase));
    }

    /**
     * The protocol that this request may ask its upstream for, lower-cased: the client's first that is allowed. Null if
     * there is none: no request with a body has one, and {@code websocket} takes a GET with a key (RFC 6455 §4.1).
     */
    public @Nullable String grantedTo(RequestHead request) {
        Headers headers = request.headers();
        if (!headers.contains("Upgrade") || tokens.isEmpty()) {
            return null;
        }
        // HTTP/2 has no such field: there it stands for an extended CONNECT (RFC 8441).
        boolean isNewEnough = !request.protocol().equals("HTTP/1.0");
        if (!isNewEnough || !headers.containsToken("Connection", "upgrade") || hasBody(headers)) {
            return null;
        }
        String asked = headers.joined("Upgrade");
        for (String token : Tokens.split(asked == null ? "" : asked)) {
            String protocol = token.toLowerCase(Locale.ROOT);
            if (tokens.contains(protocol) && isWellFormed(protocol, request)) {
                return protocol;
            }
        }
        return null;
    }

    /** Whether that request stands for an extended CONNECT and can't go on as plain HTTP, though it is granted nothing. */
    public boolean refuse(RequestHead request) {
        return request.protocol().equals("HTTP/2.0")
                && request.headers().contains("Upgrade")
                && grantedTo(request) == null;
    }

    /** What an upstream answers to that {@code Sec-WebSocket-Key} (RFC 6455 §4.2.2). */
    public static String acceptFor(String key) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-1")
                    .digest((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").getBytes(StandardCharsets.US_ASCII));
            return Base64.getEncoder().encodeToString(digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-1", e);
        }
    }

    private static boolean isWellFormed(String protocol, RequestHead request) {
        return !protocol.equals(WEBSOCKET_TOKEN)
                || (request.method().equals("GET") && request.headers().contains("Sec-WebSocket-Key"));
    }

    private static boolean hasBody(Headers headers) {
        String length = headers.get("Content-Length");
        return headers.contains("Transfer-Encoding") || (length != null && !length.equals("0"));
    }

    /** A name, and perhaps a version after a slash. */
    private static boolean isProtocol(String text) {
        int slash = text.indexOf('/');
        return slash < 0
                ? Tokens.isToken(text)
                : Tokens.isToken(text.substring(0, slash)) && Tokens.isToken(text.substring(slash + 1));
    }

    /** The tokens. */
    @Override
    public String toString() {
        return new TreeSet<>(tokens).toString();
    }
}
