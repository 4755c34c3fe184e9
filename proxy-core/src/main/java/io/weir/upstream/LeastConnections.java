package io.weir.upstream;

import io.weir.http.Variables;

/** See {@link BalancingStrategy#leastConnections}; {@code ngx_http_upstream_get_least_conn_peer}. */
final class LeastConnections implements Balancer {
    static final BalancingStrategy STRATEGY =
            new NamedStrategy("least connections", (group, random) -> new LeastConnections(group));

    private final int[] weights;
    private final EqualsRound round;

    LeastConnections(Candidates group) {
        weights = new int[group.size()];
        for (int i = 0; i < weights.length; i++) {
            weights[i] = group.upstream(i).weight();
        }
        round = new EqualsRound(group);
    }

    @Override
    public int choose(Candidates group, Variables request) {
        int[] equals = round.equals();
        int count = 0;
        long leastLoad = 1;
        long itsWeight = 0;
        for (int i = 0; i < weights.length; i++) {
            int load = group.inFlight(i);
            // load / weight, without the division
            long difference = load * itsWeight - leastLoad * weights[i];
            if (difference > 0 || !group.isEligible(i)) {
                continue;
            }
            if (difference < 0) {
                count = 0;
                leastLoad = load;
                itsWeight = weights[i];
            }
            equals[count++] = i;
        }
        return round.next(count);
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
