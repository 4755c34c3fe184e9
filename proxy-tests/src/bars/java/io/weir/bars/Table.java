package io.weir.bars;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Figures in rows, and what they should be. */
final class Table {
    private final List<String[]> rows = new ArrayList<>();
    private boolean missed;

    /** A table with these columns before the verdict. */
    Table(String... columns) {
        String[] head = java.util.Arrays.copyOf(columns, columns.length + 1);
        head[columns.length] = "";
        rows.add(head);
    }

    /** A figure for information. */
    void row(String what, double figure) {
        rows.add(new String[] {what, number(figure), "", ""});
    }

    /** A figure that must not be larger than {@code most}. */
    void row(String what, double figure, double most) {
        boolean reached = figure <= most;
        missed |= !reached;
        rows.add(new String[] {what, number(figure), number(most), reached ? "reached" : "MISSED"});
    }

    /** Whether no figure is too large. */
    boolean isReached() {
        return !missed;
    }

    /** Prints it. */
    void print() {
        for (String[] row : rows) {
            System.out.printf(Locale.ROOT, "%-44s %10s %10s  %s%n", (Object[]) row);
        }
    }

    private static String number(double figure) {
        return String.format(Locale.ROOT, "%.2f", figure);
    }
}
