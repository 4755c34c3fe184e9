package io.weir.upstream;

import java.time.Duration;

/**
 * Who may wait while all upstreams of a pool are at their limits.
 *
 * @param length exchanges that may wait at the same time; 0: none
 * @param timeout how long one may wait
 */
public record WaitQueue(int length, Duration timeout) {
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final WaitQueue OFF = new WaitQueue(0, LONGEST);

    /** Checks the values. */
    public WaitQueue {
        if (length < 0) {
            throw new IllegalArgumentException("queue length: " + length + " (expected: >= 0)");
        }
        if (timeout.isNegative() || timeout.isZero() || timeout.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "queue timeout: " + timeout + " (expected: > 0 and at most " + LONGEST + ")");
        }
    }

    /** Nobody waits. */
    public static WaitQueue off() {
        return OFF;
    }
}
