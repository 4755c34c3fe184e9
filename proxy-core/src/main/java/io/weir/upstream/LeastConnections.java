package io.weir.upstream;

import io.weir.http.Variables;

/** See {@link BalancingStrategy#leastConnections}; {@code ngx_http_upstream_get_least_conn_peer}. */
final class LeastConnections implements Balancer {
    private final long[] weights;
    private final EqualsRound round;

    LeastConnections(Candidates group) {
        weights = new long[group.size()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = group.upstream(i).weight();
        }
        round = new EqualsRound(group);
    }

    @Override
    public int choose(Candidates group, Variables request) {
        round.clear();
        long leastLoad = 1;
        long itsWeight = 0;
        for (int i = 0; i < weights.length; i++) {
            if (!group.isEligible(i)) {
                continue;
            }
            // load / weight, without the division
            long load = group.inFlight(i);
            long difference = load * itsWeight - leastLoad * weights[i];
            if (difference < 0) {
                round.startWith(i);
                leastLoad = load;
                itsWeight = weights[i];
            } else if (difference == 0) {
                round.add(i);
            }
        }
        return round.next();
    }

    @Override
    public void chosen(int index, Candidates group) {
        round.chosen(index);
    }

    @Override
    public void failed(int index, Candidates group) {
        round.failed(index, group.upstream(index).maxFails());
    }
}
