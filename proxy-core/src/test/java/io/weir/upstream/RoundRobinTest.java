package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class RoundRobinTest {

    @Test
    void weightsFiveOneOneGiveTheSmoothSequence() {
        PoolState state = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.weight(5))
                .upstream("http://b")
                .upstream("http://c")
                .build());

        assertThat(picks(state, 14)).isEqualTo("aabacaa" + "aabacaa");
    }

    @Test
    void aPoolThatIsBuiltAnewGoesOnWhereItWas() {
        PoolState before = new PoolState(UpstreamPool.of("app", "http://a", "http://b", "http://c"));
        String first = picks(before, 2);
        PoolState after = new PoolState(UpstreamPool.of("app", "http://a", "http://b", "http://c"), before);

        assertThat(first + picks(after, 4)).isEqualTo("abcabc");
    }

    @Test
    void otherWeightsBeginAnew() {
        PoolState before = new PoolState(UpstreamPool.of("app", "http://a", "http://b"));
        picks(before, 1);
        PoolState after = new PoolState(
                UpstreamPool.named("app")
                        .upstream("http://a", u -> u.weight(2))
                        .upstream("http://b")
                        .build(),
                before);

        assertThat(picks(after, 3)).isEqualTo("aba");
    }

    @Test
    void equalUpstreamsTakeTurns() {
        assertThat(picks(new PoolState(UpstreamPool.of("app", "http://a", "http://b", "http://c")), 7))
                .isEqualTo("abcabca");
    }

    @Test
    void theLargestWeightsDoNotOverflow() {
        PoolState state = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.weight(Integer.MAX_VALUE))
                .upstream("http://b", u -> u.weight(Integer.MAX_VALUE))
                .upstream("http://c", u -> u.weight(Integer.MAX_VALUE))
                .build());

        assertThat(picks(state, 6)).isEqualTo("abcabc");
    }

    /** Random pools, orders and moments; each pick and each count is the same as nginx's. */
    @RepeatedTest(200)
    void picksAndHealthAreThoseOfNginx(RepetitionInfo run) {
        Random random = new Random(run.getCurrentRepetition());
        UpstreamPool pool = randomPool(random);
        PoolState ours = new PoolState(pool);
        NginxRoundRobin nginx = new NginxRoundRobin(pool);
        Deque<Pair> running = new ArrayDeque<>();
        PoolState.Tried tried = new PoolState.Tried();
        Set<String> triedUrls = new HashSet<>();
        // Like System.nanoTime, the clock may start anywhere, below zero too.
        long now = random.nextBoolean() ? random.nextLong() / 4 : 0;

        for (int step = 0; step < 500; step++) {
            now += random.nextInt(4) == 0
                    ? Duration.ofMillis(random.nextInt(6000)).toNanos()
                    : random.nextInt(1000);
            if (running.isEmpty() || random.nextInt(3) > 0) {
                UpstreamState taken = ours.acquire(tried, now, NoVariables.INSTANCE);
                NginxRoundRobin.Peer expected = nginx.get(triedUrls, now);

                assertThat(taken == null ? null : taken.upstream().url())
                        .as("step %d", step)
                        .isEqualTo(expected == null ? null : expected.url);
                if (taken != null) {
                    running.add(new Pair(taken, expected));
                }
            } else {
                Pair ended = random.nextBoolean() ? running.removeFirst() : running.removeLast();
                boolean failed = random.nextInt(3) == 0;
                ours.release(ended.ours, failed ? PoolState.Verdict.BAD : PoolState.Verdict.GOOD, now);
                nginx.free(ended.nginx, failed, now);

                assertThat(ended.ours.inFlight()).isEqualTo(ended.nginx.connections);
                assertThat((long) ended.ours.fails()).as("step %d", step).isEqualTo(ended.nginx.fails);
            }
            if (random.nextInt(5) == 0) {
                tried = new PoolState.Tried();
                triedUrls.clear();
            } else if (random.nextInt(5) == 0 && !running.isEmpty()) {
                tried.add(running.getLast().ours);
                triedUrls.add(running.getLast().nginx.url);
            }
        }
    }

    private record Pair(UpstreamState ours, NginxRoundRobin.Peer nginx) {}

    private static UpstreamPool randomPool(Random random) {
        UpstreamPool.Builder pool = UpstreamPool.named("app");
        int size = 1 + random.nextInt(6);
        for (int i = 0; i < size; i++) {
            boolean backup = i > 0 && random.nextInt(4) == 0;
            boolean down = random.nextInt(8) == 0;
            pool.upstream("http://u" + i, u -> {
                u.weight(1 + random.nextInt(7)).maxFails(random.nextInt(4));
                u.failTimeout(Duration.ofSeconds(1 + random.nextInt(10)));
                if (backup) {
                    u.backup();
                }
                if (down) {
                    u.down();
                }
            });
        }
        return pool.build();
    }

    private static String picks(PoolState state, int count) {
        StringBuilder picks = new StringBuilder();
        for (int i = 0; i < count; i++) {
            picks.append(state.acquire(null, 0, NoVariables.INSTANCE).upstream().host());
        }
        return picks.toString();
    }
}
