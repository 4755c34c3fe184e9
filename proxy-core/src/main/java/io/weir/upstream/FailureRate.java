package io.weir.upstream;

import java.util.Arrays;

/**
 * One upstream under {@link OutlierEjection}: its answers and failures within the window, and whether they keep it out.
 * Guarded by its pool's lock.
 */
final class FailureRate {
    private static final int SLICES = 10;

    private final int[] all = new int[SLICES];
    private final int[] bad = new int[SLICES];
    private long slice;
    private boolean started;

    private boolean suspect;
    private long outUntil;
    private int times;
    private long backAt;

    /** Whether its time out is not over at that moment. */
    boolean isOut(long now) {
        return suspect && now - outUntil < 0;
    }

    /** Whether it was taken out and has not answered well since. */
    boolean isSuspect() {
        return suspect;
    }

    long outUntil() {
        return outUntil;
    }

    /** Counts a good answer; returns whether it brings the upstream back. */
    boolean succeeded(OutlierEjection rule, long now) {
        if (suspect) {
            if (isOut(now)) {
                return false; // it began before
            }
            suspect = false;
            backAt = now;
            return true;
        }
        count(rule, now, 0);
        return false;
    }

    /** Counts a failure; returns whether the upstream has to go. */
    boolean failed(OutlierEjection rule, long now) {
        if (suspect) {
            return !isOut(now);
        }
        count(rule, now, 1);
        int total = total();
        return total >= rule.minimum() && (long) failures() * 100 >= (long) rule.percent() * total;
    }

    /** Takes it out. */
    void eject(OutlierEjection rule, long now) {
        if (times > 0 && !suspect) {
            long madeUp = (now - backAt) / rule.base().toNanos();
            times = (int) Math.max(0, times - madeUp);
        }
        times++;
        suspect = true;
        outUntil = now + rule.outFor(times).toNanos();
        started = false;
    }

    int failures() {
        return sum(bad);
    }

    int total() {
        return sum(all);
    }

    private void count(OutlierEjection rule, long now, int failures) {
        long current = Math.floorDiv(now, Math.max(1, rule.window().toNanos() / SLICES));
        if (!started || Math.abs(current - slice) >= SLICES) {
            Arrays.fill(all, 0);
            Arrays.fill(bad, 0);
            started = true;
            slice = current;
        }
        for (; slice < current; slice++) {
            int next = (int) Math.floorMod(slice + 1, (long) SLICES);
            all[next] = 0;
            bad[next] = 0;
        }
        int here = (int) Math.floorMod(slice, (long) SLICES);
        all[here]++;
        bad[here] += failures;
    }

    private static int sum(int[] slices) {
        int sum = 0;
        for (int one : slices) {
            sum += one;
        }
        return sum;
    }
}
