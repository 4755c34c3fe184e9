package io.weir.middleware;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * API keys by their SHA-256. They are looked up under a random salt, so that the time that takes tells nothing of the
 * hashes that are there.
 */
final class KeyTable {
    private static final Pattern SHA_256 = Pattern.compile("[0-9A-Fa-f]{64}");

    private final byte[] salt = new byte[16];
    private final Map<ByteBuffer, Key> keys = new HashMap<>();
    private final List<String> problems = new ArrayList<>();

    private record Key(String name, byte[] hash) {}

    private KeyTable() {
        new SecureRandom().nextBytes(salt);
    }

    /** Reads lines {@code name:sha256}; {@code #} starts a comment line. A line that can't be used lets nobody in. */
    static KeyTable ofLines(List<String> lines) {
        KeyTable table = new KeyTable();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            int colon = line.indexOf(':');
            String hash = line.substring(colon + 1).strip();
            if (colon <= 0 || !SHA_256.matcher(hash).matches()) {
                table.problems.add("line " + (i + 1) + ": no key (expected: name:sha256, the hash as 64 hex digits)");
                continue;
            }
            table.add(line.substring(0, colon).strip(), hash);
        }
        return table;
    }

    /**
     * Keys from code: the hash of each by its name.
     *
     * @throws IllegalArgumentException if one is no SHA-256 in hex
     */
    static KeyTable of(Map<String, String> hashes) {
        KeyTable table = new KeyTable();
        hashes.forEach((name, hash) -> {
            if (name.isEmpty() || !SHA_256.matcher(hash).matches()) {
                throw new IllegalArgumentException(
                        "key \"" + name + "\": no SHA-256 (expected: 64 hex digits; ApiKey.hash(key) makes them)");
            }
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            table.add(new String(bytes, StandardCharsets.ISO_8859_1), hash);
        });
        return table;
    }

    /** The name of that key, which has one char a byte; null if it is none of ours. */
    @Nullable
    String nameOf(String key) {
        byte[] hash = sha256(key.getBytes(StandardCharsets.ISO_8859_1));
        Key found = keys.get(blind(hash));
        return found != null && MessageDigest.isEqual(found.hash, hash) ? found.name : null;
    }

    List<String> problems() {
        return problems;
    }

    int size() {
        return keys.size();
    }

    static byte[] sha256(byte[]... parts) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (byte[] part : parts) {
                digest.update(part);
            }
            return digest.digest();
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e); // every JDK has it
        }
    }

    private void add(String name, String hex) {
        byte[] hash = HexFormat.of().parseHex(hex);
        keys.putIfAbsent(blind(hash), new Key(name, hash));
    }

    private ByteBuffer blind(byte[] hash) {
        return ByteBuffer.wrap(sha256(salt, hash));
    }
}
