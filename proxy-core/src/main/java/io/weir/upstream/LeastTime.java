package io.weir.upstream;

import io.weir.http.Variables;
import java.util.Arrays;

/** See {@link BalancingStrategy#leastTime}. */
final class LeastTime implements Balancer {
    /** Weight of a new measurement, as TCP's for its round trips (RFC 6298 §2). */
    private static final double NEWS = 1.0 / 8;
    /** What is left of an old measurement for each pick of another: one that was slow gets another chance. */
    private static final double MEMORY = 1 - 1.0 / 1024;

    private static final double UNKNOWN = -1;

    private final SmoothWeights weights;
    private final double[] headNanos;

    LeastTime(Candidates group) {
        weights = new SmoothWeights(group);
        headNanos = new double[group.size()];
        Arrays.fill(headNanos, UNKNOWN);
    }

    @Override
    public int choose(Candidates group, Variables request) {
        double slowest = slowest();
        int best = -1;
        double bestCost = 0;
        for (int i = 0; i < headNanos.length; i++) {
            if (!group.isEligible(i)) {
                continue;
            }
            double cost = cost(group, i, slowest);
            if (best < 0 || cost < bestCost || (cost == bestCost && weights.isAhead(i, best))) {
                best = i;
                bestCost = cost;
            }
        }
        return best;
    }

    @Override
    public void chosen(int index, Candidates group) {
        double slowest = slowest();
        double cost = cost(group, index, slowest);
        long credits = 0;
        for (int i = 0; i < headNanos.length; i++) {
            if (group.isEligible(i) && cost(group, i, slowest) == cost) {
                credits += weights.credit(i);
            }
        }
        weights.charge(index, credits);
        for (int i = 0; i < headNanos.length; i++) {
            headNanos[i] *= i == index || headNanos[i] < 0 ? 1 : MEMORY;
        }
    }

    @Override
    public void answered(int index, long headNanos, Candidates group) {
        double before = this.headNanos[index];
        this.headNanos[index] = before < 0 ? headNanos : before + NEWS * (headNanos - before);
    }

    /** An unknown one is worth a try, but as long as that runs it is as bad as the worst. */
    private double cost(Candidates group, int index, double slowest) {
        int load = group.inFlight(index) + 1;
        if (headNanos[index] < 0) {
            return load == 1 ? 0 : slowest * load / weights.weight(index);
        }
        return headNanos[index] * load / weights.weight(index);
    }

    private double slowest() {
        double slowest = 0;
        for (double known : headNanos) {
            slowest = Math.max(slowest, known);
        }
        return slowest == 0 ? 1 : slowest;
    }
}
