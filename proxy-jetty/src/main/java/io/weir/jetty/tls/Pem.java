package io.weir.jetty.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads PEM files (RFC 7468) by the JDK's means. Text around the blocks is passed over. What can't be read is an
 * {@link IllegalArgumentException} that names the file and the cure.
 */
public final class Pem {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s+([A-Za-z0-9+/=\\s]*?)-----END \\1-----");

    private static final List<String> KEY_ALGORITHMS = List.of("RSA", "EC", "RSASSA-PSS", "EdDSA");

    private Pem() {}

    /** The certificates in the file, in order; at least one. */
    public static List<X509Certificate> certificates(Path file) {
        List<X509Certificate> certificates = new ArrayList<>();
        Matcher block = BLOCK.matcher(text(file));
        while (block.find()) {
            if (block.group(1).equals("CERTIFICATE")) {
                certificates.add(certificate(file, certificates.size() + 1, bytes(file, block.group(2))));
            }
        }
        if (certificates.isEmpty()) {
            throw unusable(file, "it holds no certificate; expected: PEM, -----BEGIN CERTIFICATE-----", null);
        }
        return certificates;
    }

    /** The first private key in the file: PKCS#8, not encrypted; RSA, EC or EdDSA. */
    public static PrivateKey privateKey(Path file) {
        Matcher block = BLOCK.matcher(text(file));
        String found = "no private key";
        while (block.find()) {
            String type = block.group(1);
            if (type.equals("PRIVATE KEY")) {
                return privateKey(file, bytes(file, block.group(2)));
            }
            if (type.endsWith("PRIVATE KEY")) {
                found = "\"" + type + "\", which is not read";
            }
        }
        throw unusable(
                file,
                "it holds " + found + "; expected: -----BEGIN PRIVATE KEY----- (PKCS#8), as made by"
                        + " openssl pkcs8 -topk8 -nocrypt -in <this file> -out <another>",
                null);
    }

    /** Refuses a key that is not the certificate's. */
    public static void checkPair(Path chain, X509Certificate certificate, Path keyFile, PrivateKey key) {
        boolean fits;
        try {
            String algorithm = switch (key.getAlgorithm()) {
                case "RSA" -> "SHA256withRSA";
                case "EC" -> "SHA256withECDSA";
                case "EdDSA" -> "EdDSA";
                default -> null;
            };
            if (algorithm == null) {
                return; // its parameters would have to be known; the handshake tells
            }
            Signature signature = Signature.getInstance(algorithm);
            signature.initSign(key);
            signature.update((byte) 1);
            byte[] signed = signature.sign();
            signature.initVerify(certificate.getPublicKey());
            signature.update((byte) 1);
            fits = signature.verify(signed);
        } catch (GeneralSecurityException e) {
            fits = false;
        }
        if (!fits) {
            throw unusable(keyFile, "it is not the key of the first certificate in " + chain, null);
        }
    }

    private static String text(Path file) {
        try {
            return new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1);
        } catch (NoSuchFileException e) {
            throw unusable(file, "there is no such file", e);
        } catch (IOException e) {
            throw unusable(file, "it can't be read (" + e + "); has the proxy's user the right to?", e);
        }
    }

    private static byte[] bytes(Path file, String base64) {
        try {
            return Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw unusable(file, "a block of it is not base64 (" + e.getMessage() + ")", e);
        }
    }

    private static X509Certificate certificate(Path file, int number, byte[] encoded) {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
        } catch (CertificateException e) {
            throw unusable(file, "certificate " + number + " in it is malformed (" + e.getMessage() + ")", e);
        }
    }

    private static PrivateKey privateKey(Path file, byte[] encoded) {
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(encoded);
        GeneralSecurityException problem = null;
        for (String algorithm : KEY_ALGORITHMS) {
            try {
                return KeyFactory.getInstance(algorithm).generatePrivate(spec);
            } catch (InvalidKeySpecException e) {
                problem = e; // another algorithm's, or malformed
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("this JDK lacks " + algorithm, e);
            }
        }
        throw unusable(file, "its private key is malformed, or neither RSA, EC nor EdDSA", problem);
    }

    private static IllegalArgumentException unusable(Path file, String why, @Nullable Throwable cause) {
        return new IllegalArgumentException(file + ": " + why, cause);
    }
}
