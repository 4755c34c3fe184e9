package io.weir.upstream;

import io.weir.http.Variables;
import java.net.Inet4Address;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** See {@link BalancingStrategy#ipHash}; {@code ngx_http_upstream_get_ip_hash_peer}. */
final class IpHash implements Balancer {
    static final BalancingStrategy STRATEGY = new NamedStrategy("ip hash", (group, random) -> new IpHash(group));

    private static final int START = 89;
    private static final int FACTOR = 113;
    private static final int MODULUS = 6271;
    private static final int MISSES = 20;
    /** What nginx hashes for a client without an IP address. */
    private static final byte[] NO_ADDRESS = new byte[3];

    private final int[] weights;
    private final long totalWeight;
    private final RoundRobin otherwise;
    private boolean wasOtherwise;

    IpHash(Candidates group) {
        weights = new int[group.size()];
        long total = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = group.upstream(i).weight();
            total += weights[i]; // of those that are down too: the others' clients stay where they are
        }
        totalWeight = total;
        otherwise = new RoundRobin(group);
    }

    @Override
    public int choose(Candidates group, Variables request) {
        int index = weights.length < 2 ? -1 : byHash(group, request.client());
        wasOtherwise = index < 0;
        return wasOtherwise ? otherwise.choose(group, request) : index;
    }

    @Override
    public void chosen(int index, Candidates group) {
        if (wasOtherwise) {
            otherwise.chosen(index, group);
        }
    }

    @Override
    public void failed(int index, Candidates group) {
        otherwise.failed(index, group);
    }

    private int byHash(Candidates group, @Nullable InetAddress client) {
        byte[] address = client == null ? NO_ADDRESS : client.getAddress();
        int length = client instanceof Inet4Address ? 3 : address.length;
        int hash = START;
        // nginx goes on where the try before stopped; we begin again and meet what was tried once more, each a miss.
        for (int misses = 0; misses <= MISSES + group.tried(); misses++) {
            for (int i = 0; i < length; i++) {
                hash = (hash * FACTOR + (address[i] & 0xFF)) % MODULUS;
            }
            int index = at(hash % totalWeight);
            if (group.isEligible(index)) {
                return index;
            }
        }
        return -1;
    }

    private int at(long weight) {
        int index = 0;
        for (long left = weight; left >= weights[index]; index++) {
            left -= weights[index];
        }
        return index;
    }
}
