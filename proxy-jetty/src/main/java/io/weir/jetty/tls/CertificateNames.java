package io.weir.jetty.tls;

import io.weir.http.IpRange;
import java.net.InetAddress;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;

/** The hosts that a certificate is for. */
final class CertificateNames {
    private static final int DNS_NAME = 2;
    private static final int IP_ADDRESS = 7;

    private CertificateNames() {}

    /**
     * Its subject alternative names that are hosts, in lower case, addresses as a {@code Host} has them. A common name is
     * none any more (RFC 9525 §2).
     */
    static List<String> of(X509Certificate certificate) {
        List<String> names = new ArrayList<>();
        try {
            Collection<List<?>> alternatives = certificate.getSubjectAlternativeNames();
            if (alternatives != null) {
                for (List<?> alternative : alternatives) {
                    add(names, (Integer) alternative.get(0), alternative.get(1));
                }
            }
        } catch (CertificateParsingException e) {
            return List.of(); // it is for nobody, then
        }
        return List.copyOf(names);
    }

    private static void add(List<String> names, int kind, Object value) {
        if (kind == DNS_NAME) {
            names.add(((String) value).toLowerCase(Locale.ROOT));
        } else if (kind == IP_ADDRESS) {
            InetAddress address = IpRange.parseAddress((String) value);
            if (address != null) {
                String text = IpRange.format(address);
                names.add(text.indexOf(':') < 0 ? text : "[" + text + "]");
            }
        }
    }
}
