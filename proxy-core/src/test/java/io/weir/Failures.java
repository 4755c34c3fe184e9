package io.weir;

import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;

/** Ways in which attempts fail, as an engine would report them. */
final class Failures {
    private Failures() {}

    static ProxyFailure refused() {
        return ProxyFailure.connecting(ProxyError.CONNECTION_REFUSED, "connection refused", null);
    }

    /** The read clock ran out; the head had been sent, a body not. */
    static ProxyFailure silent() {
        return failure(ProxyError.CONNECTION_READ_TIMEOUT, ProxyFailure.Phase.HEAD, true, false, false);
    }

    /** Reset while the answer was awaited, on a connection made for this attempt. */
    static ProxyFailure reset() {
        return failure(ProxyError.CONNECTION_TERMINATED, ProxyFailure.Phase.HEAD, true, false, false);
    }

    /** Reset after bytes of the body had been sent. */
    static ProxyFailure resetWithinUpload() {
        return failure(ProxyError.CONNECTION_TERMINATED, ProxyFailure.Phase.HEAD, true, true, false);
    }

    /** A kept connection that turned out closed. */
    static ProxyFailure stale(boolean bytesSent) {
        return failure(ProxyError.CONNECTION_TERMINATED, ProxyFailure.Phase.HEAD, bytesSent, false, true);
    }

    /** Broken off inside the response's body. */
    static ProxyFailure incomplete() {
        return failure(ProxyError.RESPONSE_INCOMPLETE, ProxyFailure.Phase.BODY, true, false, false);
    }

    static ProxyFailure failure(
            ProxyError error, ProxyFailure.Phase phase, boolean bytesSent, boolean bodyLost, boolean reused) {
        return new ProxyFailure(error, phase, bytesSent, bodyLost, reused, error + " happened", null);
    }
}
