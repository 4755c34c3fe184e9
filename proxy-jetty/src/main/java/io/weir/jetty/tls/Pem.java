package io.weir.jetty.tls;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A PEM file (RFC 7468), read by the JDK's means. Text around the blocks is passed over. What can't be read is an
 * {@link IllegalArgumentException} that names the file and the cure.
 */
public final class Pem {
    private static final Pattern BLOCK =
            Pattern.compile("-----BEGIN ([A-Z0-9 ]+)-----\\s+([\\x09-\\x7e]*?)-----END \\1-----");

    /** RFC 1421 §4.6.1: what stands before the base64 of a key that is encrypted in OpenSSL's old way. */
    private static final String HEADERS = "(?m)^[A-Za-z-]+:.*$";

    private final Path file;
    private final String text;

    private Pem(Path file, String text) {
        this.file = file;
        this.text = text;
    }

    /** Reads a file; blocks. */
    public static Pem read(Path file) {
        return of(file, bytes(file));
    }

    /** What was read of that file. */
    static Pem of(Path file, byte[] content) {
        return new Pem(file, new String(content, StandardCharsets.ISO_8859_1));
    }

    /** The bytes of a file that must be there and not be empty; blocks. */
    static byte[] bytes(Path file) {
        byte[] content;
        try {
            content = Files.readAllBytes(file);
        } catch (NoSuchFileException e) {
            throw unusable(file, "there is no such file", e);
        } catch (AccessDeniedException e) {
            throw unusable(file, "it can't be read; give the proxy's user the right to", e);
        } catch (IOException e) {
            throw unusable(file, "it can't be read (" + e + "); has the proxy's user the right to?", e);
        }
        if (content.length == 0) {
            throw unusable(file, "it is empty", null);
        }
        return content;
    }

    /** The certificates in the file, in order; at least one. */
    public List<X509Certificate> certificates() {
        List<X509Certificate> certificates = new ArrayList<>();
        Matcher block = BLOCK.matcher(text);
        while (block.find()) {
            if (block.group(1).equals("CERTIFICATE")) {
                certificates.add(certificate(certificates.size() + 1, decoded(block.group(2))));
            }
        }
        if (certificates.isEmpty()) {
            throw unusable(
                    file,
                    isDer()
                            ? "it is DER, not PEM; convert it with openssl x509 -inform der -in <this file> -out <another>"
                            : "it holds no certificate; expected: PEM, -----BEGIN CERTIFICATE-----",
                    null);
        }
        return certificates;
    }

    /**
     * The first private key in the file, RSA, EC or EdDSA: PKCS#8, encrypted or not, PKCS#1 or SEC 1.
     *
     * @param password of a key that is encrypted; null if there is none
     */
    public PrivateKey privateKey(@Nullable String password) {
        Matcher block = BLOCK.matcher(text);
        byte[] curve = null;
        while (block.find()) {
            String type = block.group(1);
            if (type.equals("EC PARAMETERS")) {
                curve = decoded(block.group(2));
            } else if (type.endsWith("PRIVATE KEY")) {
                return privateKey(type, block.group(2), curve, password);
            }
        }
        throw unusable(
                file,
                isDer()
                        ? "it is DER, not PEM; convert it with openssl pkey -inform der -in <this file> -out <another>"
                        : "it holds no private key; expected: PEM, -----BEGIN PRIVATE KEY-----",
                null);
    }

    private PrivateKey privateKey(String type, String block, byte @Nullable [] curve, @Nullable String password) {
        if (block.contains("Proc-Type: 4,ENCRYPTED")) {
            throw unusable(
                    file,
                    "its key is encrypted in a way that is outdated (DEK-Info); convert it with"
                            + " openssl pkcs8 -topk8 -in <this file> -out <another>",
                    null);
        }
        byte[] der = decoded(block);
        try {
            return switch (type) {
                case "PRIVATE KEY" -> PrivateKeys.pkcs8(der);
                case "RSA PRIVATE KEY" -> PrivateKeys.pkcs1(der);
                case "EC PRIVATE KEY" -> PrivateKeys.sec1(der, curve);
                case "ENCRYPTED PRIVATE KEY" -> {
                    if (password == null) {
                        throw unusable(
                                file,
                                "its key is encrypted; say the password, or take it off with"
                                        + " openssl pkcs8 -topk8 -nocrypt -in <this file> -out <another>",
                                null);
                    }
                    yield PrivateKeys.encrypted(der, password);
                }
                default ->
                    throw unusable(
                            file,
                            "it holds a \"" + type + "\", which is not read; expected: RSA, EC or EdDSA, as made by"
                                    + " openssl pkcs8 -topk8 -nocrypt -in <this file> -out <another>",
                            null);
            };
        } catch (PrivateKeys.WrongPassword e) {
            throw unusable(file, "the password is not that of its key", e);
        } catch (GeneralSecurityException e) {
            throw unusable(file, "its private key can't be read (" + e.getMessage() + ")", e);
        }
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

    static IllegalArgumentException unusable(Path file, String why, @Nullable Throwable cause) {
        return new IllegalArgumentException(file + ": " + why, cause);
    }

    private boolean isDer() {
        return text.charAt(0) == 0x30; // an ASN.1 SEQUENCE
    }

    private byte[] decoded(String block) {
        try {
            return Base64.getMimeDecoder().decode(block.replaceAll(HEADERS, ""));
        } catch (IllegalArgumentException e) {
            throw unusable(file, "a block of it is not base64 (" + e.getMessage() + ")", e);
        }
    }

    private X509Certificate certificate(int number, byte[] encoded) {
        try {
            return (X509Certificate)
                    CertificateFactory.getInstance("X.509").generateCertificate(new ByteArrayInputStream(encoded));
        } catch (CertificateException e) {
            throw unusable(file, "certificate " + number + " in it is malformed (" + e.getMessage() + ")", e);
        }
    }
}
