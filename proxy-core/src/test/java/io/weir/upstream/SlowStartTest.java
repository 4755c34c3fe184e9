package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SlowStartTest {
    private static final long SECOND = 1_000_000_000;
    private static final long BACK = 20 * SECOND;
    private static final int PICKS = 10_000;

    @ParameterizedTest
    @CsvSource({"0, 0.1", "10, 0.1", "25, 0.25", "50, 0.5", "75, 0.75", "100, 1", "200, 1"})
    void theShareGrowsFromATenthToAll(int seconds, double share) {
        PoolState pool = pool(BalancingStrategy.roundRobin());
        returns(pool);

        assertThat(countOfA(pool, BACK + seconds * SECOND)).isBetween(half(share - 0.03), half(share + 0.03));
    }

    @Test
    void itHoldsForEveryStrategy() {
        Map<String, BalancingStrategy> strategies = Map.of(
                "leastConnections", BalancingStrategy.leastConnections(),
                "random", BalancingStrategy.random(),
                "randomTwo", BalancingStrategy.randomTwo(),
                "leastTime", BalancingStrategy.leastTime());
        strategies.forEach((name, strategy) -> {
            PoolState pool = pool(strategy);
            returns(pool);

            assertThat(countOfA(pool, BACK + 40 * SECOND)).as(name).isBetween((int) (PICKS * 0.05), (int)
                    (PICKS * 0.43));
        });
    }

    @Test
    void itIsChosenAllTheSameWhereItIsAlone() {
        PoolState pool = pool(BalancingStrategy.roundRobin());
        returns(pool);
        PoolState.Tried b = new PoolState.Tried();
        b.add(pool.upstreams().get("http://b"));

        for (int i = 0; i < 100; i++) {
            assertThat(pool.acquire(b, BACK, NoVariables.INSTANCE)).isNotNull();
        }
    }

    @Test
    void theStartOfTheProxyIsNoReturn() {
        assertThat(countOfA(pool(BalancingStrategy.roundRobin()), 0)).isEqualTo(PICKS / 2);
    }

    @Test
    void oneThatAReloadBringsInStartsSlowlyFromItsFirstChoiceOn() {
        PoolState before = new PoolState(UpstreamPool.of("app", "http://b"));
        PoolState after = new PoolState(pool(BalancingStrategy.roundRobin()).pool(), before);

        assertThat(countOfA(after, 500 * SECOND)).isBetween(half(0.07), half(0.13));
        assertThat(countOfA(after, 550 * SECOND)).isBetween(half(0.47), half(0.53));
    }

    private static int half(double share) {
        return (int) (PICKS / 2 * Math.min(1, share));
    }

    /** {@code a}, which takes 100 s, beside {@code b}. */
    private static PoolState pool(BalancingStrategy strategy) {
        return new PoolState(
                UpstreamPool.named("app")
                        .upstream("http://a", u -> u.slowStart(Duration.ofSeconds(100)))
                        .upstream("http://b")
                        .balancing(strategy)
                        .build(),
                null,
                new SplittableRandom(7));
    }

    private static void returns(PoolState pool) {
        UpstreamState a = pool.upstreams().get("http://a");
        a.taken(0);
        pool.release(a, PoolState.Verdict.BAD, 0);
        a.taken(BACK);
        assertThat(pool.release(a, PoolState.Verdict.GOOD, BACK)).returns(false, HealthTransition::isEjection);
    }

    private static int countOfA(PoolState pool, long now) {
        int count = 0;
        for (int i = 0; i < PICKS; i++) {
            UpstreamState taken = pool.acquire(null, now, NoVariables.INSTANCE);
            pool.release(taken, PoolState.Verdict.NEUTRAL, now);
            count += taken.upstream().host().equals("a") ? 1 : 0;
        }
        return count;
    }
}
