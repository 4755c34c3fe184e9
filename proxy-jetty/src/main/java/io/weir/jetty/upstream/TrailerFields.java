package io.weir.jetty.upstream;

import io.weir.header.ForwardedHeaders;
import io.weir.header.HopByHopHeaders;
import java.util.Locale;

/** Which fields may come after a body (RFC 9110 §6.5.1): none that says how to frame, route or read the message. */
final class TrailerFields {
    private TrailerFields() {}

    static boolean mayHold(String name) {
        return !HopByHopHeaders.isHopByHop(name)
                && switch (name.toLowerCase(Locale.ROOT)) {
                    case "host",
                            "content-length",
                            "content-encoding",
                            "content-type",
                            "content-range",
                            "trailer",
                            "authorization",
                            "www-authenticate",
                            "cookie",
                            "set-cookie",
                            "cache-control",
                            "location",
                            "expect",
                            "max-forwards" -> false;
                    default -> !ForwardedHeaders.isForwarding(name);
                };
    }
}
