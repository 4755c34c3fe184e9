package io.weir.jetty;

import io.weir.jetty.tls.TlsSettings;
import io.weir.jetty.tls.TlsSettings.Clients;
import io.weir.jetty.tls.TlsSettings.Source;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * TLS towards clients: whose certificates, which versions. The smallest is {@code Tls.pem(chain, key)}. Immutable; each step
 * gives a new value, and the files are read when the server starts.
 *
 * <p>By default TLS 1.3 and 1.2 are spoken, of 1.2 only the suites with forward secrecy and authenticated encryption
 * (ECDHE with AES-GCM or ChaCha20), and HTTP/2 and HTTP/1.1 by ALPN. A client that asks for a name (SNI) is shown the
 * certificate with that name, or with a wildcard for it, and else the default: the first. The JDK refuses names with an
 * underscore or a final dot.
 *
 * <p>The files are looked at every 10 s: what has changed is used for new connections; running ones stay as they are.
 * Files that don't fit together, as while they are being written, are warned of, and what was before stays.
 */
public final class Tls {
    private final TlsSettings settings;

    private Tls(TlsSettings settings) {
        this.settings = settings;
    }

    /**
     * A certificate, with its chain, and its key (nginx {@code ssl_certificate}, {@code ssl_certificate_key}).
     *
     * @param chain PEM file, the server's certificate first
     * @param key PEM file: RSA, EC or Ed25519; PKCS#8, PKCS#1 or SEC 1, not encrypted
     */
    public static Tls pem(Path chain, Path key) {
        return new Tls(TlsSettings.of(new Source.PemFiles(chain, key, null)));
    }

    /** The same with a key that is encrypted: as PKCS#8, {@code BEGIN ENCRYPTED PRIVATE KEY}. */
    public static Tls pem(Path chain, Path key, String password) {
        return new Tls(TlsSettings.of(new Source.PemFiles(chain, key, password)));
    }

    /** All certificates of a key store that have their keys there, PKCS12 or JKS; one password for the store and its keys. */
    public static Tls keystore(Path file, String password) {
        return new Tls(TlsSettings.of(new Source.Store(file, password)));
    }

    /** The same and another certificate, for the names in it. The default stays the first one. */
    public Tls andPem(Path chain, Path key) {
        return new Tls(settings.and(new Source.PemFiles(chain, key, null)));
    }

    /** The same with a key that is encrypted. */
    public Tls andPem(Path chain, Path key, String password) {
        return new Tls(settings.and(new Source.PemFiles(chain, key, password)));
    }

    /** The same and the certificates of a key store. */
    public Tls andKeystore(Path file, String password) {
        return new Tls(settings.and(new Source.Store(file, password)));
    }

    /**
     * No default: who asks for a name of no certificate gets the alert {@code unrecognized_name}, who asks for none
     * {@code handshake_failure} (nginx {@code ssl_reject_handshake}).
     */
    public Tls refuseUnknownNames() {
        return new Tls(settings.refusingUnknownNames());
    }

    /**
     * Asks clients for a certificate, which they need not have (nginx {@code ssl_verify_client optional}); one that those
     * authorities have not signed ends the handshake. Who has shown one is in {@code $ssl_client_s_dn} and
     * {@code $ssl_client_fingerprint}, whether one was shown in {@code $ssl_client_verify}.
     *
     * @param authorities PEM file (nginx {@code ssl_client_certificate})
     */
    public Tls askClients(Path authorities) {
        return new Tls(settings.withClients(Clients.OPTIONAL, authorities));
    }

    /** The same, but no client without a certificate gets in (nginx {@code ssl_verify_client on}). */
    public Tls requireClients(Path authorities) {
        return new Tls(settings.withClients(Clients.REQUIRED, authorities));
    }

    /** Only those versions: {@code TLSv1.3}, {@code TLSv1.2} (nginx {@code ssl_protocols}). */
    public Tls protocols(String... protocols) {
        return new Tls(settings.withProtocols(notEmpty("protocols", protocols)));
    }

    /** Only those suites, by their IANA names, in order of preference (nginx {@code ssl_ciphers}). */
    public Tls ciphers(String... ciphers) {
        return new Tls(settings.withCiphers(notEmpty("ciphers", ciphers)));
    }

    /**
     * How often the files are looked at; 10 s if not said, zero for only when {@link JettyProxyServer#reloadTls} is called.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Tls reloadEvery(Duration interval) {
        if (interval.isNegative()) {
            throw new IllegalArgumentException("reloadEvery: " + interval + " (expected: not negative)");
        }
        return new Tls(settings.withReloadInterval(interval));
    }

    TlsSettings settings() {
        return settings;
    }

    /** Its files; no password. */
    @Override
    public String toString() {
        return settings.toString();
    }

    private static List<String> notEmpty(String what, String... values) {
        if (values.length == 0) {
            throw new IllegalArgumentException(what + ": none (expected: at least one)");
        }
        return List.of(values);
    }
}
