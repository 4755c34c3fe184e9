package io.weir.upstream;

import io.weir.http.Variables;

/** See {@link BalancingStrategy#first}. */
final class FirstUsable implements Balancer {
    @Override
    public int choose(Candidates group, Variables request) {
        for (int i = 0; i < group.size(); i++) {
            if (group.isEligible(i)) {
                return i;
            }
        }
        return -1;
    }
}
