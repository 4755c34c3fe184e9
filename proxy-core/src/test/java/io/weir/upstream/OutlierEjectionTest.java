package io.weir.upstream;

import static io.weir.upstream.PoolState.Verdict.BAD;
import static io.weir.upstream.PoolState.Verdict.GOOD;
import static io.weir.upstream.PoolState.Verdict.NEUTRAL;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutlierEjectionTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long START = Long.MAX_VALUE - 5 * SECOND; // nanoTime may overflow in the middle
    private static final OutlierEjection RULE = OutlierEjection.defaults()
            .withShare(50, 4)
            .withWindow(Duration.ofSeconds(10))
            .withTimes(Duration.ofSeconds(30), Duration.ofSeconds(100));

    private final PoolState pool = pool(PassiveHealth.defaults().withOutlierEjection(RULE));

    @Test
    void belowTheMinimumNoShareTakesOneOut() {
        assertThat(end("a", BAD, START)).isNull();
        assertThat(end("a", BAD, START)).isNull();
        assertThat(end("a", BAD, START)).isNull();
        assertThat(end("a", BAD, START)).isNotNull();
    }

    @Test
    void aShareBelowTheLimitTakesNobodyOut() {
        for (int i = 0; i < 50; i++) {
            assertThat(end("a", GOOD, START)).isNull();
            assertThat(end("a", GOOD, START)).isNull();
            assertThat(end("a", BAD, START)).isNull();
        }
    }

    @Test
    void theEjectionSaysTheShareTheLastCauseAndTheTime() {
        HealthTransition ejected = eject("a", START);

        assertThat(ejected.line())
                .isEqualTo(
                        "upstream http://a ejected from \"app\" for PT30S: 4 of 4 answers within PT10S were failures,"
                                + " last: broken");
        assertThat(pool.describe(START + 30 * SECOND - 1)).startsWith("http://a (out: 4 of 4 answers");
        assertThat(pool.describe(START + 30 * SECOND)).startsWith("http://a, ");
    }

    @Test
    void whatLiesBeforeTheWindowIsForgotten() {
        for (int i = 0; i < 3; i++) {
            end("a", BAD, START);
        }

        assertThat(end("a", BAD, START + 11 * SECOND)).isNull();
        assertThat(end("a", BAD, START + 12 * SECOND)).isNull();
    }

    @Test
    void theClientsDoingSaysNothing() {
        for (int i = 0; i < 20; i++) {
            assertThat(end("a", NEUTRAL, START)).isNull();
        }
        end("a", BAD, START);

        assertThat(pool.describe(START)).startsWith("http://a, ");
    }

    @Test
    void afterItsTimeTheFirstGoodAnswerBringsItBackAndTheFirstFailureTakesItOutForLonger() {
        eject("a", START);
        long over = START + 30 * SECOND;

        HealthTransition again = end("a", BAD, over);
        HealthTransition early = end("a", GOOD, over + SECOND);
        HealthTransition back = end("a", GOOD, over + 60 * SECOND);

        assertThat(again.outFor()).isEqualTo(Duration.ofSeconds(60));
        assertThat(again.cause()).isEqualTo("it failed again, last: broken");
        assertThat(early).as("of an attempt that began before").isNull();
        assertThat(back.line()).isEqualTo("upstream http://a is back in \"app\": it answered well");
    }

    @Test
    void doingWellMakesUpForTimesOut() {
        eject("a", START);
        long back = START + 30 * SECOND;
        end("a", GOOD, back);

        assertThat(eject("a", back + 29 * SECOND).outFor()).isEqualTo(Duration.ofSeconds(60));
        long secondBack = back + 89 * SECOND;
        end("a", GOOD, secondBack);
        assertThat(eject("a", secondBack + 60 * SECOND).outFor()).isEqualTo(Duration.ofSeconds(30));
    }

    @ParameterizedTest
    @CsvSource({"1, 30", "2, 60", "3, 100", "4, 100", "2147483647, 100"})
    void timesOutDoubleUpToTheMost(int times, int seconds) {
        assertThat(RULE.outFor(times)).isEqualTo(Duration.ofSeconds(seconds));
    }

    @Test
    void noMoreThanTheShareOfThePoolGoes() {
        PoolState pool = pool(
                PassiveHealth.defaults().withMaxOut(50).withStatuses(500),
                "http://a",
                "http://b",
                "http://c",
                "http://d");
        List<String> out = new ArrayList<>();

        for (UpstreamState state : pool.upstreams().values()) {
            state.taken(START);
            HealthTransition transition = pool.release(state, BAD, START);
            if (transition != null) {
                out.add(transition.upstream().upstream().url());
            }
        }

        assertThat(out).hasSize(2);
        assertThat(pool.obstacles(START)).hasSize(2);
    }

    @Test
    void whenTooFewAreWellHealthIsIgnored() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b")
                .upstream("http://c")
                .failOpenBelow(50)
                .build());
        fail(pool, "http://a");
        int oneOut = pool.obstacles(START).size();

        fail(pool, "http://b");

        assertThat(oneOut).isEqualTo(1);
        assertThat(pool.obstacles(START)).isEmpty();
        assertThat(pool.status(START).upstreams())
                .extracting(UpstreamStatus::standing)
                .containsExactly(
                        UpstreamStatus.Standing.EJECTED,
                        UpstreamStatus.Standing.EJECTED,
                        UpstreamStatus.Standing.READY);
    }

    @Test
    void aReloadKeepsWhoIsOut() {
        eject("a", START);
        PoolState after = new PoolState(named(PassiveHealth.defaults().withOutlierEjection(RULE)), pool);
        String kept = after.describe(START + SECOND);
        PoolState without = new PoolState(named(PassiveHealth.defaults()), after);

        assertThat(kept).startsWith("http://a (out: 4 of 4 answers");
        assertThat(without.describe(START + SECOND)).isEqualTo("http://a, http://b");
    }

    /** Whatever happens: of a pool of which half may be out, half can be chosen. */
    @RepeatedTest(30)
    void halfOfThePoolCanAlwaysBeChosen(RepetitionInfo run) {
        Random random = new Random(run.getCurrentRepetition());
        PoolState pool = pool(
                PassiveHealth.defaults().withOutlierEjection(RULE).withMaxOut(50),
                "http://a",
                "http://b",
                "http://c",
                "http://d");
        List<UpstreamState> running = new ArrayList<>();
        long now = START;

        for (int step = 0; step < 500; step++) {
            now += random.nextInt(3) * SECOND;
            if (running.isEmpty() || random.nextBoolean()) {
                UpstreamState taken = pool.acquire(null, now, NoVariables.INSTANCE);
                assertThat(taken).isNotNull();
                running.add(taken);
            } else {
                UpstreamState ended = running.remove(random.nextInt(running.size()));
                pool.release(ended, random.nextInt(3) == 0 ? GOOD : BAD, now);
            }
            assertThat(pool.obstacles(now)).hasSizeLessThanOrEqualTo(2);
        }
    }

    private @Nullable HealthTransition end(String host, PoolState.Verdict verdict, long now) {
        UpstreamState state = pool.upstreams().get("http://" + host);
        state.taken(now);
        return pool.release(state, verdict, "broken", now);
    }

    private HealthTransition eject(String host, long now) {
        HealthTransition transition = null;
        for (int i = 0; i < 20 && transition == null; i++) {
            transition = end(host, BAD, now);
        }
        assertThat(transition).isNotNull();
        return transition;
    }

    private static void fail(PoolState pool, String url) {
        UpstreamState state = pool.upstreams().get(url);
        state.taken(START);
        pool.release(state, BAD, START);
    }

    private static PoolState pool(PassiveHealth health) {
        return new PoolState(named(health));
    }

    /** Of two upstreams that only their share of failures takes out. */
    private static UpstreamPool named(PassiveHealth health) {
        return UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxFails(0))
                .upstream("http://b", u -> u.maxFails(0))
                .passiveHealth(health)
                .build();
    }

    private static PoolState pool(PassiveHealth health, String... urls) {
        UpstreamPool.Builder pool = UpstreamPool.named("app").passiveHealth(health);
        for (String url : urls) {
            pool.upstream(url);
        }
        return new PoolState(pool.build());
    }
}
