package io.weir.jetty.upstream;

import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import java.io.EOFException;
import java.net.ConnectException;
import java.net.SocketException;
import java.nio.channels.ClosedChannelException;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateException;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/** Says what kept a connection to an upstream from coming about, in words that an operator can act on. */
final class ConnectFailure {
    private ConnectFailure() {}

    /** TCP came to nothing. */
    static ProxyFailure ofConnect(String upstream, @Nullable Throwable cause) {
        // "Connection refused" is the one thing that an upstream itself says; all else is the network or the system.
        ProxyError error =
                cause instanceof ConnectException ? ProxyError.CONNECTION_REFUSED : ProxyError.DESTINATION_UNREACHABLE;
        Throwable deepest = cause instanceof SocketException && cause.getCause() != null ? cause.getCause() : cause;
        String what = deepest == null ? "no address" : String.valueOf(deepest.getMessage());
        return ProxyFailure.connecting(error, "connect to " + upstream + ": " + what + hint(what), cause);
    }

    /**
     * The TLS handshake failed.
     *
     * @param name what the certificate had to bear
     */
    static ProxyFailure ofHandshake(String upstream, String name, Throwable cause) {
        String place = "TLS with " + upstream + ": ";
        String what = deepestMessage(cause);
        if (hasInside(
                cause, CertificateException.class, CertPathValidatorException.class, CertPathBuilderException.class)) {
            return ProxyFailure.connecting(
                    ProxyError.TLS_CERTIFICATE_ERROR,
                    place + "its certificate is refused for \"" + name + "\": " + what + cure(what),
                    cause);
        }
        if (what.contains("Received fatal alert")) {
            return ProxyFailure.connecting(ProxyError.TLS_ALERT_RECEIVED, place + what, cause);
        }
        if (what.contains("Unsupported or unrecognized SSL message") || what.contains("plaintext connection")) {
            return ProxyFailure.connecting(
                    ProxyError.TLS_PROTOCOL_ERROR,
                    place + "its answer is no TLS; speaks plain HTTP? use http://",
                    cause);
        }
        if (hasInside(cause, EOFException.class, ClosedChannelException.class, SocketException.class)) {
            return ProxyFailure.connecting(
                    ProxyError.CONNECTION_TERMINATED,
                    place + "closed during the handshake (" + what
                            + "); speaks plain HTTP? use http://; wants a certificate? UpstreamTls.withCertificate(..)",
                    cause);
        }
        ProxyError error =
                cause instanceof SSLException ? ProxyError.TLS_PROTOCOL_ERROR : ProxyError.CONNECTION_TERMINATED;
        return ProxyFailure.connecting(error, place + what, cause);
    }

    private static boolean hasInside(Throwable failure, Class<?>... types) {
        for (Throwable t = failure; t != null; t = t.getCause()) {
            for (Class<?> type : types) {
                if (type.isInstance(t)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Where to look first. */
    private static String hint(String what) {
        if (what.contains("Connection refused")) {
            return " (is it running, and on that port?)";
        }
        return what.contains("Permission denied") || what.contains("Operation not permitted")
                ? " (the system forbids it: SELinux, a firewall, or the permissions of the socket?)"
                : "";
    }

    private static String cure(String what) {
        if (what.contains("unable to find valid certification path")) {
            return "; trust its authority, or itself if self-signed, with UpstreamTls.withTrust(pem)";
        }
        return what.startsWith("No ") ? "; say which name it bears with UpstreamTls.withName(name)" : "";
    }

    private static String deepestMessage(Throwable failure) {
        String message = String.valueOf(failure.getMessage());
        for (Throwable t = failure.getCause(); t != null; t = t.getCause()) {
            message = t.getMessage() == null ? message : t.getMessage();
        }
        return message;
    }
}
