package io.weir.middleware;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.util.LinkedHashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Passwords that were found right a short while ago, so that not every request costs a slow hash. Kept as fingerprints
 * under a random key; the stored password is part of one, so what was changed in the file is not found here any more.
 */
final class VerifiedPasswords {
    private static final int MAX = 1_000;
    private static final long NANOS = 60_000_000_000L;

    private final SecretKeySpec key;
    private final Map<ByteBuffer, Long> verifiedAt = new LinkedHashMap<>();

    VerifiedPasswords() {
        byte[] random = new byte[32];
        new SecureRandom().nextBytes(random);
        key = new SecretKeySpec(random, "HmacSHA256");
    }

    /** What these credentials are known by. */
    ByteBuffer fingerprint(BasicCredentials credentials, PasswordHash stored) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(key);
            mac.update(credentials.user().getBytes(StandardCharsets.ISO_8859_1));
            mac.update((byte) 0); // neither user nor password has one
            mac.update(credentials.password());
            mac.update((byte) 0);
            return ByteBuffer.wrap(mac.doFinal(stored.text().getBytes(StandardCharsets.ISO_8859_1)));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e); // every JDK has it
        }
    }

    /** Whether they were found right within the last minute. */
    synchronized boolean contains(ByteBuffer fingerprint, long now) {
        Long at = verifiedAt.get(fingerprint);
        return at != null && now - at < NANOS;
    }

    /** They are right. */
    synchronized void add(ByteBuffer fingerprint, long now) {
        verifiedAt.remove(fingerprint);
        verifiedAt.put(fingerprint, now);
        if (verifiedAt.size() > MAX) {
            verifiedAt.remove(verifiedAt.keySet().iterator().next());
        }
    }

    synchronized int size() {
        return verifiedAt.size();
    }
}
