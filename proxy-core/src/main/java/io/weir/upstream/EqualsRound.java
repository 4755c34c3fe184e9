package io.weir.upstream;

/** Smooth round robin among the candidates that a choice found equal. They are kept until the next choice. */
final class EqualsRound {
    private final SmoothWeights weights;
    private final int[] equals;
    private int count;

    EqualsRound(Candidates group) {
        weights = new SmoothWeights(group);
        equals = new int[group.size()];
    }

    /** Starts with that one, as it is better than all before. */
    void startWith(int index) {
        equals[0] = index;
        count = 1;
    }

    /** That one is as good. */
    void add(int index) {
        equals[count++] = index;
    }

    /** There is none. */
    void clear() {
        count = 0;
    }

    /** Whose turn it is; −1 if there is none. Changes nothing. */
    int next() {
        int best = -1;
        for (int i = 0; i < count; i++) {
            if (best < 0 || weights.score(equals[i]) > weights.score(best)) {
                best = equals[i];
            }
        }
        return best;
    }

    /** Only among several there was a round. */
    void chosen(int index) {
        if (count < 2) {
            return;
        }
        long credits = 0;
        for (int i = 0; i < count; i++) {
            credits += weights.credit(equals[i]);
        }
        weights.charge(index, credits);
    }

    void failed(int index, int maxFails) {
        weights.failed(index, maxFails);
    }
}
