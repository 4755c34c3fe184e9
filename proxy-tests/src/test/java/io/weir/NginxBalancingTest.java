package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ComparedPool.Balancing;
import io.weir.ComparedPool.Strategy;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.RefusingPort;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weir and the real nginx, before the same upstreams, give each request to the same one. */
class NginxBalancingTest {
    private static final int REQUESTS = 1_000;
    private static final List<String> PLAIN =
            IntStream.range(0, REQUESTS).mapToObj(i -> get("")).toList();

    // ---- round robin ----

    @ParameterizedTest
    @ValueSource(strings = {"1,1,1", "5,1,1", "4,2,3,1", "100,7,30", "1,1,9,1,1"})
    void weightedRoundRobinGoesTheSameRound(String weights) {
        int[] each = Stream.of(weights.split(",")).mapToInt(Integer::parseInt).toArray();
        try (NamedUpstreams upstreams = NamedUpstreams.open(each.length)) {
            ComparedPool pool = ComparedPool.of(Strategy.ROUND_ROBIN);
            for (int i = 0; i < each.length; i++) {
                pool.server(upstreams.uri(i), each[i]);
            }

            List<String> expected = inOrder(pool.startNginx(), upstreams, PLAIN);

            assertThat(expected).hasSize(REQUESTS);
            assertThat(inOrder(pool.startWeir(), upstreams, PLAIN)).isEqualTo(expected);
        }
    }

    /** 8 of 40 is what a failure costs; after the fifth it is out. */
    @Test
    void anUpstreamThatRefusesLosesItsWeightAlike() {
        try (NamedUpstreams upstreams = NamedUpstreams.open(3);
                RefusingPort refusing = RefusingPort.open()) {
            ComparedPool pool = ComparedPool.of(Strategy.ROUND_ROBIN)
                    .server(upstreams.uri(0), 20)
                    .server(refusing.uri(), 40, 5)
                    .server(upstreams.uri(1), 7)
                    .server(upstreams.uri(2), 1);

            List<String> expected = inOrder(pool.startNginx(), upstreams, PLAIN);

            assertThat(expected).hasSize(REQUESTS);
            assertThat(inOrder(pool.startWeir(), upstreams, PLAIN)).isEqualTo(expected);
        }
    }

    /** Those failures come one by one, so that what each has cost comes back before the next. */
    @Test
    void aWeightThatFailuresHaveLoweredRecoversAlike() {
        List<String> requests = IntStream.range(0, REQUESTS)
                .mapToObj(i -> get(i % 90 == 30 ? "X-Fail: a\r\n" : i % 130 < 3 ? "X-Fail: b\r\n" : ""))
                .toList();
        try (NamedUpstreams upstreams = NamedUpstreams.open(3)) {
            ComparedPool pool = ComparedPool.of(Strategy.ROUND_ROBIN)
                    .server(upstreams.uri(0), 60, 2)
                    .server(upstreams.uri(1), 50, 20)
                    .server(upstreams.uri(2), 10, 0);

            List<String> expected = inOrder(pool.startNginx(), upstreams, requests);

            assertThat(expected).hasSizeGreaterThan(REQUESTS);
            assertThat(inOrder(pool.startWeir(), upstreams, requests)).isEqualTo(expected);
        }
    }

    // ---- by the client's address ----

    @Test
    void ipHashSendsEachAddressToTheSame() {
        try (NamedUpstreams upstreams = NamedUpstreams.open(4)) {
            ComparedPool pool = ComparedPool.of(Strategy.IP_HASH)
                    .server(upstreams.uri(0), 3)
                    .server(upstreams.uri(1), 1)
                    .server(upstreams.uri(2), 2)
                    .server(upstreams.uri(3), 1);

            Map<String, String> expected = byAddress(pool.startNginx(), upstreams);

            assertThat(expected.values()).contains("a", "b", "c", "d");
            assertThat(byAddress(pool.startWeir(), upstreams)).isEqualTo(expected);
        }
    }

    @Test
    void ipHashLooksOnFromOneThatIsDownOrRefusesAlike() {
        try (NamedUpstreams upstreams = NamedUpstreams.open(4);
                RefusingPort refusing = RefusingPort.open()) {
            ComparedPool pool = ComparedPool.of(Strategy.IP_HASH)
                    .server(upstreams.uri(0), 1)
                    .down(upstreams.uri(1), 5)
                    .server(refusing.uri(), 5)
                    .server(upstreams.uri(2), 2)
                    .server(upstreams.uri(3), 1);

            Map<String, String> expected = byAddress(pool.startNginx(), upstreams);

            assertThat(expected.values()).contains("a", "c", "d");
            assertThat(byAddress(pool.startWeir(), upstreams)).isEqualTo(expected);
        }
    }

    // ---- by load ----

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void leastConnectionsFollowsTheLoadAlike(long script) {
        try (NamedUpstreams upstreams = NamedUpstreams.open(4)) {
            ComparedPool pool = ComparedPool.of(Strategy.LEAST_CONNECTIONS)
                    .server(upstreams.uri(0), 3)
                    .server(upstreams.uri(1), 1)
                    .limited(upstreams.uri(2), 2, 3)
                    .server(upstreams.uri(3), 1);

            List<String> expected = openingAndClosing(pool.startNginx(), upstreams, new Random(script));

            assertThat(openingAndClosing(pool.startWeir(), upstreams, new Random(script)))
                    .isEqualTo(expected);
        }
    }

    // ---- what is sent ----

    /** One request after another, each answered by somebody; who got them, failed tries included. */
    private static List<String> inOrder(Balancing proxy, NamedUpstreams upstreams, List<String> requests) {
        try (proxy;
                RawClient client = RawClient.connect(proxy.port())) {
            for (String request : requests) {
                assertThat(client.send(request).readResponse().status()).isEqualTo(200);
                proxy.awaitEnd();
            }
        }
        return upstreams.takeArrivals();
    }

    private static Map<String, String> byAddress(Balancing proxy, NamedUpstreams upstreams) {
        Map<String, String> holders = new TreeMap<>();
        try (proxy;
                RawClient client = RawClient.connect(proxy.port())) {
            for (String address : addresses()) {
                RawResponse response =
                        client.send(get("X-Forwarded-For: " + address + "\r\n")).readResponse();
                holders.put(address, response.body());
                proxy.awaitEnd();
            }
        }
        upstreams.takeArrivals();
        return holders;
    }

    /** 500: of both families, some behind a further trusted proxy. */
    private static List<String> addresses() {
        Random random = new Random(7);
        return Stream.iterate(0, i -> i + 1)
                .map(i -> (i % 4 == 3 ? ipv6(random) : ipv4(random)) + (i % 3 == 0 ? ", 127.0.0.1" : ""))
                .distinct()
                .limit(500)
                .toList();
    }

    private static String ipv4(Random random) {
        return 1 + random.nextInt(126) + "." + random.nextInt(256) + "." + random.nextInt(256) + "."
                + random.nextInt(256);
    }

    private static String ipv6(Random random) {
        return "2001:db8:" + Integer.toHexString(random.nextInt(1 << 16)) + "::"
                + Integer.toHexString(random.nextInt(1 << 16));
    }

    /** Up to 20 requests at a time begin and end as chance has it; who got each. */
    private static List<String> openingAndClosing(Balancing proxy, NamedUpstreams upstreams, Random random) {
        List<String> holders = new ArrayList<>();
        List<String> running = new ArrayList<>();
        Map<String, RawClient> clients = new TreeMap<>();
        try (proxy) {
            for (int step = 0; step < 500; step++) {
                if (running.isEmpty() || (running.size() < 20 && random.nextInt(5) < 3)) {
                    String path = "/held/" + step;
                    RawClient client = RawClient.connect(proxy.port());
                    clients.put(path, client);
                    running.add(path);
                    client.send("GET " + path + " HTTP/1.1\r\nHost: a\r\n\r\n");
                    holders.add(upstreams.awaitHolder(path));
                } else {
                    String path = running.remove(random.nextInt(running.size()));
                    upstreams.release(path);
                    try (RawClient client = clients.remove(path)) {
                        assertThat(client.readResponse().status()).isEqualTo(200);
                    }
                    proxy.awaitEnd();
                }
            }
        } finally {
            running.forEach(upstreams::release);
            clients.values().forEach(RawClient::close);
            upstreams.takeArrivals();
        }
        return holders;
    }

    private static String get(String field) {
        return "GET / HTTP/1.1\r\nHost: a\r\n" + field + "\r\n";
    }
}
