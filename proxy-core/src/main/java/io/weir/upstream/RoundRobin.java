package io.weir.upstream;

import io.weir.http.Variables;

/** nginx's smooth weighted round robin ({@code ngx_http_upstream_get_peer}). */
final class RoundRobin implements Balancer {
    private final long[] current;
    private final int[] effective;

    RoundRobin(Candidates group) {
        current = new long[group.size()];
        effective = new int[group.size()];
        for (int i = 0; i < effective.length; i++) {
            effective[i] = group.upstream(i).weight();
        }
    }

    @Override
    public int choose(Candidates group, Variables request) {
        int best = -1;
        for (int i = 0; i < current.length; i++) {
            if (group.isEligible(i) && (best < 0 || current[i] + effective[i] > current[best] + effective[best])) {
                best = i;
            }
        }
        return best;
    }

    @Override
    public void chosen(int index, Candidates group) {
        long total = 0;
        for (int i = 0; i < current.length; i++) {
            if (!group.isEligible(i)) {
                continue;
            }
            current[i] += effective[i];
            total += effective[i];
            if (effective[i] < group.upstream(i).weight()) {
                effective[i]++;
            }
        }
        current[index] -= total;
    }

    @Override
    public void failed(int index, Candidates group) {
        Upstream upstream = group.upstream(index);
        if (upstream.maxFails() > 0) {
            effective[index] = Math.max(0, effective[index] - upstream.weight() / upstream.maxFails());
        }
    }
}
