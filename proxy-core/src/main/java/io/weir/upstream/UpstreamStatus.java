package io.weir.upstream;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * How an upstream is doing, at one moment.
 *
 * @param url its URL
 * @param backup whether it serves only while no other can
 * @param standing whether it takes new exchanges, or what stands in the way
 * @param outFor how long it stays out yet; null unless it is {@link Standing#EJECTED}
 * @param inFlight exchanges that use it
 * @param fails failures since the last good answer after a failure, as {@link Upstream#maxFails} counts them
 * @param reason the cause of the last ejection or return; "" if there was none. May hold text that came off the wire
 */
public record UpstreamStatus(
        String url,
        boolean backup,
        Standing standing,
        @Nullable Duration outFor,
        int inFlight,
        int fails,
        String reason) {

    /** What stands in the way of choosing an upstream; the first that holds. */
    public enum Standing {
        /** It is configured to be out. */
        DOWN,
        /** Probes hold it ill. */
        ILL,
        /** Failures keep it out for a time. */
        EJECTED,
        /** It ends what it has. */
        DRAINING,
        /** It is at its limit. */
        FULL,
        /** Nothing. */
        READY
    }
}
