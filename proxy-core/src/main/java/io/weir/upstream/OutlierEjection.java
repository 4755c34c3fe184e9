package io.weir.upstream;

import java.time.Duration;

/**
 * Takes an upstream out when too large a share of its answers are failures. The first time it is out for {@code base}, the
 * next for twice that, and so on up to {@code max}; each {@code base} that it then does well makes up for one time. Once its
 * time is over it takes requests again: the first good answer brings it back, the first failure takes it out again.
 *
 * <p>It works beside {@link Upstream#maxFails}, of which the default takes an upstream out at its first failure already: set
 * that to 0, for never, where the share alone should decide.
 *
 * @param percent share of failures that takes it out, 1 to 100. Default 50
 * @param minimum answers and failures within the window below which no share is looked at. Default 10
 * @param window the time looked back on; slides in tenths. Default 30 s
 * @param base how long one is out the first time. Default 30 s
 * @param max how long one is out at most. Default 5 min
 */
public record OutlierEjection(int percent, int minimum, Duration window, Duration base, Duration max) {
    private static final Duration LONGEST = Duration.ofDays(1);
    private static final OutlierEjection DEFAULTS =
            new OutlierEjection(50, 10, Duration.ofSeconds(30), Duration.ofSeconds(30), Duration.ofMinutes(5));

    /** Checks the values. */
    public OutlierEjection {
        if (percent < 1 || percent > 100) {
            throw new IllegalArgumentException("outlier percent: " + percent + " (expected: 1..100)");
        }
        if (minimum < 1) {
            throw new IllegalArgumentException("outlier minimum: " + minimum + " (expected: >= 1)");
        }
        check("window", window, Duration.ofMillis(1));
        check("base", base, Duration.ofNanos(1));
        check("max", max, base);
    }

    private static void check(String what, Duration value, Duration least) {
        if (value.compareTo(least) < 0 || value.compareTo(LONGEST) > 0) {
            throw new IllegalArgumentException(
                    "outlier " + what + ": " + value + " (expected: " + least + ".." + LONGEST + ")");
        }
    }

    /** The defaults named above. */
    public static OutlierEjection defaults() {
        return DEFAULTS;
    }

    /** Another share of failures, and the number of answers below which it is not looked at. */
    public OutlierEjection withShare(int percent, int minimum) {
        return new OutlierEjection(percent, minimum, window, base, max);
    }

    /** Another window. */
    public OutlierEjection withWindow(Duration window) {
        return new OutlierEjection(percent, minimum, window, base, max);
    }

    /** Other times to be out. */
    public OutlierEjection withTimes(Duration base, Duration max) {
        return new OutlierEjection(percent, minimum, window, base, max);
    }

    /** How long one is out that is taken out for the n-th time, counted from 1. */
    Duration outFor(int times) {
        Duration time = base;
        for (int i = 1; i < times && time.compareTo(max) < 0; i++) {
            time = time.multipliedBy(2);
        }
        return time.compareTo(max) < 0 ? time : max;
    }
}
