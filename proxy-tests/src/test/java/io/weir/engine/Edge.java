package io.weir.engine;

import io.weir.jetty.Listener;
import io.weir.jetty.Tls;
import io.weir.testkit.H2Client;
import io.weir.testkit.Identity;
import io.weir.testkit.RawClient;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.CertificateFactory;
import java.util.Base64;
import javax.net.ssl.SSLContext;

/** How clients reach the proxies that this thread's tests start: in the clear, unless a test class says otherwise. */
final class Edge {
    private static final ThreadLocal<Boolean> OVER_TLS = ThreadLocal.withInitial(() -> false);

    private final boolean tls = OVER_TLS.get();

    private Edge() {}

    /** That of the running test. */
    static Edge current() {
        return new Edge();
    }

    /** Tests that this thread runs from now on use TLS, or do not any more. */
    static void overTls(boolean yes) {
        OVER_TLS.set(yes);
    }

    /** What a browser is to trust: the SHA-256 of the public key, in Base64. */
    static String publicKeyHash() {
        try (InputStream pem = Files.newInputStream(Shared.IDENTITY.certificate())) {
            byte[] key = CertificateFactory.getInstance("X.509")
                    .generateCertificate(pem)
                    .getPublicKey()
                    .getEncoded();
            return Base64.getEncoder()
                    .encodeToString(MessageDigest.getInstance("SHA-256").digest(key));
        } catch (IOException | GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }

    Listener listener() {
        Listener plain = Listener.on("127.0.0.1", 0);
        return tls ? plain.tls(Tls.pem(Shared.IDENTITY.certificate(), Shared.IDENTITY.key())) : plain;
    }

    RawClient client(int port, int receiveBufferBytes) {
        RawClient plain = RawClient.connect(port, receiveBufferBytes);
        return tls ? plain.overTls(Shared.TRUSTING, "a.test") : plain;
    }

    H2Client h2Client(int port, int windowBytes, int connectionWindowBytes) {
        return tls
                ? H2Client.connectTls(port, Shared.TRUSTING, "a.test", windowBytes, connectionWindowBytes)
                : H2Client.connect(port, windowBytes, connectionWindowBytes);
    }

    /** Made when it is first needed. */
    private static final class Shared {
        static final Identity IDENTITY = Identity.of("dns:a.test", "dns:b.test", "ip:127.0.0.1");
        static final SSLContext TRUSTING = Identity.trustingAll();
    }
}
