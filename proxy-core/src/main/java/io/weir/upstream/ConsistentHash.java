package io.weir.upstream;

import io.weir.http.Template;
import io.weir.http.Variables;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * See {@link BalancingStrategy#consistentHash}; {@code ngx_http_upstream_init_chash}. Each upstream owns many points on a
 * ring of 2^32; a key belongs to the first point at or after its own hash whose owner can be chosen.
 */
final class ConsistentHash implements Balancer {
    private static final int POINTS_PER_WEIGHT = 160;
    /** Beyond this weights are scaled down: a ring has to fit into memory. */
    private static final long LARGEST_WEIGHT = 10_000;

    private static final int OWNER_BITS = 31;
    private static final int MISSES = 20;

    private final Template key;
    private final RoundRobin otherwise;
    /** Sorted: the point in the upper 33 bits, the index of its owner in the 31 below. */
    private final long[] ring;

    private boolean wasOtherwise;

    ConsistentHash(Candidates group, Template key) {
        this.key = key;
        otherwise = new RoundRobin(group);
        ring = ringOf(group);
    }

    @Override
    public int choose(Candidates group, Variables request) {
        int index = ring.length == 0 ? -1 : byHash(group, request);
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

    private int byHash(Candidates group, Variables request) {
        CRC32 hash = new CRC32();
        hash.update(key.render(request).getBytes(StandardCharsets.ISO_8859_1));
        int found = Arrays.binarySearch(ring, hash.getValue() << OWNER_BITS);
        int at = found >= 0 ? found : -found - 1;
        for (int misses = 0; misses <= MISSES; misses++, at++) {
            int index = (int) ring[at % ring.length] & Integer.MAX_VALUE;
            if (group.isEligible(index)) {
                return index;
            }
        }
        return -1;
    }

    private static long[] ringOf(Candidates group) {
        long total = 0;
        for (int i = 0; i < group.size(); i++) {
            total += group.upstream(i).weight();
        }
        long[] points = new long[16];
        int size = 0;
        for (int i = 0; i < group.size(); i++) {
            Upstream upstream = group.upstream(i);
            long weight = total <= LARGEST_WEIGHT
                    ? upstream.weight()
                    : Math.max(1, upstream.weight() * LARGEST_WEIGHT / total);
            int count = (int) (weight * POINTS_PER_WEIGHT);
            if (size + count > points.length) {
                points = Arrays.copyOf(points, Math.max(2 * points.length, size + count));
            }
            addPoints(points, size, count, upstream, i);
            size += count;
        }
        points = Arrays.copyOf(points, size);
        Arrays.sort(points);
        return withoutDoubles(points);
    }

    /** As Cache::Memcached::Fast does it: CRC-32 of host, NUL, port and the point before. */
    private static void addPoints(long[] points, int from, int count, Upstream upstream, int owner) {
        String socket = upstream.socket();
        String authority = socket == null ? upstream.authority() : socket;
        int colon = socket != null || authority.endsWith("]") ? -1 : authority.lastIndexOf(':');
        byte[] host = bytes(colon < 0 ? authority : authority.substring(0, colon));
        byte[] port = bytes(colon < 0 ? "" : authority.substring(colon + 1));
        long before = 0;
        for (int i = 0; i < count; i++) {
            CRC32 hash = new CRC32();
            hash.update(host);
            hash.update(0);
            hash.update(port);
            for (int shift = 0; shift < 32; shift += 8) {
                hash.update((int) (before >>> shift) & 0xFF);
            }
            before = hash.getValue();
            points[from + i] = before << OWNER_BITS | owner;
        }
    }

    private static long[] withoutDoubles(long[] sorted) {
        int size = 0;
        for (long point : sorted) {
            if (size == 0 || point >>> OWNER_BITS != sorted[size - 1] >>> OWNER_BITS) {
                sorted[size++] = point;
            }
        }
        return Arrays.copyOf(sorted, size);
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.ISO_8859_1);
    }
}
