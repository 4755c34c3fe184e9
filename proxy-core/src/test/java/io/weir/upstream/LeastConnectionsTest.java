package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class LeastConnectionsTest {

    @Test
    void theLeastBusyForItsWeightIsChosen() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.weight(3))
                .upstream("http://b")
                .balancing(BalancingStrategy.leastConnections())
                .build());

        // At 3 and 1 in flight both are equally busy again.
        assertThat(picks(pool, 8)).isEqualTo("abaa" + "abaa");
    }

    @Test
    void amongEqualsTheyTakeTurns() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b")
                .upstream("http://c")
                .balancing(BalancingStrategy.leastConnections())
                .build());
        StringBuilder picks = new StringBuilder();

        for (int i = 0; i < 6; i++) {
            UpstreamState taken = pool.acquire(null, 0, NoVariables.INSTANCE);
            pool.release(taken, PoolState.Verdict.GOOD, 0);
            picks.append(taken.upstream().host());
        }

        assertThat(picks).hasToString("abcabc");
    }

    /** Random pools and orders; each pick is the same as that of nginx's formulas, written down independently. */
    @RepeatedTest(200)
    void picksAreThoseOfNginx(RepetitionInfo run) {
        Random random = new Random(run.getCurrentRepetition());
        UpstreamPool.Builder builder = UpstreamPool.named("app").balancing(BalancingStrategy.leastConnections());
        List<Peer> peers = new ArrayList<>();
        for (int i = 0; i < 1 + random.nextInt(6); i++) {
            Peer peer = new Peer("http://u" + i, 1 + random.nextInt(5), random.nextInt(4), random.nextInt(8) == 0);
            peers.add(peer);
            builder.upstream(peer.url, u -> {
                u.weight((int) peer.weight).maxConnections(peer.maxConns).maxFails(0);
                if (peer.down) {
                    u.down();
                }
            });
        }
        PoolState ours = new PoolState(builder.build());
        Deque<UpstreamState> running = new ArrayDeque<>();
        Deque<Peer> runningThere = new ArrayDeque<>();

        for (int step = 0; step < 400; step++) {
            if (running.isEmpty() || random.nextInt(5) > 1) {
                UpstreamState taken = ours.acquire(null, step, NoVariables.INSTANCE);
                Peer expected = next(peers);

                assertThat(taken == null ? null : taken.upstream().url())
                        .as("step %d", step)
                        .isEqualTo(expected == null ? null : expected.url);
                if (taken != null) {
                    running.add(taken);
                    runningThere.add(expected);
                }
            } else {
                boolean oldest = random.nextBoolean();
                ours.release(oldest ? running.removeFirst() : running.removeLast(), PoolState.Verdict.NEUTRAL, step);
                (oldest ? runningThere.removeFirst() : runningThere.removeLast()).conns--;
            }
        }
    }

    /** Two of three upstreams outlive a reload; those who came before it still hold slots, and go on choosing. */
    @RepeatedTest(50)
    void loadsAreCountedAcrossAReload(RepetitionInfo run) {
        Random random = new Random(run.getCurrentRepetition());
        PoolState before = new PoolState(equals("http://a", "http://b", "http://c"));
        Deque<UpstreamState> held = new ArrayDeque<>();
        for (int i = random.nextInt(6); i > 0; i--) {
            held.add(before.acquire(null, 0, NoVariables.INSTANCE));
        }
        PoolState after = new PoolState(equals("http://c", "http://d", "http://b"), before);

        for (int step = 0; step < 100; step++) {
            PoolState pool = random.nextBoolean() ? before : after;
            if (held.isEmpty() || random.nextBoolean()) {
                int least = pool.upstreams().values().stream()
                        .mapToInt(UpstreamState::inFlight)
                        .min()
                        .orElseThrow();
                UpstreamState taken = pool.acquire(null, step, NoVariables.INSTANCE);
                held.add(taken);

                assertThat(taken.inFlight()).as("step %d", step).isEqualTo(least + 1);
            } else {
                pool.release(held.removeFirst(), PoolState.Verdict.NEUTRAL, step);
            }
        }
    }

    private static UpstreamPool equals(String... urls) {
        UpstreamPool.Builder pool = UpstreamPool.named("app").balancing(BalancingStrategy.leastConnections());
        for (String url : urls) {
            pool.upstream(url);
        }
        return pool.build();
    }

    private static final class Peer {
        final String url;
        final long weight;
        final int maxConns;
        final boolean down;
        long current;
        long conns;

        Peer(String url, long weight, int maxConns, boolean down) {
            this.url = url;
            this.weight = weight;
            this.maxConns = maxConns;
            this.down = down;
        }

        boolean isBusy() {
            return down || (maxConns > 0 && conns >= maxConns);
        }
    }

    /** {@code ngx_http_upstream_get_least_conn_peer}. */
    private static Peer next(List<Peer> peers) {
        Peer best = null;
        boolean many = false;
        int first = 0;
        for (int i = 0; i < peers.size(); i++) {
            Peer peer = peers.get(i);
            if (peer.isBusy()) {
                continue;
            }
            if (best == null || peer.conns * best.weight < best.conns * peer.weight) {
                best = peer;
                many = false;
                first = i;
            } else if (peer.conns * best.weight == best.conns * peer.weight) {
                many = true;
            }
        }
        if (best == null) {
            return null;
        }
        long total = 0;
        if (many) {
            for (Peer peer : peers.subList(first, peers.size())) {
                if (peer.isBusy() || peer.conns * best.weight != best.conns * peer.weight) {
                    continue;
                }
                peer.current += peer.weight;
                total += peer.weight;
                if (peer.current > best.current) {
                    best = peer;
                }
            }
        }
        best.current -= total;
        best.conns++;
        return best;
    }

    private static String picks(PoolState pool, int count) {
        StringBuilder picks = new StringBuilder();
        for (int i = 0; i < count; i++) {
            picks.append(pool.acquire(null, 0, NoVariables.INSTANCE).upstream().host());
        }
        return picks.toString();
    }
}
