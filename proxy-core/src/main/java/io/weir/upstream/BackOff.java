package io.weir.upstream;

import java.time.Duration;

/**
 * How long to wait before a retry: any time between none and a bound that doubles with each retry, so that those who
 * failed together don't come back together ("full jitter").
 *
 * @param base the bound before the first retry
 * @param max what the bound never grows beyond
 */
record BackOff(Duration base, Duration max) {
    static final BackOff NONE = new BackOff(Duration.ZERO, Duration.ZERO);

    BackOff {
        if (base.isNegative() || max.compareTo(base) < 0) {
            throw new IllegalArgumentException("back-off: " + base + " to " + max + " (expected: 0 <= base <= max)");
        }
    }

    /**
     * Nanoseconds to wait.
     *
     * @param retry which retry follows, counted from 1
     * @param chance any number, by chance
     */
    long nanos(int retry, long chance) {
        long bound = base.toNanos();
        long most = max.toNanos();
        for (int i = 1; i < retry && bound < most; i++) {
            bound = bound > most / 2 ? most : bound * 2;
        }
        return bound == 0 ? 0 : Math.floorMod(chance, bound + 1);
    }
}
