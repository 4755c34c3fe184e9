package io.weir.upstream;

import io.weir.http.Variables;

/** See {@link BalancingStrategy#roundRobin}. */
final class RoundRobin implements Balancer {
    static final BalancingStrategy STRATEGY =
            new NamedStrategy("round robin", (group, random) -> new RoundRobin(group));

    private final SmoothWeights weights;

    RoundRobin(Candidates group) {
        weights = new SmoothWeights(group);
    }

    @Override
    public int choose(Candidates group, Variables request) {
        int best = -1;
        long most = Long.MIN_VALUE;
        for (int i = 0; i < weights.size(); i++) {
            if (group.isEligible(i) && weights.score(i) > most) {
                best = i;
                most = weights.score(i);
            }
        }
        return best;
    }

    @Override
    public void chosen(int index, Candidates group) {
        long credits = 0;
        for (int i = 0; i < weights.size(); i++) {
            if (group.isEligible(i)) {
                credits += weights.credit(i);
            }
        }
        weights.charge(index, credits);
    }

    @Override
    public void failed(int index, Candidates group) {
        weights.failed(index, group.upstream(index).maxFails());
    }
}
