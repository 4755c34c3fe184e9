package io.weir.middleware;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A stored password in one of the formats of htpasswd and crypt(3). Never shows itself.
 *
 * <p>bcrypt and the crypt family are libraries' work, each optional and needed only where a password has that format.
 */
abstract class PasswordHash {
    private static final Pattern BCRYPT = Pattern.compile("\\$2[aby]\\$(0[4-9]|[12]\\d|3[01])\\$[./A-Za-z0-9]{53}");
    private static final Pattern CRYPT = Pattern.compile("\\$(?:apr1|1)\\$[./A-Za-z0-9]{1,8}\\$[./A-Za-z0-9]{22}"
            + "|\\$5\\$(?:rounds=(\\d{1,9})\\$)?[./A-Za-z0-9]{1,16}\\$[./A-Za-z0-9]{43}"
            + "|\\$6\\$(?:rounds=(\\d{1,9})\\$)?[./A-Za-z0-9]{1,16}\\$[./A-Za-z0-9]{86}"
            + "|[./A-Za-z0-9]{13}");

    private final String text;
    private final long cost;

    private PasswordHash(String text, long cost) {
        this.text = text;
        this.cost = cost;
    }

    /**
     * Reads a stored password: bcrypt ({@code $2y$}, {@code $2a$}, {@code $2b$}), {@code $apr1$}, {@code $1$}, {@code $5$},
     * {@code $6$}, {@code {SHA}}, {@code {SSHA}} or DES.
     *
     * @throws IllegalArgumentException if it is none of these, such as a plain password, or the library for it is missing;
     *     the message does not show it
     */
    static PasswordHash parse(String text) {
        Matcher bcrypt = BCRYPT.matcher(text);
        if (bcrypt.matches()) {
            require(
                    "org.springframework.security.crypto.bcrypt.BCrypt",
                    "bcrypt",
                    "org.springframework.security:spring-security-crypto",
                    "spring.security.crypto");
            return new Bcrypt(text, 4L << Integer.parseInt(bcrypt.group(1)));
        }
        if (text.startsWith("{SHA}") || text.startsWith("{SSHA}")) {
            return sha(text);
        }
        Matcher crypt = CRYPT.matcher(text);
        if (crypt.matches()) {
            require(
                    "org.apache.commons.codec.digest.Crypt",
                    "crypt",
                    "commons-codec:commons-codec",
                    "org.apache.commons.codec");
            String rounds = crypt.group(1) != null ? crypt.group(1) : crypt.group(2);
            long cost = rounds != null ? Long.parseLong(rounds) : text.charAt(0) != '$' ? 25 : 5000;
            return new Crypt(text, text.startsWith("$apr1$") || text.startsWith("$1$") ? 1000 : cost);
        }
        throw new IllegalArgumentException("the password is in no known format (expected: bcrypt, apr1, SHA, SHA-256 or"
                + " SHA-512 crypt, crypt; a plain password is refused; make a line with htpasswd -B)");
    }

    /** Whether that is the password. Takes as long for a wrong one as for the right one. */
    abstract boolean matches(byte[] password);

    /** The stored text, for a fingerprint. */
    String text() {
        return text;
    }

    /** Roughly how long {@link #matches} takes, in rounds of a fast hash. */
    long cost() {
        return cost;
    }

    @Override
    public String toString() {
        return "(a password)";
    }

    boolean isText(String computed) {
        return MessageDigest.isEqual(
                computed.getBytes(StandardCharsets.ISO_8859_1), text.getBytes(StandardCharsets.ISO_8859_1));
    }

    /** The library has to be there, and where Weir is a named module its module has to be resolved. */
    private static void require(String className, String format, String artefact, String module) {
        try {
            Class<?> found = Class.forName(className, false, PasswordHash.class.getClassLoader());
            if (PasswordHash.class.getModule().canRead(found.getModule())) {
                return;
            }
        } catch (ClassNotFoundException e) {
            // told below
        }
        throw new IllegalArgumentException("the password is in the format " + format + "; add " + artefact
                + " to the class path, or, where Weir is on the module path, require module " + module);
    }

    private static PasswordHash sha(String text) {
        boolean salted = text.startsWith("{SSHA}");
        byte[] stored;
        try {
            stored = Base64.getDecoder().decode(text.substring(salted ? 6 : 5));
        } catch (IllegalArgumentException e) {
            stored = new byte[0];
        }
        if (salted ? stored.length <= 20 : stored.length != 20) {
            throw new IllegalArgumentException("the password is no SHA-1 in Base64");
        }
        return new Sha(text, stored);
    }

    private static final class Bcrypt extends PasswordHash {
        Bcrypt(String text, long cost) {
            super(text, cost);
        }

        @Override
        boolean matches(byte[] password) {
            return org.springframework.security.crypto.bcrypt.BCrypt.checkpw(password, text());
        }
    }

    private static final class Crypt extends PasswordHash {
        Crypt(String text, long cost) {
            super(text, cost);
        }

        @Override
        boolean matches(byte[] password) {
            byte[] consumed = password.clone(); // the library overwrites it
            return isText(
                    text().startsWith("$apr1$")
                            ? org.apache.commons.codec.digest.Md5Crypt.apr1Crypt(consumed, text())
                            : org.apache.commons.codec.digest.Crypt.crypt(consumed, text()));
        }
    }

    private static final class Sha extends PasswordHash {
        private final byte[] stored;

        Sha(String text, byte[] stored) {
            super(text, 1);
            this.stored = stored;
        }

        @Override
        boolean matches(byte[] password) {
            try {
                MessageDigest digest = MessageDigest.getInstance("SHA-1");
                digest.update(password);
                digest.update(stored, 20, stored.length - 20);
                return MessageDigest.isEqual(digest.digest(), Arrays.copyOf(stored, 20));
            } catch (NoSuchAlgorithmException e) {
                throw new AssertionError(e); // every JDK has it
            }
        }
    }
}
