package io.weir.http;

/**
 * The certificate that a client has shown and that was verified, in the words of nginx's {@code $ssl_client_…}.
 *
 * @param subject whose it is (RFC 2253), {@code CN=alice,O=example}
 * @param issuer who has signed it (RFC 2253); "" if not known
 * @param serial its number in capital hex digits; "" if not known
 * @param fingerprint SHA-1 of it in lower-case hex digits, which is what nginx shows; "" if not known
 * @param sha256 SHA-256 of it in lower-case hex digits: what to compare with; "" if not known
 */
public record ClientCertificate(String subject, String issuer, String serial, String fingerprint, String sha256) {
    /** One of which a proxy in front of us has told the subject alone. */
    public static ClientCertificate ofSubject(String subject) {
        return new ClientCertificate(subject, "", "", "", "");
    }
}
