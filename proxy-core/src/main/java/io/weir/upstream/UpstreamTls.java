package io.weir.upstream;

import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * How {@code https://} upstreams are talked to. By default their certificate is verified: it must come from an authority
 * that the JDK trusts and bear the name in the URL, which is sent as SNI too (nginx verifies nothing and sends no SNI
 * unless told to).
 *
 * <p>It only names files. The engine reads them when the proxy starts and again at each reload, and refuses both where one
 * can't be read. Immutable; equal if all settings are.
 */
public final class UpstreamTls {
    private static final Set<String> PROTOCOLS = Set.of("TLSv1.2", "TLSv1.3");
    private static final UpstreamTls DEFAULTS =
            new UpstreamTls(true, null, null, null, null, null, List.of("TLSv1.2", "TLSv1.3"));

    private final boolean verifies;
    private final @Nullable Path trust;
    private final @Nullable Path certificate;
    private final @Nullable Path key;
    private final @Nullable String password;
    private final @Nullable String name;
    private final List<String> protocols;

    private UpstreamTls(
            boolean verifies,
            @Nullable Path trust,
            @Nullable Path certificate,
            @Nullable Path key,
            @Nullable String password,
            @Nullable String name,
            List<String> protocols) {
        this.verifies = verifies;
        this.trust = trust;
        this.certificate = certificate;
        this.key = key;
        this.password = password;
        this.name = name;
        this.protocols = protocols;
    }

    /** Verified against the authorities that the JDK trusts; TLS 1.2 and 1.3; no client certificate. */
    public static UpstreamTls defaults() {
        return DEFAULTS;
    }

    /**
     * Trusts the certificates in that PEM file, and no others (nginx {@code proxy_ssl_trusted_certificate}): authorities, or
     * a self-signed certificate itself.
     */
    public UpstreamTls withTrust(Path pem) {
        return new UpstreamTls(verifies, pem, certificate, key, password, name, protocols);
    }

    /**
     * Shows a certificate to upstreams that ask for one (nginx {@code proxy_ssl_certificate}).
     *
     * @param chain PEM file: the certificate, then those between it and its authority
     * @param key PEM file: its private key; RSA, EC or Ed25519; PKCS#8, PKCS#1 or SEC 1, not encrypted
     */
    public UpstreamTls withCertificate(Path chain, Path key) {
        return new UpstreamTls(verifies, trust, chain, key, null, name, protocols);
    }

    /** The same with a key that is encrypted: as PKCS#8, {@code BEGIN ENCRYPTED PRIVATE KEY}. */
    public UpstreamTls withCertificate(Path chain, Path key, String password) {
        return new UpstreamTls(verifies, trust, chain, key, password, name, protocols);
    }

    /**
     * The name that is sent as SNI and that the certificate must bear, in place of the host in the URL (nginx
     * {@code proxy_ssl_name}).
     */
    public UpstreamTls withName(String name) {
        if (name.isEmpty() || !name.matches("[A-Za-z0-9._:-]+")) {
            throw new IllegalArgumentException("tls name: \"" + name + "\" (expected: a host name or address)");
        }
        return new UpstreamTls(verifies, trust, certificate, key, password, name.toLowerCase(Locale.ROOT), protocols);
    }

    /** Speaks only these of {@code TLSv1.2} and {@code TLSv1.3} (nginx {@code proxy_ssl_protocols}). */
    public UpstreamTls withProtocols(String... protocols) {
        if (protocols.length == 0 || !PROTOCOLS.containsAll(List.of(protocols))) {
            throw new IllegalArgumentException(
                    "tls protocols: " + List.of(protocols) + " (expected: some of TLSv1.2, TLSv1.3)");
        }
        return new UpstreamTls(verifies, trust, certificate, key, password, name, List.of(protocols));
    }

    /** Takes any certificate, of any name: whoever can get in between can read and change everything. */
    public UpstreamTls withoutVerification() {
        return new UpstreamTls(false, trust, certificate, key, password, name, protocols);
    }

    /** Whether authority and name of certificates are verified. */
    public boolean isVerified() {
        return verifies;
    }

    /** PEM file of the certificates to trust; null for what the JDK trusts. */
    public @Nullable Path trust() {
        return trust;
    }

    /** PEM file of the client's certificate chain; null for none. */
    public @Nullable Path certificate() {
        return certificate;
    }

    /** PEM file of the client certificate's private key; null for none. */
    public @Nullable Path key() {
        return key;
    }

    /** What the private key is encrypted with; null if it is not. In no {@code toString}. */
    public @Nullable String password() {
        return password;
    }

    /** The name for SNI and verification; null for the host in the URL. */
    public @Nullable String name() {
        return name;
    }

    /** The versions that may be spoken. */
    public List<String> protocols() {
        return protocols;
    }

    /** Whether all settings are equal. The content of the files is not looked at. */
    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof UpstreamTls that
                && verifies == that.verifies
                && Objects.equals(trust, that.trust)
                && Objects.equals(certificate, that.certificate)
                && Objects.equals(key, that.key)
                && Objects.equals(password, that.password)
                && Objects.equals(name, that.name)
                && protocols.equals(that.protocols);
    }

    @Override
    public int hashCode() {
        return Objects.hash(verifies, trust, certificate, key, password, name, protocols);
    }

    /** For logs: what differs from the defaults. */
    @Override
    public String toString() {
        return "tls" + (verifies ? "" : " unverified") + (trust == null ? "" : " trust=" + trust)
                + (certificate == null ? "" : " certificate=" + certificate) + (name == null ? "" : " name=" + name)
                + (protocols.equals(DEFAULTS.protocols) ? "" : " " + protocols);
    }
}
