package io.weir.upstream;

import static io.weir.upstream.PoolState.Verdict.BAD;
import static io.weir.upstream.PoolState.Verdict.GOOD;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.http.ProxyError;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class WaitingLineTest {
    private static final long SECOND = 1_000_000_000;

    private final List<String> woken = new ArrayList<>();

    @Test
    void withoutAQueueNobodyWaits() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1))
                .build());
        take(pool);

        assertThat(take(pool)).isNull();
        assertThat(pool.refusal(null, 0, NoVariables.INSTANCE)).isEqualTo(ProxyError.CONNECTION_LIMIT);
        assertThat(lineUp(pool, "x")).isNull();
    }

    @Test
    void whereNoLimitIsTheCauseNobodyWaits() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1).down())
                .queue(5, Duration.ofSeconds(1))
                .build());

        assertThat(pool.refusal(null, 0, NoVariables.INSTANCE)).isEqualTo(ProxyError.UPSTREAM_UNAVAILABLE);
        assertThat(lineUp(pool, "x")).isNull();
    }

    @Test
    void theQueueIsBounded() {
        PoolState pool = pool(1);
        take(pool);

        for (int i = 0; i < 5; i++) {
            assertThat(lineUp(pool, "x")).isNotNull();
        }
        assertThat(lineUp(pool, "x")).isNull();
    }

    @Test
    void slotsAreGrantedInOrderAndNobodyOvertakes() {
        PoolState pool = pool(1);
        UpstreamState slot = take(pool);
        Ticket first = lineUp(pool, "first");
        Ticket second = lineUp(pool, "second");

        pool.release(slot, GOOD, 0);
        pool.wakeWaiting();

        assertThat(woken).containsExactly("first");
        assertThat(take(pool)).isNull();
        assertThat(second.take()).isNull();
        assertThat(first.take()).isSameAs(slot);
        assertThat(first.take()).isNull();
        assertThat(slot.inFlight()).isOne();
    }

    @Test
    void aGrantedSlotThatIsCancelledGoesToTheNext() {
        PoolState pool = pool(1);
        UpstreamState slot = take(pool);
        Ticket first = lineUp(pool, "first");
        Ticket second = lineUp(pool, "second");
        pool.release(slot, GOOD, 0);

        first.cancel(0);
        first.cancel(0);
        pool.wakeWaiting();

        assertThat(woken).containsExactly("first", "second");
        assertThat(first.take()).isNull();
        assertThat(second.take()).isSameAs(slot);
        assertThat(slot.inFlight()).isOne();
    }

    @Test
    void aTicketThatIsCancelledLeavesTheLine() {
        PoolState pool = pool(1);
        UpstreamState slot = take(pool);
        Ticket first = lineUp(pool, "first");
        lineUp(pool, "second");

        first.cancel(0);
        pool.release(slot, GOOD, 0);
        pool.wakeWaiting();

        assertThat(woken).containsExactly("second");
    }

    @Test
    void aSlotThatCameBackBeforeOneGotInLineIsGrantedAtOnce() {
        PoolState pool = pool(1);
        UpstreamState slot = take(pool);
        assertThat(take(pool)).isNull();
        pool.release(slot, GOOD, 0);

        Ticket late = lineUp(pool, "late");
        pool.wakeWaiting();

        assertThat(woken).containsExactly("late");
        assertThat(late.take()).isSameAs(slot);
    }

    @Test
    void whoCannotUseTheSlotDoesNotKeepOthersFromIt() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1))
                .upstream("http://b", u -> u.maxConnections(1))
                .queue(5, Duration.ofSeconds(1))
                .build());
        UpstreamState a = take(pool);
        UpstreamState b = take(pool);
        PoolState.Tried triedA = new PoolState.Tried();
        triedA.add(a);
        Ticket first = pool.lineUp(triedA, 0, NoVariables.INSTANCE, () -> woken.add("not a"));
        Ticket second = lineUp(pool, "any");

        pool.release(a, GOOD, 0);
        pool.release(b, GOOD, 0);
        pool.wakeWaiting();

        assertThat(woken).containsExactly("any", "not a");
        assertThat(second.take()).isSameAs(a);
        assertThat(first.take()).isSameAs(b);
    }

    @Test
    void theTimeToWaitIsThatOfThePool() {
        PoolState pool = pool(1);
        take(pool);

        assertThat(pool.lineUp(null, 7 * SECOND, NoVariables.INSTANCE, () -> {}).until())
                .isEqualTo(8 * SECOND);
    }

    @Test
    void afterAReloadBothGenerationsStandInOneLine() {
        PoolState before = pool(1);
        UpstreamState slot = take(before);
        Ticket old = lineUp(before, "old");
        PoolState after = new PoolState(
                UpstreamPool.named("app")
                        .upstream("http://a", u -> u.maxConnections(1))
                        .upstream("http://new", u -> u.maxConnections(1))
                        .queue(5, Duration.ofSeconds(1))
                        .build(),
                before);
        UpstreamState joined = take(after);
        Ticket young = lineUp(after, "young");

        after.release(joined, GOOD, 0); // no use to the old one
        after.release(slot, GOOD, 0);
        after.wakeWaiting();

        assertThat(young.take()).isSameAs(joined);
        assertThat(old.take()).isSameAs(slot);
    }

    @Test
    void aBiggerLimitLetsThemIn() {
        PoolState before = pool(1);
        take(before);
        PoolState after = new PoolState(pool(3).pool(), before);

        assertThat(take(after)).isNotNull();
        assertThat(take(after)).isNotNull();
        assertThat(take(after)).isNull();
    }

    @Test
    void whoWaitsForAnUpstreamThatDrainsIsServedOnceItDoesNot() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1))
                .upstream("http://b")
                .queue(5, Duration.ofSeconds(1))
                .build());
        pool.drain("http://b", true, 0);
        take(pool);
        Ticket waiting = lineUp(pool, "x");

        pool.drain("http://b", false, 0);
        pool.wakeWaiting();

        assertThat(woken).containsExactly("x");
        assertThat(waiting.take()).isSameAs(pool.upstreams().get("http://b"));
    }

    @Test
    void aStrategyThatThrowsDoesSoToTheOneWhoseTurnItWas() {
        AtomicInteger asked = new AtomicInteger();
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1))
                .queue(5, Duration.ofSeconds(1))
                .balancing((group, random) -> (candidates, request) -> {
                    if (asked.incrementAndGet() == 2) {
                        throw new IllegalStateException("boom");
                    }
                    return 0;
                })
                .build());
        UpstreamState slot = take(pool);
        Ticket unlucky = lineUp(pool, "unlucky");
        Ticket next = lineUp(pool, "next");

        pool.release(slot, GOOD, 0);
        pool.wakeWaiting();

        assertThat(woken).containsExactly("unlucky", "next");
        assertThatThrownBy(unlucky::take).hasMessage("boom");
        assertThat(next.take()).isSameAs(slot);
    }

    /** Whatever happens in whatever order: no limit is exceeded, no slot is lost, and nobody waits while one is free. */
    @RepeatedTest(100)
    void limitsHoldAndNoSlotIsLost(RepetitionInfo run) {
        Random random = new Random(run.getCurrentRepetition());
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(2).maxFails(0))
                .upstream("http://b", u -> u.maxConnections(3).maxFails(0))
                .upstream("http://c", u -> u.maxConnections(1).maxFails(0).backup())
                .queue(8, Duration.ofSeconds(1))
                .balancing(random.nextBoolean() ? BalancingStrategy.randomTwo() : BalancingStrategy.roundRobin())
                .build());
        List<UpstreamState> slots = new ArrayList<>();
        List<Ticket> tickets = new ArrayList<>();

        for (int step = 0; step < 500; step++) {
            switch (random.nextInt(4)) {
                case 0, 1 -> {
                    UpstreamState slot = take(pool);
                    Ticket ticket = slot == null ? lineUp(pool, "x") : null;
                    if (slot != null) {
                        slots.add(slot);
                    } else if (ticket != null) {
                        tickets.add(ticket);
                    }
                }
                case 2 -> {
                    if (!slots.isEmpty()) {
                        pool.release(
                                slots.remove(random.nextInt(slots.size())),
                                PoolState.Verdict.values()[random.nextInt(3)],
                                step);
                    }
                }
                default -> {
                    if (!tickets.isEmpty()) {
                        Ticket ticket = tickets.remove(random.nextInt(tickets.size()));
                        UpstreamState granted = random.nextBoolean() ? ticket.take() : null;
                        if (granted != null) {
                            slots.add(granted);
                        } else {
                            ticket.cancel(step);
                        }
                    }
                }
            }
            pool.wakeWaiting();
            assertThat(pool.upstreams().values())
                    .allMatch(state -> state.inFlight() <= state.upstream().maxConnections());
        }
        tickets.forEach(ticket -> ticket.cancel(0));
        slots.forEach(slot -> pool.release(slot, GOOD, 0));

        assertThat(pool.upstreams().values()).allMatch(state -> state.inFlight() == 0);
        assertThat(pool.lock().line().length()).isZero();
    }

    /** The same with real threads: everyone who waits long enough is served, and never more at once than the limit. */
    @Test
    void fourThreadsShareTwoSlots() throws Exception {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1).maxFails(0))
                .upstream("http://b", u -> u.maxConnections(1).maxFails(0))
                .queue(4, Duration.ofSeconds(1))
                .build());
        AtomicInteger inUse = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        ExecutorService threads = Executors.newFixedThreadPool(4);
        try {
            List<Future<Integer>> all = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                all.add(threads.submit(() -> useSlots(pool, inUse, most)));
            }
            for (Future<Integer> one : all) {
                assertThat(one.get()).isEqualTo(5_000);
            }
        } finally {
            threads.shutdownNow();
        }

        assertThat(most.get()).isLessThanOrEqualTo(2);
        assertThat(pool.upstreams().values()).allMatch(state -> state.inFlight() == 0);
        assertThat(pool.lock().line().length()).isZero();
    }

    private static int useSlots(PoolState pool, AtomicInteger inUse, AtomicInteger most) throws InterruptedException {
        int served = 0;
        while (served < 5_000) {
            UpstreamState slot = pool.acquire(null, 0, NoVariables.INSTANCE);
            pool.wakeWaiting();
            if (slot == null) {
                slot = waitForSlot(pool);
            }
            if (slot == null) {
                continue; // it was cancelled
            }
            most.accumulateAndGet(inUse.incrementAndGet(), Math::max);
            served++;
            inUse.decrementAndGet();
            pool.release(slot, served % 3 == 0 ? BAD : GOOD, 0);
            pool.wakeWaiting();
        }
        return served;
    }

    private static UpstreamState waitForSlot(PoolState pool) throws InterruptedException {
        CountDownLatch wake = new CountDownLatch(1);
        Ticket ticket = pool.lineUp(null, 0, NoVariables.INSTANCE, wake::countDown);
        if (ticket == null) {
            return null;
        }
        pool.wakeWaiting();
        if (ThreadLocalRandom.current().nextInt(10) == 0) {
            ticket.cancel(0);
            pool.wakeWaiting();
            return null;
        }
        assertThat(wake.await(30, TimeUnit.SECONDS)).isTrue();
        UpstreamState granted = ticket.take();
        assertThat(granted).isNotNull();
        return granted;
    }

    /** One upstream with that limit, and room for five to wait. */
    private static PoolState pool(int limit) {
        return new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(limit))
                .queue(5, Duration.ofSeconds(1))
                .build());
    }

    private static UpstreamState take(PoolState pool) {
        return pool.acquire(null, 0, NoVariables.INSTANCE);
    }

    private Ticket lineUp(PoolState pool, String name) {
        return pool.lineUp(null, 0, NoVariables.INSTANCE, () -> woken.add(name));
    }
}
