package io.weir.upstream;

import java.util.random.RandomGenerator;

/** A strategy that says what it is. */
record NamedStrategy(String name, BalancingStrategy strategy) implements BalancingStrategy {
    static final BalancingStrategy RANDOM = new NamedStrategy("random", RandomPick::new);
    static final BalancingStrategy RANDOM_TWO = new NamedStrategy("random of two", RandomTwo::new);
    static final BalancingStrategy FIRST = new NamedStrategy("first", (group, random) -> new FirstUsable());

    @Override
    public Balancer start(Candidates group, RandomGenerator random) {
        return strategy.start(group, random);
    }

    @Override
    public String toString() {
        return name;
    }
}
