package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Strategies that draw, with a seed. */
class ChanceTest {
    private static final int PICKS = 20_000;

    @Test
    void randomFollowsTheWeights() {
        PoolState pool = pool(BalancingStrategy.random(), c -> {});

        Map<String, Integer> counts = picks(pool);

        assertThat(counts.get("a")).isBetween(9_700, 10_300);
        assertThat(counts.get("b")).isBetween(5_700, 6_300);
        assertThat(counts.get("c")).isBetween(3_700, 4_300);
    }

    @Test
    void whatCannotBeChosenLeavesItsShareToTheOthersByWeight() {
        PoolState pool = pool(BalancingStrategy.random(), Upstream.Builder::down);

        Map<String, Integer> counts = picks(pool);

        assertThat(counts.get("a")).isBetween(12_200, 12_800);
        assertThat(counts).doesNotContainKey("c");
    }

    @Test
    void oneAmongManyThatAreDownIsFoundAllTheSame() {
        for (BalancingStrategy strategy :
                new BalancingStrategy[] {BalancingStrategy.random(), BalancingStrategy.randomTwo()}) {
            UpstreamPool.Builder builder = UpstreamPool.named("app").balancing(strategy);
            for (int i = 0; i < 300; i++) {
                int index = i;
                builder.upstream("http://u" + i, u -> {
                    if (index != 217) {
                        u.down();
                    }
                });
            }
            PoolState pool = new PoolState(builder.build());

            for (int i = 0; i < 100; i++) {
                assertThat(pool.acquire(null, 0, NoVariables.INSTANCE)
                                .upstream()
                                .host())
                        .isEqualTo("u217");
            }
        }
    }

    @Test
    void ofTwoTheOneWithFewerConnectionsForItsWeightWins() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.weight(2))
                .upstream("http://b")
                .balancing(BalancingStrategy.randomTwo())
                .build());

        for (int i = 0; i < 300; i++) {
            pool.acquire(null, 0, NoVariables.INSTANCE);
        }

        assertThat(pool.upstreams().get("http://a").inFlight()).isBetween(199, 201);
    }

    @Test
    void atRestTwoDrawsFollowTheWeightsToo() {
        Map<String, Integer> counts = picks(pool(BalancingStrategy.randomTwo(), c -> {}));

        assertThat(counts.get("a")).isBetween(9_700, 10_300);
    }

    @Test
    void anotherSeedIsAnotherRunAndTheSameSeedTheSame() {
        assertThat(run(1)).isEqualTo(run(1)).isNotEqualTo(run(2));
    }

    @Test
    void peekTellsWhatTheNextGets() {
        for (BalancingStrategy strategy :
                new BalancingStrategy[] {BalancingStrategy.random(), BalancingStrategy.randomTwo()}) {
            PoolState pool = pool(strategy, c -> c.slowStart(Duration.ofDays(1)));
            for (int i = 0; i < 200; i++) {
                UpstreamState seen = pool.peek(i, NoVariables.INSTANCE);

                assertThat(pool.peek(i, NoVariables.INSTANCE)).isSameAs(seen);
                assertThat(pool.acquire(null, i, NoVariables.INSTANCE)).isSameAs(seen);
            }
        }
    }

    private static PoolState pool(BalancingStrategy strategy, Consumer<Upstream.Builder> third) {
        return new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.weight(5))
                .upstream("http://b", u -> u.weight(3))
                .upstream("http://c", u -> third.accept(u.weight(2)))
                .balancing(strategy)
                .build());
    }

    private static Map<String, Integer> picks(PoolState pool) {
        Map<String, Integer> counts = new HashMap<>();
        for (int i = 0; i < PICKS; i++) {
            UpstreamState taken = pool.acquire(null, 0, NoVariables.INSTANCE);
            pool.release(taken, PoolState.Verdict.GOOD, 0);
            counts.merge(taken.upstream().host(), 1, Integer::sum);
        }
        return counts;
    }

    private static String run(long seed) {
        PoolState pool = new PoolState(
                UpstreamPool.named("app")
                        .upstream("http://a")
                        .upstream("http://b")
                        .balancing(BalancingStrategy.random())
                        .build(),
                null,
                new SplittableRandom(seed));
        StringBuilder picks = new StringBuilder();
        for (int i = 0; i < 64; i++) {
            picks.append(pool.acquire(null, 0, NoVariables.INSTANCE).upstream().host());
        }
        return picks.toString();
    }
}
