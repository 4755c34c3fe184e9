package io.weir.bars;

import java.util.ArrayList;
import java.util.List;

/** The middle of some figures, which a few bad rounds do not move. */
final class Median {
    private Median() {}

    static double of(List<Double> figures) {
        List<Double> sorted = figures.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    /** Of the ratios round by round, because the two of a round had the same weather. */
    static double ofRatios(List<Double> figures, List<Double> others) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < figures.size(); i++) {
            ratios.add(figures.get(i) / others.get(i));
        }
        return of(ratios);
    }
}
