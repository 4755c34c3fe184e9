package io.weir.upstream;

import io.weir.http.Variables;
import java.util.Arrays;

/** See {@link BalancingStrategy#leastTime}. */
final class LeastTime implements Balancer {
    static final BalancingStrategy STRATEGY = new NamedStrategy("least time", (group, random) -> new LeastTime(group));

    /** Weight of a new measurement, as TCP's for its round trips (RFC 6298 §2). */
    private static final double NEWS = 1.0 / 8;
    /** What an average loses while all others are picked once: one that was slow gets another chance. */
    private static final double FADING = 1.0 / 512;

    private static final double SMALLEST_SCALE = 1e-6;
    private static final double UNKNOWN = -1;

    private final double[] perWeight;
    private final EqualsRound round;

    /** Averages, to be multiplied by {@link #scale}: instead of letting all others fade, the one that was picked rises. */
    private final double[] times;

    private final double memory;
    private double scale = 1;
    private int unknown;

    LeastTime(Candidates group) {
        perWeight = new double[group.size()];
        for (int i = 0; i < perWeight.length; i++) {
            perWeight[i] = 1.0 / group.upstream(i).weight();
        }
        memory = 1 - FADING / Math.max(1, perWeight.length);
        round = new EqualsRound(group);
        times = new double[group.size()];
        Arrays.fill(times, UNKNOWN);
        unknown = times.length;
    }

    @Override
    public int choose(Candidates group, Variables request) {
        int[] equals = round.equals();
        int count = 0;
        double slowest = unknown > 0 ? slowest() : 0;
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i < times.length; i++) {
            int load = group.inFlight(i) + 1;
            double time = times[i];
            if (time < 0) {
                // Worth a try, but as long as that runs it is as bad as the worst.
                time = load == 1 ? 0 : slowest;
            }
            double cost = time * load * perWeight[i];
            if (cost > least || !group.isEligible(i)) {
                continue;
            }
            if (cost < least) {
                count = 0;
                least = cost;
            }
            equals[count++] = i;
        }
        return round.next(count);
    }

    @Override
    public void chosen(int index, Candidates group) {
        round.chosen(index);
        scale *= memory;
        if (times[index] >= 0) {
            times[index] /= memory;
        }
        if (scale < SMALLEST_SCALE) {
            rescale();
        }
    }

    @Override
    public void failed(int index, Candidates group) {
        round.failed(index, group.upstream(index).maxFails());
    }

    @Override
    public void answered(int index, long headNanos, Candidates group) {
        double time = headNanos / scale;
        if (times[index] < 0) {
            unknown--;
            times[index] = time;
        } else {
            times[index] += NEWS * (time - times[index]);
        }
    }

    private double slowest() {
        double slowest = 0;
        for (double time : times) {
            slowest = time > slowest ? time : slowest;
        }
        return slowest == 0 ? 1 : slowest;
    }

    private void rescale() {
        for (int i = 0; i < times.length; i++) {
            times[i] = times[i] < 0 ? UNKNOWN : Math.max(1, times[i] * scale);
        }
        scale = 1;
    }
}
