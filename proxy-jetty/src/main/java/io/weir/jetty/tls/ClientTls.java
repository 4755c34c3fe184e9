package io.weir.jetty.tls;

import io.weir.http.ClientCertificate;
import io.weir.http.Text;
import io.weir.http.TlsConnection;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.cert.Certificate;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import javax.net.ssl.SSLSession;
import org.eclipse.jetty.io.EndPoint;
import org.jspecify.annotations.Nullable;

/** What was agreed on with a client over TLS, found out once for each session. */
public final class ClientTls {
    private static final String KEY = TlsConnection.class.getName();

    private ClientTls() {}

    /** Of the connection at that end point; null if it is not TLS, or nobody knows more than that. */
    public static @Nullable TlsConnection of(EndPoint endPoint) {
        EndPoint.SslSessionData data = endPoint.getSslSessionData();
        if (data == null) {
            return null;
        }
        SSLSession session = data.sslSession();
        if (session == null) {
            return data instanceof Announced announced ? announced.connection() : null;
        }
        if (session.getValue(KEY) instanceof TlsConnection known) {
            return known;
        }
        TlsConnection found = of(session, data.peerCertificates());
        session.putValue(KEY, found);
        return found;
    }

    private static TlsConnection of(SSLSession session, X509Certificate @Nullable [] client) {
        Certificate[] ours = session.getLocalCertificates();
        return new TlsConnection(
                session.getProtocol(),
                session.getCipherSuite(),
                Credentials.serverName(session),
                ours != null && ours.length > 0 && ours[0] instanceof X509Certificate shown
                        ? CertificateNames.of(shown)
                        : List.of(),
                client == null || client.length == 0 ? null : of(client[0]));
    }

    private static ClientCertificate of(X509Certificate certificate) {
        return new ClientCertificate(
                Text.printable(certificate.getSubjectX500Principal().getName()),
                Text.printable(certificate.getIssuerX500Principal().getName()),
                serial(certificate.getSerialNumber()),
                digest("SHA-1", certificate),
                digest("SHA-256", certificate));
    }

    private static String serial(BigInteger number) {
        String hex = number.toString(16).toUpperCase(Locale.ROOT);
        return hex.length() % 2 == 0 ? hex : "0" + hex;
    }

    private static String digest(String algorithm, X509Certificate certificate) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(certificate.getEncoded()));
        } catch (CertificateEncodingException e) {
            return "";
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("this JDK lacks " + algorithm, e);
        }
    }

    /** What a proxy in front of us has told of its own TLS connection with the client. */
    public record Announced(TlsConnection connection) implements EndPoint.SslSessionData {
        @Override
        public @Nullable SSLSession sslSession() {
            return null;
        }

        @Override
        public String sslSessionId() {
            return "";
        }

        @Override
        public String cipherSuite() {
            return connection.cipher();
        }

        @Override
        public X509Certificate @Nullable [] peerCertificates() {
            return null;
        }
    }
}
