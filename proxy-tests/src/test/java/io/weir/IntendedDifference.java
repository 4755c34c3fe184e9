package io.weir;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One way in which Weir departs from nginx on purpose.
 *
 * <p>They stand in {@code intended-differences.txt}, an empty line between two: a name, and indented the reason, then what
 * Weir makes of each case that it concerns, in the form of {@link NginxRecord}.
 */
record IntendedDifference(String name, String reason, List<String> lines) {

    private static final List<IntendedDifference> ALL = read("intended-differences.txt");

    IntendedDifference {
        lines = List.copyOf(lines);
    }

    static List<IntendedDifference> all() {
        return ALL;
    }

    /** What Weir makes of the case, if that is listed as a difference. */
    static Optional<String> lineOf(ComparisonCase request) {
        return ALL.stream()
                .flatMap(difference -> difference.lines().stream())
                .filter(line -> line.startsWith(request.id() + " | "))
                .findFirst();
    }

    @Override
    public String toString() {
        return name;
    }

    private static List<IntendedDifference> read(String resource) {
        try (InputStream in = IntendedDifference.class.getResourceAsStream(resource)) {
            List<IntendedDifference> differences = new ArrayList<>();
            for (String entry : new String(in.readAllBytes(), US_ASCII).split("\n\n")) {
                List<String> lines = entry.lines().map(String::strip).toList();
                differences.add(new IntendedDifference(lines.get(0), lines.get(1), lines.subList(2, lines.size())));
            }
            return List.copyOf(differences);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
