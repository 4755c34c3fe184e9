package io.weir.upstream;

import io.weir.http.Variables;
import java.util.random.RandomGenerator;

/** See {@link BalancingStrategy#randomTwo}; {@code ngx_http_upstream_get_random2_peer}. */
final class RandomTwo implements Balancer {
    private final WeightedDraw weights;
    private final RandomGenerator random;
    private long seed;
    private long secondSeed;

    RandomTwo(Candidates group, RandomGenerator random) {
        weights = new WeightedDraw(group);
        this.random = random;
        drawSeeds();
    }

    @Override
    public int choose(Candidates group, Variables request) {
        int one = weights.draw(group, seed, -1);
        int other = one < 0 ? -1 : weights.draw(group, secondSeed, one);
        if (other < 0) {
            return one;
        }
        // Among equals the first: it was drawn by weight. nginx takes the second, so that at rest the weak get more.
        boolean otherIsIdler =
                group.inFlight(other) * weights.weight(one) < group.inFlight(one) * weights.weight(other);
        return otherIsIdler ? other : one;
    }

    @Override
    public void chosen(int index, Candidates group) {
        drawSeeds();
    }

    private void drawSeeds() {
        seed = random.nextLong();
        secondSeed = random.nextLong();
    }
}
