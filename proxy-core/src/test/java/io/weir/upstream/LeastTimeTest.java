package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ResponseHead;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class LeastTimeTest {
    private static final long MILLI = 1_000_000;
    private static final ResponseHead OK = ResponseHead.of(200);

    private final PoolState pool = new PoolState(UpstreamPool.named("app")
            .upstream("http://a")
            .upstream("http://b")
            .balancing(BalancingStrategy.leastTime())
            .build());

    @Test
    void whoHasNotAnsweredYetGetsOneRequestOnly() {
        UpstreamState a = take();
        pool.answered(a, OK, MILLI);
        pool.release(a, PoolState.Verdict.GOOD, 0);

        assertThat(hosts(2)).isEqualTo("ba");
    }

    @Test
    void theQuickerTakesMoreUntilItsLoadMakesUpForIt() {
        measure("a", 10);
        measure("b", 35);

        // a costs 10, 20, 30 … as its load grows; b costs 35.
        assertThat(hosts(4)).isEqualTo("aaab");
    }

    @Test
    void theAverageFollowsTheNews() {
        measure("a", 10);
        measure("b", 30);
        for (int i = 0; i < 20; i++) {
            measure("a", 100);
        }

        assertThat(hosts(1)).isEqualTo("b");
    }

    @Test
    void anAnswerThatSaysItIsIllIsNotQuick() {
        measure("a", 10);
        measure("b", 30);

        pool.answered(pool.upstreams().get("http://b"), ResponseHead.of(500), 1);

        assertThat(hosts(1)).isEqualTo("a");
    }

    @Test
    void whoWasSlowGetsAnotherChance() {
        Simulation.Result result = Simulation.of(pool.pool())
                .taking("http://a", Duration.ofMillis(1))
                .taking("http://b", Duration.ofMillis(5))
                .requests(10_000, 1)
                .run();

        assertThat(result.answered().get("http://b")).isBetween(2, 100);
    }

    @Test
    void itGoesOnForEver() {
        measure("a", 1);
        measure("b", 2);
        int ofB = 0;

        for (int i = 0; i < 100_000; i++) {
            UpstreamState taken = take();
            boolean isB = taken.upstream().host().equals("b");
            pool.answered(taken, OK, (isB ? 2 : 1) * MILLI);
            pool.release(taken, PoolState.Verdict.GOOD, 0);
            ofB += isB ? 1 : 0;
        }

        assertThat(ofB).isBetween(50, 5_000);
    }

    @Test
    void weightCounts() {
        PoolState weighted = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.weight(3))
                .upstream("http://b")
                .balancing(BalancingStrategy.leastTime())
                .build());
        weighted.upstreams().values().forEach(state -> weighted.answered(state, OK, MILLI));

        for (int i = 0; i < 40; i++) {
            weighted.acquire(null, 0, NoVariables.INSTANCE);
        }

        assertThat(weighted.upstreams().get("http://a").inFlight()).isBetween(29, 31);
    }

    private void measure(String host, long millis) {
        pool.answered(pool.upstreams().get("http://" + host), OK, millis * MILLI);
    }

    private UpstreamState take() {
        return pool.acquire(null, 0, NoVariables.INSTANCE);
    }

    private String hosts(int count) {
        StringBuilder hosts = new StringBuilder();
        for (int i = 0; i < count; i++) {
            hosts.append(take().upstream().host());
        }
        return hosts.toString();
    }
}
