package io.weir.upstream;

import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * An upstream was taken out of its pool, or is back.
 *
 * @param pool name of the pool
 * @param upstream the upstream; its numbers may have moved on meanwhile
 * @param isEjection whether it was taken out; else it is back
 * @param cause why: {@code 3 failures, last: connection_refused: …}, {@code probe GET /healthz: 503, expected 200..399}.
 *     May hold text that came off the wire
 * @param outFor how long it stays out at least; null if it is back, or if probes have to find it well first
 */
public record HealthTransition(
        String pool,
        UpstreamState upstream,
        boolean isEjection,
        String cause,
        @Nullable Duration outFor) {

    /** The line for a log, complete by itself. */
    public String line() {
        String url = upstream.upstream().url();
        if (!isEjection) {
            return "upstream " + url + " is back in \"" + pool + "\": " + cause;
        }
        String howLong = outFor == null ? "until probes find it well" : "for " + outFor;
        return "upstream " + url + " ejected from \"" + pool + "\" " + howLong + ": " + cause;
    }
}
