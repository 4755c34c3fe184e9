package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.IpRange;
import io.weir.http.Variables;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class IpHashTest {
    private static final UpstreamPool THREE = pool("http://a", "http://b", "http://c");

    /** By hand: three steps from 89 give 2565 for 10.0.0, 295 for 0.0.0 and 154 for 192.168.1; the rest mod 3 is the place. */
    @ParameterizedTest
    @CsvSource({"10.0.0.1, a", "10.0.0.255, a", "0.0.0.0, b", "192.168.1.77, b", "unix:, b"})
    void theHashIsThatOfNginx(String address, String host) {
        assertThat(hostFor(new PoolState(THREE), address)).isEqualTo(host);
    }

    @Test
    void onlyThreeOctetsOfIpv4CountAndAllOfIpv6() {
        PoolState pool = new PoolState(
                pool("http://a", "http://b", "http://c", "http://d", "http://e", "http://f", "http://g", "http://h"));

        for (int i = 0; i < 256; i++) {
            assertThat(hostFor(pool, "203.0.113." + i)).isEqualTo(hostFor(pool, "203.0.113.0"));
        }
        assertThat(IntStream.range(0, 256)
                        .mapToObj(i -> hostFor(pool, "2001:db8::" + Integer.toHexString(i)))
                        .distinct())
                .hasSize(8);
    }

    @Test
    void aServerThatIsDownKeepsItsPlaceSoThatTheOthersKeepTheirClients() {
        PoolState all = new PoolState(THREE);
        PoolState withoutB = new PoolState(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b", Upstream.Builder::down)
                .upstream("http://c")
                .balancing(BalancingStrategy.ipHash())
                .build());

        for (int i = 0; i < 256; i++) {
            String address = "10." + i + ".7.1";
            String before = hostFor(all, address);
            if (!before.equals("b")) {
                assertThat(hostFor(withoutB, address)).isEqualTo(before);
            }
        }
    }

    /** All 21 looks find the heavy one; then the others take turns. */
    @Test
    void whereTheHashFindsNobodyRoundRobinDoes() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.weight(1_000_000).down())
                .upstream("http://b")
                .upstream("http://c")
                .balancing(BalancingStrategy.ipHash())
                .build());
        StringBuilder hosts = new StringBuilder();

        for (int i = 0; i < 4; i++) {
            hosts.append(
                    pool.acquire(null, 0, Clients.at("10.0.0.1")).upstream().host());
        }

        assertThat(hosts).hasToString("bcbc");
    }

    /** Random pools, clients and retries; each pick is that of nginx's code, written down independently. */
    @RepeatedTest(100)
    void picksAreThoseOfNginx(RepetitionInfo run) {
        Random random = new Random(run.getCurrentRepetition());
        UpstreamPool.Builder builder = UpstreamPool.named("app").balancing(BalancingStrategy.ipHash());
        List<Integer> weights = new ArrayList<>();
        List<Boolean> down = new ArrayList<>();
        for (int i = 0; i < 2 + random.nextInt(6); i++) {
            int weight = 1 + random.nextInt(9);
            boolean isDown = random.nextInt(3) == 0;
            weights.add(weight);
            down.add(isDown);
            builder.upstream("http://u" + i, u -> {
                u.weight(weight).maxFails(0);
                if (isDown) {
                    u.down();
                }
            });
        }
        PoolState ours = new PoolState(builder.build());

        for (int i = 0; i < 200; i++) {
            byte[] address = new byte[random.nextBoolean() ? 4 : 16];
            random.nextBytes(address);
            Variables client = Clients.at(IpRange.format(addressOf(address)));
            NginxIpHash nginx = new NginxIpHash(address, weights, down);
            PoolState.Tried tried = new PoolState.Tried();
            for (int attempt = 0; attempt < weights.size(); attempt++) {
                int expected = nginx.next();
                if (expected < 0) {
                    break; // its round robin has its turn, which other tests look at
                }
                UpstreamState taken = ours.acquire(tried, 0, client);
                assertThat(taken.upstream().url()).isEqualTo("http://u" + expected);
                tried.add(taken);
            }
        }
    }

    /** The state of one request in {@code ngx_http_upstream_get_ip_hash_peer}. */
    private static final class NginxIpHash {
        private final byte[] address;
        private final List<Integer> weights;
        private final List<Boolean> down;
        private final Map<Integer, Boolean> tried = new HashMap<>();
        private long hash = 89;
        private int tries;

        NginxIpHash(byte[] address, List<Integer> weights, List<Boolean> down) {
            this.address = address;
            this.weights = weights;
            this.down = down;
        }

        int next() {
            if (tries > 20) {
                return -1;
            }
            while (true) {
                for (int i = 0; i < (address.length == 4 ? 3 : 16); i++) {
                    hash = (hash * 113 + Byte.toUnsignedInt(address[i])) % 6271;
                }
                long w = hash % weights.stream().mapToInt(Integer::intValue).sum();
                int peer = 0;
                while (w >= weights.get(peer)) {
                    w -= weights.get(peer++);
                }
                if (!tried.containsKey(peer) && !down.get(peer)) {
                    tried.put(peer, true);
                    return peer;
                }
                if (++tries > 20) {
                    return -1;
                }
            }
        }
    }

    private static InetAddress addressOf(byte[] address) {
        try {
            return InetAddress.getByAddress(address);
        } catch (UnknownHostException e) {
            throw new AssertionError(e);
        }
    }

    private static UpstreamPool pool(String... urls) {
        UpstreamPool.Builder builder = UpstreamPool.named("app").balancing(BalancingStrategy.ipHash());
        for (String url : urls) {
            builder.upstream(url);
        }
        return builder.build();
    }

    private static String hostFor(PoolState pool, String address) {
        return pool.peek(0, Clients.at(address)).upstream().host();
    }
}
