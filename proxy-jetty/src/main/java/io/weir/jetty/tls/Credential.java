package io.weir.jetty.tls;

import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;

/**
 * A certificate with its key.
 *
 * @param chain the certificate first
 * @param names the names that it is for, in lower case
 */
record Credential(List<X509Certificate> chain, PrivateKey key, List<String> names) {
    static Credential of(List<X509Certificate> chain, PrivateKey key) {
        return new Credential(List.copyOf(chain), key, CertificateNames.of(chain.get(0)));
    }

    X509Certificate certificate() {
        return chain.get(0);
    }

    /** The kind of key, in the words of a key manager: {@code RSA}, {@code RSASSA-PSS}, {@code EC}, {@code EdDSA}. */
    String keyType() {
        return certificate().getPublicKey().getAlgorithm();
    }
}
