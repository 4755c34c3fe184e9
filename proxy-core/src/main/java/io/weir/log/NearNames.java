package io.weir.log;

import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/** Names that somebody who wrote another one may have meant. */
final class NearNames {
    private static final int MOST = 3;

    private NearNames() {}

    /** The nearest first; empty if none is near. */
    static List<String> of(String name, Collection<String> known) {
        String wanted = name.toLowerCase(Locale.ROOT);
        int farthest = Math.max(2, wanted.length() / 3);
        return known.stream()
                .filter(one -> distance(wanted, one) <= farthest)
                .sorted(Comparator.comparingInt(one -> distance(wanted, one)))
                .limit(MOST)
                .toList();
    }

    /** Levenshtein's: letters to add, drop or change. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j < row.length; j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.length; j++) {
                int changed = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(changed, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
