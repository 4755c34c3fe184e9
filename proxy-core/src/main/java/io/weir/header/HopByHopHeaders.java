package io.weir.header;

import io.weir.http.Headers;
import io.weir.http.Tokens;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;

/**
 * Fields that concern one connection and never pass a proxy (RFC 9110 §7.6.1): a fixed list, and whatever the message's
 * own {@code Connection} field names.
 *
 * <p>A nomination of a field that carries identity or framing is ignored: else {@code Connection: X-Real-IP} from a
 * client would delete what the proxy is about to vouch for.
 */
public final class HopByHopHeaders {
    private static final Set<String> NOT_NOMINABLE = Set.of(
            "host",
            "content-length",
            "authorization",
            "cookie",
            "set-cookie",
            "forwarded",
            "x-real-ip",
            "via",
            "content-type",
            "content-encoding",
            "location",
            "date");

    private HopByHopHeaders() {}

    /** Whether a field of that name never passes, whatever {@code Connection} says. {@code Trailer} does pass. */
    public static boolean isHopByHop(String name) {
        return switch (name.length()) {
            case 2 -> name.equalsIgnoreCase("TE");
            case 7 -> name.equalsIgnoreCase("Upgrade");
            case 10 -> name.equalsIgnoreCase("Connection") || name.equalsIgnoreCase("Keep-Alive");
            case 14 -> name.equalsIgnoreCase("HTTP2-Settings");
            case 16 -> name.equalsIgnoreCase("Proxy-Connection");
            case 17 -> name.equalsIgnoreCase("Transfer-Encoding");
            case 18 -> name.equalsIgnoreCase("Proxy-Authenticate");
            case 19 -> name.equalsIgnoreCase("Proxy-Authorization");
            default -> false;
        };
    }

    /** The fields without those that concern the connection. */
    public static Headers strip(Headers headers) {
        Set<String> nominated = nominated(headers);
        Headers.Builder kept = Headers.builder();
        for (int i = 0; i < headers.size(); i++) {
            String name = headers.name(i);
            if (!isHopByHop(name) && !isIn(nominated, name)) {
                kept.addFrom(headers, i);
            }
        }
        return kept.build();
    }

    /**
     * The names, lower-cased, that {@code Connection} adds to the fixed list for this message; empty in nearly every
     * message, which names {@code close}, {@code keep-alive} or {@code Upgrade} at most.
     */
    static Set<String> nominated(Headers headers) {
        Set<String> names = Set.of();
        for (int i = 0; i < headers.size(); i++) {
            if (headers.name(i).length() != 10 || !headers.name(i).equalsIgnoreCase("Connection")) {
                continue;
            }
            String value = headers.value(i);
            if (value.equalsIgnoreCase("close") || value.equalsIgnoreCase("keep-alive")) {
                continue;
            }
            for (String token : Tokens.split(value)) {
                String name = token.toLowerCase(Locale.ROOT);
                if (isNominable(name)) {
                    if (names.isEmpty()) {
                        names = new HashSet<>();
                    }
                    names.add(name);
                }
            }
        }
        return names;
    }

    /** Whether {@code name} is among the nominated ones. */
    static boolean isIn(Set<String> nominated, String name) {
        return !nominated.isEmpty() && nominated.contains(name.toLowerCase(Locale.ROOT));
    }

    private static boolean isNominable(String name) {
        return !name.equals("close")
                && !name.equals("keep-alive")
                && !name.startsWith("x-forwarded-")
                && !NOT_NOMINABLE.contains(name)
                && !isHopByHop(name);
    }
}
