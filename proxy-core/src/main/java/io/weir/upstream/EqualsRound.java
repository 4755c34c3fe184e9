package io.weir.upstream;

/** Smooth round robin among the candidates that a choice found equal. They are kept until the next choice. */
final class EqualsRound {
    private final SmoothWeights weights;
    private final int[] equals;
    private int count;
    private int next;
    private long most;

    EqualsRound(Candidates group) {
        weights = new SmoothWeights(group);
        equals = new int[group.size()];
    }

    /** Begins a choice: there is none yet. */
    void clear() {
        count = 0;
        next = -1;
    }

    /** That one is better than all before. */
    void startWith(int index) {
        equals[0] = index;
        count = 1;
        next = index;
        most = weights.score(index);
    }

    /** That one is as good. */
    void add(int index) {
        equals[count++] = index;
        long score = weights.score(index);
        if (score > most) {
            next = index;
            most = score;
        }
    }

    /** Whose turn it is; −1 if there is none. */
    int next() {
        return next;
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
