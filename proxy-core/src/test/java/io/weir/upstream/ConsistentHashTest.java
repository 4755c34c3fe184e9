package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ConsistentHashTest {
    private static final int KEYS = 10_000;

    @Test
    void pointsAreThoseOfNginx() {
        UpstreamPool.Builder builder = pool();
        TreeMap<Long, String> ring = new TreeMap<>();
        for (int i = 0; i < 5; i++) {
            int weight = 1 + i % 3;
            String port = i == 0 ? "" : "808" + i;
            String url = "http://10.0.0." + i + (port.isEmpty() ? "" : ":" + port);
            builder.upstream(url, u -> u.weight(weight));
            addPoints(ring, "10.0.0." + i, port, weight, url);
        }
        PoolState pool = new PoolState(builder.build());

        for (int i = 0; i < KEYS; i++) {
            Map.Entry<Long, String> point = ring.ceilingEntry(crc(("/" + i).getBytes(StandardCharsets.ISO_8859_1)));
            String expected = point == null ? ring.firstEntry().getValue() : point.getValue();
            assertThat(urlFor(pool, i)).isEqualTo(expected);
        }
    }

    @Test
    void keysSpreadByWeight() {
        PoolState pool = new PoolState(pool().upstream("http://a:1", u -> u.weight(2))
                .upstream("http://b:1")
                .upstream("http://c:1")
                .build());

        Map<String, Long> counts = IntStream.range(0, KEYS)
                .mapToObj(i -> urlFor(pool, i))
                .collect(Collectors.groupingBy(url -> url, Collectors.counting()));

        assertThat(counts.get("http://a:1")).isBetween(4_300L, 5_700L);
        assertThat(counts.get("http://b:1")).isBetween(2_000L, 3_000L);
        assertThat(counts.get("http://c:1")).isBetween(2_000L, 3_000L);
    }

    @Test
    void onlyTheKeysOfAServerThatGoesMove() {
        PoolState before = five(b -> {});
        PoolState without = five(b -> b.down());

        int moved = moves(before, without, "http://s2:1");

        assertThat(moved).isBetween(KEYS / 8, KEYS / 3);
    }

    @Test
    void aServerThatComesTakesKeysButNoneMovesBetweenTheOthers() {
        UpstreamPool.Builder four = pool();
        for (int i = 0; i < 4; i++) {
            four.upstream("http://s" + i + ":1");
        }
        PoolState before = new PoolState(four.build());
        PoolState after = five(b -> {});

        assertThat(moves(after, before, "http://s4:1")).isBetween(KEYS / 8, KEYS / 3);
    }

    @Test
    void weightsWithoutMeasureDoNotFillTheMemory() {
        PoolState pool = new PoolState(pool().upstream("http://a:1", u -> u.weight(Integer.MAX_VALUE))
                .upstream("http://b:1", u -> u.weight(1))
                .build());

        assertThat(urlFor(pool, 1)).isEqualTo("http://a:1");
    }

    @Test
    void whereTheRingFindsNobodyRoundRobinDoes() {
        PoolState pool =
                new PoolState(pool().upstream("http://a:1", u -> u.weight(9_000).down())
                        .upstream("http://b:1")
                        .upstream("http://c:1")
                        .build());
        StringBuilder hosts = new StringBuilder();

        for (int i = 0; i < 4; i++) {
            hosts.append(pool.acquire(null, 0, Clients.asking("/")).upstream().host());
        }

        assertThat(hosts).hasToString("bcbc");
    }

    @Test
    void aKeyThatCannotBeReadIsRefusedAtOnce() {
        assertThatIllegalArgumentException().isThrownBy(() -> BalancingStrategy.consistentHash("$nothing"));
    }

    /** How many keys of {@code owner} have another one in {@code to}; no other key may. */
    private static int moves(PoolState from, PoolState to, String owner) {
        int moved = 0;
        for (int i = 0; i < KEYS; i++) {
            String before = urlFor(from, i);
            String after = urlFor(to, i);
            if (before.equals(owner)) {
                assertThat(after).isNotEqualTo(owner);
                moved++;
            } else {
                assertThat(after).as("key %d", i).isEqualTo(before);
            }
        }
        return moved;
    }

    private static PoolState five(Consumer<Upstream.Builder> third) {
        UpstreamPool.Builder builder = pool();
        for (int i = 0; i < 5; i++) {
            builder.upstream("http://s" + i + ":1", i == 2 ? third : u -> {});
        }
        return new PoolState(builder.build());
    }

    private static UpstreamPool.Builder pool() {
        return UpstreamPool.named("app").balancing(BalancingStrategy.consistentHash("$request_uri"));
    }

    private static String urlFor(PoolState pool, int key) {
        return pool.peek(0, Clients.asking("/" + key)).upstream().url();
    }

    private static void addPoints(TreeMap<Long, String> ring, String host, String port, int weight, String url) {
        byte[] name = (host + "\0" + port).getBytes(StandardCharsets.ISO_8859_1);
        byte[] bytes = Arrays.copyOf(name, name.length + 4);
        for (int i = 0; i < 160 * weight; i++) {
            long point = crc(bytes);
            ring.putIfAbsent(point, url);
            for (int b = 0; b < 4; b++) {
                bytes[name.length + b] = (byte) (point >>> 8 * b);
            }
        }
    }

    /** CRC-32 bit by bit. */
    private static long crc(byte[] bytes) {
        long crc = 0xFFFFFFFFL;
        for (byte b : bytes) {
            crc ^= Byte.toUnsignedLong(b);
            for (int i = 0; i < 8; i++) {
                crc = (crc & 1) == 1 ? crc >>> 1 ^ 0xEDB88320L : crc >>> 1;
            }
        }
        return crc ^ 0xFFFFFFFFL;
    }
}
