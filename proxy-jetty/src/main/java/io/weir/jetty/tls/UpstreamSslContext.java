package io.weir.jetty.tls;

import io.weir.http.IpRange;
import io.weir.upstream.UpstreamTls;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.KeyStore;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SNIServerName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.StandardConstants;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;

/**
 * {@link UpstreamTls} made ready for Jetty: its files read, its engines with the name to ask for and to verify. An
 * engine's peer may be given as it stands in a URL. Started by {@link #of}; it holds nothing that would have to be closed.
 */
public final class UpstreamSslContext extends SslContextFactory.Client {
    private static final char[] IN_MEMORY = "in memory".toCharArray();

    private final UpstreamTls tls;
    private final Files files;

    /** What the files held: what is equal needs no new connections. */
    private record Files(
            List<X509Certificate> trust,
            List<X509Certificate> chain,
            @Nullable PrivateKey key) {}

    private UpstreamSslContext(UpstreamTls tls, Files files) {
        this.tls = tls;
        this.files = files;
    }

    /**
     * Reads the files and builds the context; blocks.
     *
     * @throws IllegalArgumentException if a file can't be used: the message names it and the cure
     */
    public static UpstreamSslContext of(UpstreamTls tls) {
        UpstreamSslContext context = new UpstreamSslContext(tls, read(tls));
        try {
            SSLContext ssl = SSLContext.getInstance("TLS");
            ssl.init(context.keyManagers(), context.trustManagers(), null);
            context.setSslContext(ssl);
            context.setIncludeProtocols(tls.protocols().toArray(String[]::new));
            context.setEndpointIdentificationAlgorithm(tls.isVerified() ? "HTTPS" : null);
            context.setSNIProvider((engine, names) -> serverNames(engine));
            context.start();
        } catch (Exception e) {
            throw new IllegalArgumentException(tls + ": " + e.getMessage(), e);
        }
        return context;
    }

    /** Whether those settings, and what their files held, are the same here. */
    public boolean isSameAs(UpstreamSslContext other) {
        return tls.equals(other.tls) && files.equals(other.files);
    }

    /** The name that is asked for and verified, of an upstream with that host. */
    public String nameOf(String host) {
        String name = tls.name() == null ? host : tls.name();
        return name.startsWith("[") ? name.substring(1, name.length() - 1) : name;
    }

    @Override
    public SSLEngine newSSLEngine(String host, int port) {
        return super.newSSLEngine(nameOf(host), port);
    }

    /** An address is no name that could be asked for (RFC 6066 §3). */
    private static List<SNIServerName> serverNames(SSLEngine engine) {
        String name = engine.getPeerHost();
        if (name == null || name.isEmpty() || IpRange.parseAddress(name) != null) {
            return List.of();
        }
        String withoutDot = name.endsWith(".") ? name.substring(0, name.length() - 1) : name;
        return List.of(new HostName(withoutDot.getBytes(StandardCharsets.US_ASCII)));
    }

    /** {@code SNIHostName} refuses underscores, which names of containers hold. */
    private static final class HostName extends SNIServerName {
        HostName(byte[] name) {
            super(StandardConstants.SNI_HOST_NAME, name);
        }
    }

    private static Files read(UpstreamTls tls) {
        List<X509Certificate> trust =
                tls.trust() == null ? List.of() : Pem.read(tls.trust()).certificates();
        if (tls.certificate() == null) {
            return new Files(trust, List.of(), null);
        }
        List<X509Certificate> chain = Pem.read(tls.certificate()).certificates();
        PrivateKey key = Pem.read(Objects.requireNonNull(tls.key())).privateKey(tls.password());
        Pem.checkPair(tls.certificate(), chain.get(0), tls.key(), key);
        return new Files(trust, chain, key);
    }

    private KeyManager @Nullable [] keyManagers() throws Exception {
        if (files.key == null) {
            return null;
        }
        KeyStore store = emptyStore();
        store.setKeyEntry("client", files.key, IN_MEMORY, files.chain.toArray(X509Certificate[]::new));
        KeyManagerFactory factory = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        factory.init(store, IN_MEMORY);
        return factory.getKeyManagers();
    }

    private TrustManager[] trustManagers() throws Exception {
        if (!tls.isVerified()) {
            return new TrustManager[] {new TrustsAll()};
        }
        KeyStore store = null; // the JDK's own
        if (!files.trust.isEmpty()) {
            store = emptyStore();
            for (X509Certificate certificate : files.trust) {
                store.setCertificateEntry("trusted-" + store.size(), certificate);
            }
        }
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static KeyStore emptyStore() throws Exception {
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, null);
        return store;
    }

    /** For who said so. */
    private static final class TrustsAll extends X509ExtendedTrustManager {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String type) {}

        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }
}
