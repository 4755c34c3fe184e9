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

    /** Where a choice puts the indexes of those that it finds equal, from the first place on and in order. */
    int[] equals() {
        return equals;
    }

    /** Whose turn it is among the first {@code found} of them; −1 if there is none. */
    int next(int found) {
        count = found;
        int next = -1;
        long most = Long.MIN_VALUE;
        for (int i = 0; i < found; i++) {
            long score = weights.score(equals[i]);
            if (score > most) {
                next = equals[i];
                most = score;
            }
        }
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
