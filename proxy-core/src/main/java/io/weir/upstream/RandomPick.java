package io.weir.upstream;

import io.weir.http.Variables;
import java.util.random.RandomGenerator;

/** See {@link BalancingStrategy#random}. */
final class RandomPick implements Balancer {
    private final WeightedDraw weights;
    private final RandomGenerator random;
    private long seed;

    RandomPick(Candidates group, RandomGenerator random) {
        weights = new WeightedDraw(group);
        this.random = random;
        seed = random.nextLong();
    }

    @Override
    public int choose(Candidates group, Variables request) {
        return weights.draw(group, seed, -1);
    }

    @Override
    public void chosen(int index, Candidates group) {
        seed = random.nextLong();
    }
}
