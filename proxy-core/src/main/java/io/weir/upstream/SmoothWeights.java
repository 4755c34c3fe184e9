package io.weir.upstream;

/**
 * The arithmetic of nginx's smooth weighted round robin ({@code ngx_http_upstream_get_peer}). For each pick every
 * candidate is credited with its weight, the one with most is picked and charged with what all were credited.
 */
final class SmoothWeights {
    /** nginx's {@code current_weight} and {@code effective_weight} in one: what each would have in the next pick. */
    private final long[] scores;

    private final int[] effective;
    private final int[] configured;

    SmoothWeights(Candidates group) {
        scores = new long[group.size()];
        effective = new int[group.size()];
        configured = new int[group.size()];
        for (int i = 0; i < configured.length; i++) {
            configured[i] = group.upstream(i).weight();
            effective[i] = configured[i];
            scores[i] = configured[i];
        }
    }

    int size() {
        return configured.length;
    }

    /** The most is picked, the first among equals. */
    long score(int index) {
        return scores[index];
    }

    /** Credits a candidate of this pick; a weight that failures have lowered recovers by one. Returns the credit. */
    int credit(int index) {
        int credit = effective[index];
        if (credit < configured[index]) {
            effective[index] = credit + 1;
        }
        scores[index] += effective[index];
        return credit;
    }

    /** Charges the one that was picked. */
    void charge(int index, long credits) {
        scores[index] -= credits;
    }

    /** A failure costs a part of the weight. */
    void failed(int index, int maxFails) {
        if (maxFails > 0) {
            int left = Math.max(0, effective[index] - configured[index] / maxFails);
            scores[index] -= effective[index] - left;
            effective[index] = left;
        }
    }
}
