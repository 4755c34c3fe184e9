package io.weir.upstream;

import io.weir.http.Variables;

/** See {@link BalancingStrategy#leastConnections}; {@code ngx_http_upstream_get_least_conn_peer}. */
final class LeastConnections implements Balancer {
    private final SmoothWeights weights;

    LeastConnections(Candidates group) {
        weights = new SmoothWeights(group);
    }

    @Override
    public int choose(Candidates group, Variables request) {
        int best = -1;
        for (int i = 0; i < weights.size(); i++) {
            if (!group.isEligible(i)) {
                continue;
            }
            long difference = best < 0 ? -1 : difference(group, i, best);
            if (difference < 0 || (difference == 0 && weights.isAhead(i, best))) {
                best = i;
            }
        }
        return best;
    }

    /** Only among equals there was a round. */
    @Override
    public void chosen(int index, Candidates group) {
        long credits = 0;
        boolean hadEquals = false;
        for (int i = 0; i < weights.size(); i++) {
            if (i != index && group.isEligible(i) && difference(group, i, index) == 0) {
                credits += weights.credit(i);
                hadEquals = true;
            }
        }
        if (hadEquals) {
            credits += weights.credit(index);
            weights.charge(index, credits);
        }
    }

    @Override
    public void failed(int index, Candidates group) {
        weights.failed(index, group.upstream(index).maxFails());
    }

    /** Below zero if the first is less busy for its weight. */
    private long difference(Candidates group, int one, int other) {
        return (long) group.inFlight(one) * weights.weight(other) - (long) group.inFlight(other) * weights.weight(one);
    }
}
