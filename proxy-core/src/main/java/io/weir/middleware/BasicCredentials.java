package io.weir.middleware;

import io.weir.http.Headers;
import io.weir.http.RequestHead;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A user and a password as a client sent them (RFC 7617). Shows only the user. */
final class BasicCredentials {
    /**
     * As of crypt(3) of Linux. What SHA-256 and SHA-512 crypt cost grows with the square of the length: as long as a head may
     * be, one request would cost seconds. The {@code htpasswd} program takes 255 bytes.
     */
    private static final int MAX_PASSWORD = 512;

    private final String user;
    private final byte[] password;

    private BasicCredentials(String user, byte[] password) {
        this.user = user;
        this.password = password;
    }

    /** Those in the request; null if there are none, several, malformed or overlong ones. */
    static @Nullable BasicCredentials of(RequestHead request) {
        List<String> lines = request.headers().all("Authorization");
        if (lines.size() != 1 || !isBasic(lines.get(0))) {
            return null;
        }
        byte[] decoded;
        try {
            decoded = Base64.getDecoder().decode(lines.get(0).substring(6).strip());
        } catch (IllegalArgumentException e) {
            return null;
        }
        int colon = -1;
        for (int i = 0; i < decoded.length; i++) {
            if (decoded[i] >= 0 && decoded[i] < ' ' || decoded[i] == 0x7F) {
                return null; // RFC 7617 §2: no control characters
            }
            if (colon < 0 && decoded[i] == ':') {
                colon = i;
            }
        }
        if (colon <= 0) {
            return null;
        }
        if (decoded.length - colon - 1 > MAX_PASSWORD) {
            return null;
        }
        String user = new String(decoded, 0, colon, StandardCharsets.ISO_8859_1);
        return new BasicCredentials(user, Arrays.copyOfRange(decoded, colon + 1, decoded.length));
    }

    /** The request without them. */
    static RequestHead removeFrom(RequestHead request) {
        Headers headers = request.headers();
        for (String line : headers.all("Authorization")) {
            if (isBasic(line)) {
                return request.withoutHeader("Authorization");
            }
        }
        return request;
    }

    private static boolean isBasic(String value) {
        return value.regionMatches(true, 0, "Basic ", 0, 6);
    }

    /** The user, one char a byte. */
    String user() {
        return user;
    }

    /** The password's bytes, not to be changed. */
    byte[] password() {
        return password;
    }

    @Override
    public String toString() {
        return user;
    }
}
