package io.weir.jetty.tls;

import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import javax.net.ssl.KeyManager;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SNIMatcher;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * {@link TlsSettings} at work: an engine for each connection, with the certificates that are there at that time. Files that
 * changed are taken over as a whole or not at all. Connections keep what they began with; sessions of before are not
 * resumed. Thread-safe.
 */
public final class ServerTls {
    private static final Logger LOG = LoggerFactory.getLogger("io.weir.tls");

    private final TlsSettings settings;
    private volatile Current current;
    private TlsFiles tried;
    private @Nullable String unreadable;

    /** What new connections get. */
    private record Current(SSLContext context, Credentials credentials, String[] ciphers) {}

    private ServerTls(TlsSettings settings, TlsFiles files) {
        this.settings = settings;
        tried = files;
        current = made(files);
    }

    /**
     * Reads the files; blocks.
     *
     * @throws IllegalArgumentException if one can't be used: the message names it and the cure
     */
    public static ServerTls of(TlsSettings settings) {
        return new ServerTls(settings, TlsFiles.read(settings));
    }

    public TlsSettings settings() {
        return settings;
    }

    /** For one connection of a client. What is spoken over it is left to the caller. */
    public SSLEngine newEngine() {
        Current now = current;
        SSLEngine engine = now.context.createSSLEngine();
        engine.setUseClientMode(false);
        SSLParameters parameters = engine.getSSLParameters();
        parameters.setProtocols(settings.protocols().toArray(String[]::new));
        parameters.setCipherSuites(now.ciphers);
        parameters.setUseCipherSuitesOrder(true);
        switch (settings.clients()) {
            case NONE -> {}
            case OPTIONAL -> parameters.setWantClientAuth(true);
            case REQUIRED -> parameters.setNeedClientAuth(true);
        }
        if (settings.refusesUnknownNames()) {
            parameters.setSNIMatchers(List.of(new KnownNames(now.credentials)));
        }
        engine.setSSLParameters(parameters);
        return engine;
    }

    /**
     * Takes over what the files hold now; blocks.
     *
     * @throws IllegalArgumentException if one can't be used: the message names it and the cure; what was before stays
     */
    public synchronized void reload() {
        TlsFiles files = TlsFiles.read(settings);
        unreadable = null;
        if (!files.isSameAs(tried)) {
            tried = files;
            current = made(files);
            LOG.info("{}: the changed certificates are in use", settings);
        } else {
            current = made(files);
        }
    }

    /** Looks whether the files have changed; blocks. What can't be used is warned of once, and what was before stays. */
    public synchronized void poll() {
        try {
            TlsFiles files = TlsFiles.read(settings);
            unreadable = null;
            if (files.isSameAs(tried)) {
                return;
            }
            tried = files;
            current = made(files);
            LOG.info("{}: the changed certificates are in use", settings);
        } catch (IllegalArgumentException e) {
            if (!Objects.equals(e.getMessage(), unreadable)) {
                unreadable = e.getMessage();
                LOG.warn("{} stays as it was: {}", settings, e.getMessage());
            }
        }
    }

    private Current made(TlsFiles files) {
        List<Credential> all = CredentialFiles.credentials(settings, files);
        Credentials credentials = new Credentials(all, settings.refusesUnknownNames());
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(new KeyManager[] {credentials}, clientAuthorities(files), null);
            SSLParameters supported = context.getSupportedSSLParameters();
            refuseUnknown("protocol", settings.protocols(), supported.getProtocols());
            refuseUnknown("cipher", settings.ciphers(), supported.getCipherSuites());
            String[] ciphers = settings.ciphers().isEmpty()
                    ? modern(context.getDefaultSSLParameters().getCipherSuites())
                    : settings.ciphers().toArray(String[]::new);
            warnOfExpired(all);
            return new Current(context, credentials, ciphers);
        } catch (GeneralSecurityException e) {
            throw new IllegalArgumentException(settings + ": " + e.getMessage(), e);
        }
    }

    private TrustManager @Nullable [] clientAuthorities(TlsFiles files) throws GeneralSecurityException {
        Path authorities = settings.clientAuthorities();
        if (authorities == null) {
            return null;
        }
        KeyStore store = KeyStore.getInstance("PKCS12");
        try {
            store.load(null, null);
        } catch (java.io.IOException e) {
            throw new IllegalStateException(e); // nothing is read
        }
        for (X509Certificate certificate : files.pem(authorities).certificates()) {
            store.setCertificateEntry("authority-" + store.size(), certificate);
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    /** Forward secrecy and authenticated encryption only, which is all that TLS 1.3 has. */
    private static String[] modern(String[] ciphers) {
        return Arrays.stream(ciphers)
                .filter(cipher -> cipher.startsWith("TLS_AES_")
                        || cipher.startsWith("TLS_CHACHA20_")
                        || (cipher.startsWith("TLS_ECDHE_")
                                && (cipher.contains("_GCM_") || cipher.contains("_CHACHA20_"))))
                .toArray(String[]::new);
    }

    private static void refuseUnknown(String what, List<String> wanted, String[] known) {
        List<String> unknown = new ArrayList<>(wanted);
        unknown.removeAll(Arrays.asList(known));
        if (!unknown.isEmpty()) {
            throw new IllegalArgumentException(
                    "TLS " + what + " " + unknown + " (expected: of " + String.join(", ", known) + ")");
        }
    }

    private void warnOfExpired(List<Credential> all) {
        for (Credential credential : all) {
            Instant end = credential.certificate().getNotAfter().toInstant();
            if (end.isBefore(Instant.now())) {
                LOG.warn("{}: the certificate for {} has expired at {}; renew it", settings, credential.names(), end);
            }
        }
    }

    /** Lets the JDK answer {@code unrecognized_name} to other names (RFC 6066 §3). */
    private static final class KnownNames extends SNIMatcher {
        private final Credentials credentials;

        KnownNames(Credentials credentials) {
            super(StandardConstants.SNI_HOST_NAME);
            this.credentials = credentials;
        }

        @Override
        public boolean matches(SNIServerName name) {
            return name instanceof SNIHostName host
                    ? credentials.isKnown(host.getAsciiName().toLowerCase(Locale.ROOT))
                    : credentials.isKnown(new String(name.getEncoded(), java.nio.charset.StandardCharsets.US_ASCII)
                            .toLowerCase(Locale.ROOT));
        }
    }
}
