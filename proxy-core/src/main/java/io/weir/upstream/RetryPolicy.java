package io.weir.upstream;

import io.weir.http.ProxyFailure;
import java.util.Set;

/**
 * When a failed attempt goes on to another upstream (nginx {@code proxy_next_upstream}). The default is nginx's: any
 * error or clock before an answer's head, as often as the pool has upstreams. POST, LOCK and PATCH only while no byte of
 * the request was sent; no request of which body bytes are gone.
 *
 * @param tries attempts at most, the first included; 0: as many as the pool has upstreams
 * @param nonIdempotent whether POST, LOCK and PATCH may be sent twice
 */
public record RetryPolicy(int tries, boolean nonIdempotent) {
    private static final RetryPolicy DEFAULTS = new RetryPolicy(0, false);
    private static final RetryPolicy OFF = new RetryPolicy(1, false);
    private static final Set<String> NON_IDEMPOTENT = Set.of("POST", "LOCK", "PATCH");

    /** Checks the number. */
    public RetryPolicy {
        if (tries < 0) {
            throw new IllegalArgumentException("tries: " + tries + " (expected: >= 0)");
        }
    }

    /** The default named above. */
    public static RetryPolicy defaults() {
        return DEFAULTS;
    }

    /** Never another upstream. */
    public static RetryPolicy off() {
        return OFF;
    }

    /** At most that many attempts. */
    public RetryPolicy withTries(int tries) {
        return new RetryPolicy(tries, nonIdempotent);
    }

    /** POST, LOCK and PATCH may be sent twice: the application takes care of doubles. */
    public RetryPolicy withNonIdempotent() {
        return new RetryPolicy(tries, true);
    }

    /** Whether, as far as this failure goes, the request may be sent once more. */
    public boolean allows(String method, ProxyFailure failure) {
        if (failure.phase() == ProxyFailure.Phase.BODY || failure.bodySent()) {
            return false;
        }
        return !failure.bytesSent() || nonIdempotent || !NON_IDEMPOTENT.contains(method);
    }

    /** Whether another attempt is left after that many. */
    public boolean allowsAnother(int attempts, int upstreams) {
        return attempts < (tries == 0 ? upstreams : tries);
    }
}
