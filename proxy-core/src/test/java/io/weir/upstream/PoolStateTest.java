package io.weir.upstream;

import static io.weir.upstream.PoolState.Verdict.BAD;
import static io.weir.upstream.PoolState.Verdict.GOOD;
import static io.weir.upstream.PoolState.Verdict.NEUTRAL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class PoolStateTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final long START = Long.MAX_VALUE - 5 * SECOND; // nanoTime may overflow in the middle

    @Test
    void aFailedUpstreamIsOutForFailTimeoutAndThenOneRequestIsLetThrough() {
        PoolState pool = pool("http://a", "http://b");
        UpstreamState a = pool.acquire(null, START, NoVariables.INSTANCE);

        assertThat(pool.release(a, BAD, START)).returns(true, HealthTransition::isEjection);
        assertThat(hosts(pool, START + 10 * SECOND, 3)).isEqualTo("bbb");
        assertThat(hosts(pool, START + 10 * SECOND + 1, 4)).containsOnlyOnce("a");
    }

    @Test
    void theProbeThatSucceedsBringsItBack() {
        PoolState pool = pool("http://a", "http://b");
        pool.release(pool.acquire(null, START, NoVariables.INSTANCE), BAD, START);
        UpstreamState probe = take(pool, "a", START + 11 * SECOND);

        assertThat(pool.release(probe, GOOD, START + 12 * SECOND)).returns(false, HealthTransition::isEjection);
        assertThat(hosts(pool, START + 12 * SECOND, 4)).contains("a", "b");
    }

    @Test
    void theProbeThatFailsKeepsItOutForFailTimeoutFromThen() {
        PoolState pool = pool("http://a", "http://b");
        pool.release(pool.acquire(null, START, NoVariables.INSTANCE), BAD, START);
        UpstreamState probe = take(pool, "a", START + 11 * SECOND);

        assertThat(pool.release(probe, BAD, START + 14 * SECOND)).isNull();
        assertThat(hosts(pool, START + 24 * SECOND, 4)).isEqualTo("bbbb");
        assertThat(hosts(pool, START + 24 * SECOND + 1, 4)).containsOnlyOnce("a");
    }

    @Test
    void theProbeWhoseClientHangsUpSaysNothing() {
        PoolState pool = pool("http://a", "http://b");
        pool.release(pool.acquire(null, START, NoVariables.INSTANCE), BAD, START);
        UpstreamState probe = take(pool, "a", START + 11 * SECOND);

        assertThat(pool.release(probe, NEUTRAL, START + 12 * SECOND)).isNull();
        assertThat(hosts(pool, START + 21 * SECOND, 4)).isEqualTo("bbbb");
        assertThat(hosts(pool, START + 22 * SECOND, 4)).containsOnlyOnce("a");
    }

    @Test
    void aRequestThatBeganBeforeTheFailureDoesNotBringItBack() {
        PoolState pool = pool("http://a", "http://b");
        UpstreamState early = take(pool, "a", START);
        UpstreamState late = take(pool, "a", START + 1);
        pool.release(late, BAD, START + 2);

        assertThat(pool.release(early, GOOD, START + 3)).isNull();
        assertThat(hosts(pool, START + 4, 3)).isEqualTo("bbb");
    }

    @Test
    void failuresAddUpWithinFailTimeout() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxFails(2))
                .upstream("http://b")
                .build());

        assertThat(pool.release(take(pool, "a", START), BAD, START)).isNull();
        assertThat(pool.release(take(pool, "a", START + SECOND), GOOD, START + SECOND))
                .isNull();
        assertThat(pool.release(take(pool, "a", START + 9 * SECOND), BAD, START + 9 * SECOND))
                .returns(true, HealthTransition::isEjection);
    }

    @Test
    void aSuccessLaterThanFailTimeoutForgetsThem() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxFails(2))
                .upstream("http://b")
                .build());
        pool.release(take(pool, "a", START), BAD, START);

        assertThat(pool.release(take(pool, "a", START + 11 * SECOND), GOOD, START + 11 * SECOND))
                .isNull();
        assertThat(pool.release(take(pool, "a", START + 12 * SECOND), BAD, START + 12 * SECOND))
                .isNull();
    }

    @Test
    void withoutMaxFailsNothingTakesItOut() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxFails(0))
                .upstream("http://b", u -> u.maxFails(0))
                .build());

        for (int i = 0; i < 10; i++) {
            assertThat(pool.release(pool.acquire(null, START, NoVariables.INSTANCE), BAD, START))
                    .isNull();
        }
        assertThat(hosts(pool, START, 2)).contains("a", "b");
    }

    @Test
    void theOnlyUpstreamIsNeverOut() {
        PoolState pool = pool("http://a");

        for (int i = 0; i < 3; i++) {
            assertThat(pool.release(pool.acquire(null, START, NoVariables.INSTANCE), BAD, START))
                    .isNull();
        }
        assertThat(hosts(pool, START, 1)).isEqualTo("a");
    }

    @Test
    void theOnlyUpstreamBesideABackupIsOutLikeAnyOther() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b", Upstream.Builder::backup)
                .build());

        pool.release(pool.acquire(null, START, NoVariables.INSTANCE), BAD, START);

        assertThat(hosts(pool, START, 2)).isEqualTo("bb");
    }

    @Test
    void backupsServeOnlyWhileNoOtherCan() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b", Upstream.Builder::backup)
                .upstream("http://c", Upstream.Builder::down)
                .build());
        PoolState.Tried tried = new PoolState.Tried();

        assertThat(hosts(pool, START, 3)).isEqualTo("aaa");
        tried.add(pool.upstreams().get("http://a"));
        UpstreamState backup = pool.acquire(tried, START, NoVariables.INSTANCE);
        assertThat(backup.upstream().host()).isEqualTo("b");
        tried.add(backup);
        assertThat(pool.acquire(tried, START, NoVariables.INSTANCE)).isNull();
    }

    @Test
    void whatIsDownIsNeverChosen() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", Upstream.Builder::down)
                .build());

        assertThat(pool.acquire(null, START, NoVariables.INSTANCE)).isNull();
        assertThat(pool.describe(START)).isEqualTo("http://a (down)");
    }

    @Test
    void whyNoneCanBeTriedIsDescribed() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a:1")
                .upstream("http://b:2")
                .upstream("http://c:3", Upstream.Builder::backup)
                .build());
        pool.release(take(pool, "a", START), BAD, START);

        assertThat(pool.describe(START))
                .isEqualTo("http://a:1 (out: 1 failure, last: no cause was told), http://b:2, http://c:3 (backup)");
    }

    @Test
    void whatDrainsTakesNothingNewUntilItMayAgain() {
        PoolState pool = pool("http://a", "http://b");
        UpstreamState a = take(pool, "a", START);

        pool.drain("http://a", true, START);
        String meanwhile = hosts(pool, START, 3);
        PoolState reloaded = new PoolState(UpstreamPool.of("app", "http://a", "http://c"), pool);

        assertThat(meanwhile).isEqualTo("bbb");
        assertThat(a.inFlight()).isOne();
        assertThat(reloaded.describe(START)).isEqualTo("http://a (draining), http://c");
        reloaded.drain("http://a", false, START);
        assertThat(hosts(reloaded, START, 2)).contains("a");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> pool.drain("http://x", true, START))
                .withMessage("drain: \"http://x\" (expected: an upstream of \"app\", one of [http://a, http://b])");
    }

    @Test
    void everyObstacleIsNamed() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1))
                .upstream("http://b", Upstream.Builder::down)
                .upstream("http://c")
                .upstream("http://d")
                .upstream("http://e")
                .build());
        take(pool, "a", START);
        pool.release(take(pool, "c", START), BAD, START);
        pool.drain("http://d", true, START);
        PoolState.Tried tried = new PoolState.Tried();
        tried.add(pool.upstreams().get("http://e"));

        assertThat(pool.obstacles(START))
                .containsExactly(
                        "http://a (at its limit of 1)",
                        "http://b (down)",
                        "http://c (out: 1 failure, last: no cause was told)",
                        "http://d (draining)");
        assertThat(pool.describe(tried, START)).endsWith(", http://e (tried)");
    }

    @Test
    void theFirstThatCanBeChosenIsTheFirstInOrder() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(2))
                .upstream("http://b", u -> u.maxConnections(1))
                .upstream("http://c")
                .balancing(BalancingStrategy.first())
                .build());

        assertThat(hosts(pool, START, 5)).isEqualTo("aabcc");
    }

    @Test
    void backupsServeWhileAllOthersAreAtTheirLimits() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1))
                .upstream("http://b", Upstream.Builder::backup)
                .build());

        assertThat(hosts(pool, START, 3)).isEqualTo("abb");
    }

    @Test
    void peekChangesNothing() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.weight(5))
                .upstream("http://b")
                .upstream("http://c")
                .build());
        StringBuilder picks = new StringBuilder();

        for (int i = 0; i < 7; i++) {
            UpstreamState seen = pool.peek(START, NoVariables.INSTANCE);
            assertThat(pool.peek(START, NoVariables.INSTANCE)).isSameAs(seen);
            UpstreamState taken = pool.acquire(null, START, NoVariables.INSTANCE);
            assertThat(taken).isSameAs(seen);
            pool.release(taken, GOOD, START);
            picks.append(taken.upstream().host());
        }

        assertThat(picks).hasToString("aabacaa");
        assertThat(pool.upstreams().values()).allMatch(state -> state.inFlight() == 0);
    }

    @Test
    void peekDoesNotUseUpTheOneProbe() {
        PoolState pool = pool("http://a", "http://b");
        pool.release(pool.acquire(null, START, NoVariables.INSTANCE), BAD, START);
        long later = START + 11 * SECOND;

        pool.peek(later, NoVariables.INSTANCE);
        pool.peek(later, NoVariables.INSTANCE);

        assertThat(hosts(pool, later, 4)).containsOnlyOnce("a");
    }

    @Test
    void upstreamsKeepTheirStateWhenTheirPoolIsReplaced() {
        PoolState before = pool("http://a", "http://b", "http://gone");
        UpstreamState a = take(before, "a", START);
        UpstreamState b = take(before, "b", START);
        before.release(b, BAD, START);

        PoolState after = new PoolState(
                UpstreamPool.named("app")
                        .upstream("http://a/v2/", u -> u.weight(7))
                        .upstream("http://b/v2/")
                        .upstream("http://new/v2/")
                        .build(),
                before);

        assertThat(after.upstreams()).containsOnlyKeys("http://a", "http://b", "http://new");
        assertThat(after.upstreams().get("http://a")).isSameAs(a);
        assertThat(a.upstream().weight()).isEqualTo(7);
        assertThat(a.inFlight()).isEqualTo(1);
        assertThat(hosts(after, START, 9)).doesNotContain("b");
    }

    @Test
    void anExchangeOfTheReplacedPoolGivesItsSlotBackThere() {
        PoolState before = pool("http://a", "http://b");
        UpstreamState a = take(before, "a", START);
        PoolState after = new PoolState(UpstreamPool.of("app", "http://a", "http://c"), before);

        assertThat(before.release(a, BAD, START)).returns(true, HealthTransition::isEjection);

        assertThat(a.inFlight()).isZero();
        assertThat(hosts(after, START, 2)).isEqualTo("cc");
    }

    @Test
    void aPoolThatShrinksToOneForgetsItsFailures() {
        PoolState before = pool("http://a", "http://b");
        before.release(take(before, "a", START), BAD, START);

        PoolState after = new PoolState(UpstreamPool.of("app", "http://a"), before);

        assertThat(hosts(after, START, 1)).isEqualTo("a");
    }

    @Test
    void aBalancerOfTheUsersThatChoosesWhatItMayNotGetsNothing() {
        for (int wrong : new int[] {-1, 0, 7}) {
            PoolState pool = new PoolState(UpstreamPool.named("app")
                    .upstream("http://a", Upstream.Builder::down)
                    .upstream("http://b")
                    .balancing((group, random) -> (candidates, request) -> wrong)
                    .build());

            assertThat(pool.acquire(null, START, NoVariables.INSTANCE)).isNull();
        }
    }

    /** Whatever happens in whatever order, each slot comes back once. */
    @RepeatedTest(50)
    void slotsAreNeverNegativeAndAllComeBack(RepetitionInfo run) {
        Random random = new Random(run.getCurrentRepetition());
        PoolState pool = pool("http://a", "http://b", "http://c");
        List<Slot> taken = new ArrayList<>();
        long now = START;

        for (int step = 0; step < 300; step++) {
            now += random.nextInt(2) * SECOND;
            if (random.nextInt(40) == 0) {
                pool = new PoolState(
                        random.nextBoolean()
                                ? UpstreamPool.of("app", "http://a", "http://b", "http://c")
                                : UpstreamPool.of("app", "http://a", "http://d"),
                        pool);
            }
            if (random.nextBoolean()) {
                UpstreamState state = pool.acquire(null, now, NoVariables.INSTANCE);
                if (state != null) {
                    taken.add(new Slot(pool, state));
                }
            } else if (!taken.isEmpty()) {
                Slot slot = taken.remove(random.nextInt(taken.size()));
                PoolState.Verdict verdict = PoolState.Verdict.values()[random.nextInt(3)];
                slot.pool.release(slot.state, verdict, now);
            }
            assertThat(pool.upstreams().values()).allMatch(state -> state.inFlight() >= 0);
            assertThat(taken)
                    .allSatisfy(slot -> assertThat((long) slot.state.inFlight())
                            .isEqualTo(taken.stream()
                                    .filter(other -> other.state == slot.state)
                                    .count()));
        }
        for (Slot slot : taken) {
            slot.pool.release(slot.state, GOOD, now);
        }

        assertThat(pool.upstreams().values()).allMatch(state -> state.inFlight() == 0);
        assertThat(taken).allMatch(slot -> slot.state.inFlight() == 0);
    }

    private record Slot(PoolState pool, UpstreamState state) {}

    private static PoolState pool(String... urls) {
        return new PoolState(UpstreamPool.of("app", urls));
    }

    /** A slot at that upstream, whoever's turn it is. */
    private static UpstreamState take(PoolState pool, String host, long now) {
        PoolState.Tried others = new PoolState.Tried();
        pool.upstreams().values().stream()
                .filter(state -> !state.upstream().host().equals(host))
                .forEach(others::add);
        return pool.acquire(others, now, NoVariables.INSTANCE);
    }

    private static String hosts(PoolState pool, long now, int count) {
        StringBuilder hosts = new StringBuilder();
        for (int i = 0; i < count; i++) {
            hosts.append(
                    pool.acquire(null, now, NoVariables.INSTANCE).upstream().host());
        }
        return hosts.toString();
    }
}
