package io.weir.upstream;

/** Draws out of a group by weight. The same seed draws the same, so that a draw can be looked at before it counts. */
final class WeightedDraw {
    private static final int BLIND_DRAWS = 20;

    /** Weight of all up to and including that index. */
    private final long[] upTo;

    WeightedDraw(Candidates group) {
        upTo = new long[group.size()];
        long total = 0;
        for (int i = 0; i < upTo.length; i++) {
            total += group.upstream(i).weight();
            upTo[i] = total;
        }
    }

    /** One that is eligible and not {@code except}; −1 if there is none. */
    int draw(Candidates group, long seed, int except) {
        if (upTo.length == 0) {
            return -1;
        }
        // Drawing among all and again on a blank is quick and fair while most are eligible.
        for (int i = 0; i < BLIND_DRAWS; i++) {
            int index = at(Chance.below(upTo[upTo.length - 1], seed, i));
            if (index != except && group.isEligible(index)) {
                return index;
            }
        }
        return drawAmongEligible(group, seed, except);
    }

    private int drawAmongEligible(Candidates group, long seed, int except) {
        long total = 0;
        for (int i = 0; i < upTo.length; i++) {
            total += i != except && group.isEligible(i) ? weight(i) : 0;
        }
        if (total == 0) {
            return -1;
        }
        long left = Chance.below(total, seed, BLIND_DRAWS);
        int index = -1;
        while (left >= 0) {
            index++;
            left -= index != except && group.isEligible(index) ? weight(index) : 0;
        }
        return index;
    }

    long weight(int index) {
        return index == 0 ? upTo[0] : upTo[index] - upTo[index - 1];
    }

    private int at(long weight) {
        int low = 0;
        int high = upTo.length - 1;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (weight < upTo[middle]) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        return low;
    }
}
