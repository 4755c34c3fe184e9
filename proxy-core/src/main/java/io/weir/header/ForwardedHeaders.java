package io.weir.header;

import io.weir.http.Headers;
import io.weir.http.RequestHead;
import io.weir.http.Tokens;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** The fields by which a proxy tells an upstream who the client is: {@code X-Forwarded-*}, {@code X-Real-IP}, {@code Forwarded}. */
public final class ForwardedHeaders {
    private ForwardedHeaders() {}

    /** Whether a field of that name is a claim about the client, to be believed only from a trusted proxy. */
    public static boolean isForwarding(String name) {
        return switch (name.length()) {
            case 9 -> name.equalsIgnoreCase("X-Real-IP") || name.equalsIgnoreCase("Forwarded");
            default -> name.length() >= 12 && name.regionMatches(true, 0, "X-Forwarded-", 0, 12);
        };
    }

    /**
     * Writes {@code X-Real-IP}, {@code X-Forwarded-For}, {@code X-Forwarded-Proto} and {@code X-Forwarded-Host}. Of
     * Proto and Host a trusted peer's last value stays: what stands before it, a client may have put there.
     */
    static void write(Headers.Builder headers, RequestHead request, Forwarding forwarding) {
        headers.set("X-Real-IP", forwarding.clientAddress());
        headers.set("X-Forwarded-For", forwarding.chain());
        setOrRemove(headers, "X-Forwarded-Proto", vouchedProto(headers, forwarding), request.scheme());
        setOrRemove(headers, "X-Forwarded-Host", vouchedHost(headers, forwarding), request.authority());
    }

    /** How the client speaks: as a trusted peer says in {@code X-Forwarded-Proto}, else the connection's scheme. */
    public static String scheme(RequestHead asSent, Forwarding forwarding) {
        List<String> claims = forwarding.peerTrusted() ? asSent.headers().all("X-Forwarded-Proto") : List.of();
        String claim = claims.isEmpty() ? "" : claims.get(claims.size() - 1);
        String last = Tokens.trim(claim, claim.lastIndexOf(',') + 1, claim.length());
        boolean isScheme = last.equalsIgnoreCase("https") || last.equalsIgnoreCase("http");
        return isScheme ? last.toLowerCase(Locale.ROOT) : asSent.scheme();
    }

    /**
     * This hop as an element of {@code Forwarded} (RFC 7239): {@code for=192.0.2.1;host=a.example;proto=https}. IPv6 and
     * anything that is no token stands in quotes.
     */
    static String element(RequestHead request, Forwarding forwarding) {
        String address = forwarding.peer().host();
        StringBuilder element = new StringBuilder("for=");
        if (forwarding.peer().address() == null) {
            element.append("unknown");
        } else if (address.indexOf(':') >= 0) {
            element.append("\"[").append(address).append("]\"");
        } else {
            element.append(address);
        }
        String authority = request.authority();
        if (authority != null) {
            element.append(";host=");
            appendValue(element, authority);
        }
        return element.append(";proto=").append(request.scheme()).toString();
    }

    private static String vouchedProto(Headers.Builder headers, Forwarding forwarding) {
        if (!forwarding.peerTrusted()) {
            return "";
        }
        if (forwarding.source() != TrustedProxies.Source.FORWARDED) {
            return last(headers, "X-Forwarded-Proto");
        }
        ForwardedElement element = lastElement(headers);
        return element == null || element.proto() == null ? "" : element.proto();
    }

    private static String vouchedHost(Headers.Builder headers, Forwarding forwarding) {
        if (!forwarding.peerTrusted()) {
            return "";
        }
        if (forwarding.source() != TrustedProxies.Source.FORWARDED) {
            return last(headers, "X-Forwarded-Host");
        }
        ForwardedElement element = lastElement(headers);
        return element == null || element.host() == null ? "" : element.host();
    }

    /** What the trusted peer itself has said in {@code Forwarded}; null if nothing, or something malformed. */
    private static @Nullable ForwardedElement lastElement(Headers.Builder headers) {
        for (int i = headers.size() - 1; i >= 0; i--) {
            if (headers.name(i).equalsIgnoreCase("Forwarded")) {
                String line = headers.value(i);
                int comma = ForwardedElement.lastComma(line, line.length());
                return ForwardedElement.parse(Tokens.trim(line, comma + 1, line.length()));
            }
        }
        return null;
    }

    /** The last member of that list field; "" if there is none. */
    private static String last(Headers.Builder headers, String name) {
        for (int i = headers.size() - 1; i >= 0; i--) {
            if (headers.name(i).equalsIgnoreCase(name)) {
                String line = headers.value(i);
                return Tokens.trim(line, line.lastIndexOf(',') + 1, line.length());
            }
        }
        return "";
    }

    private static void setOrRemove(Headers.Builder headers, String name, String vouchedFor, @Nullable String ours) {
        String value = vouchedFor.isEmpty() ? ours : vouchedFor;
        if (value == null || value.isEmpty()) {
            headers.remove(name);
        } else {
            headers.set(name, value);
        }
    }

    private static void appendValue(StringBuilder element, String value) {
        if (Tokens.isToken(value)) {
            element.append(value);
            return;
        }
        element.append('"');
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (c == '"' || c == '\\') {
                element.append('\\');
            }
            element.append(c);
        }
        element.append('"');
    }
}
