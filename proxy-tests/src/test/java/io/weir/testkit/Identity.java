package io.weir.testkit;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.Key;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * A self-signed certificate with its key, made by the JDK's {@code keytool}, which takes a second: share it between the
 * tests of a class. Its files are PEM, in a directory that is left to the system to clear.
 */
public final class Identity {

    private static final String PASSWORD = "changeit";

    private final KeyStore store;
    private final Path directory;

    private Identity(Path directory, KeyStore store) {
        this.directory = directory;
        this.store = store;
    }

    /** For those names, as {@code keytool} wants them: {@code dns:a.test}, {@code ip:127.0.0.1}. */
    public static Identity of(String... names) {
        return of("EC", names);
    }

    /** With a key of that kind: {@code RSA}, {@code EC} or {@code Ed25519}. */
    public static Identity of(String algorithm, String[] names) {
        try {
            Path directory = Files.createTempDirectory("weir-identity");
            Path file = directory.resolve("identity.p12");
            Process keytool = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "keytool")
                                    .toString(),
                            "-genkeypair",
                            "-alias",
                            "it",
                            "-keyalg",
                            algorithm,
                            "-dname",
                            "CN=weir test",
                            "-ext",
                            "san=" + String.join(",", names),
                            "-storetype",
                            "PKCS12",
                            "-storepass",
                            PASSWORD,
                            "-keystore",
                            file.toString())
                    .redirectErrorStream(true)
                    .start();
            String output = new String(keytool.getInputStream().readAllBytes(), US_ASCII);
            if (keytool.waitFor() != 0) {
                throw new AssertionError("keytool failed: " + output);
            }
            KeyStore store = KeyStore.getInstance("PKCS12");
            try (InputStream in = Files.newInputStream(file)) {
                store.load(in, PASSWORD.toCharArray());
            }
            Identity identity = new Identity(directory, store);
            identity.write(
                    "certificate.pem", "CERTIFICATE", store.getCertificate("it").getEncoded());
            identity.write(
                    "key.pem",
                    "PRIVATE KEY",
                    store.getKey("it", PASSWORD.toCharArray()).getEncoded());
            return identity;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    /** PEM file of the certificate. */
    public Path certificate() {
        return directory.resolve("certificate.pem");
    }

    /** PEM file of the private key, PKCS#8. */
    public Path key() {
        return directory.resolve("key.pem");
    }

    /** For a server or client that is this, and trusts those. */
    public SSLContext context(List<Identity> trusted) {
        try {
            KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
            keys.init(store, PASSWORD.toCharArray());
            return context(keys.getKeyManagers(), trusted);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    /** For a client that is nobody, and trusts those. */
    public static SSLContext trusting(List<Identity> trusted) {
        return context(null, trusted);
    }

    /** For a client that takes whatever it is shown. */
    public static SSLContext trustingAll() {
        try {
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, new TrustManager[] {new TrustsAll()}, null);
            return context;
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

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

    /** The same store in the JDK's old format. */
    public Path jks() {
        Path file = directory.resolve("identity.jks");
        try (OutputStream out = Files.newOutputStream(file)) {
            KeyStore jks = KeyStore.getInstance("JKS");
            jks.load(null, null);
            Key key = store.getKey("it", PASSWORD.toCharArray());
            jks.setKeyEntry("it", key, PASSWORD.toCharArray(), store.getCertificateChain("it"));
            jks.store(out, PASSWORD.toCharArray());
            return file;
        } catch (IOException | GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static SSLContext context(KeyManager[] keys, List<Identity> trusted) {
        try {
            KeyStore trust = KeyStore.getInstance("PKCS12");
            trust.load(null, null);
            for (Identity one : trusted) {
                trust.setCertificateEntry("one-" + trust.size(), one.store.getCertificate("it"));
            }
            TrustManagerFactory trusting = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
            trusting.init(trust);
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(keys, trusting.getTrustManagers(), null);
            return context;
        } catch (GeneralSecurityException | IOException e) {
            throw new IllegalStateException(e);
        }
    }

    /** The key store, PKCS12, that holds both; its password is {@value #PASSWORD}. */
    public Path keystore() {
        return directory.resolve("identity.p12");
    }

    private void write(String name, String type, byte[] encoded) throws IOException {
        String base64 = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(encoded);
        Files.writeString(
                directory.resolve(name), "-----BEGIN " + type + "-----\n" + base64 + "\n-----END " + type + "-----\n");
    }
}
