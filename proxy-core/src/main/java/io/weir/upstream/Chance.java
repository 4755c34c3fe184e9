package io.weir.upstream;

/** Many random numbers out of one seed, each by its place (SplitMix64): chance that can be asked twice. */
final class Chance {
    private static final long GOLDEN_RATIO = 0x9E3779B97F4A7C15L;

    private Chance() {}

    /** Evenly among 0 … {@code bound} − 1. */
    static long below(long bound, long seed, int place) {
        return (mix(seed, place) >>> 1) % bound;
    }

    /** Evenly among 0 … 1. */
    static double fraction(long seed, int place) {
        return (mix(seed, place) >>> 11) * 0x1.0p-53;
    }

    private static long mix(long seed, int place) {
        long z = seed + (place + 1) * GOLDEN_RATIO;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }
}
