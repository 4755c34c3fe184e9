package io.weir.upstream;

import java.time.Duration;

/**
 * How fast a client has to be, on average, while it is waited for: what a clock between two operations does not see is a
 * client that sends, or takes, a byte a minute. Time in which Weir waits for somebody else does not count.
 *
 * <p>The same idea as Kestrel's {@code MinDataRate}, of which 240 bytes a second after 5 seconds is the default; nginx has no
 * such thing.
 *
 * @param bytesPerSecond the average; at least 1
 * @param grace how long a client may be slower before it counts; at least a millisecond
 */
public record MinimumRate(long bytesPerSecond, Duration grace) {
    private static final double SECOND = 1e9;

    /** Checks the values. */
    public MinimumRate {
        if (bytesPerSecond < 1) {
            throw new IllegalArgumentException("bytesPerSecond: " + bytesPerSecond + " (expected: >= 1)");
        }
        if (grace.compareTo(Duration.ofMillis(1)) < 0) {
            throw new IllegalArgumentException("grace: " + grace + " (expected: >= 1 ms)");
        }
    }

    /**
     * How much longer a client may be waited for before it is too slow; zero if it is already.
     *
     * @param bytes what it has moved so far, and, where it is to take some, will have moved when it has taken them
     * @param waitedNanos how long it has been waited for so far
     */
    public Duration left(long bytes, long waitedNanos) {
        double earned = (double) bytes / bytesPerSecond * SECOND; // beyond a century it is cut off by the cast
        return Duration.ofNanos(Math.max(0, Math.max((long) earned, grace.toNanos()) - waitedNanos));
    }

    @Override
    public String toString() {
        return bytesPerSecond + " bytes/s after " + grace;
    }
}
