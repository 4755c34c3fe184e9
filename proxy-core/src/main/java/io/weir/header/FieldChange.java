package io.weir.header;

import io.weir.http.Headers;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * What became of a field on its way, and why: for explanations.
 *
 * @param name the field's name
 * @param before its value before, several lines joined; null if it was not there
 * @param after its value afterwards; null if it has gone
 * @param reason why, in words
 */
public record FieldChange(
        String name, @Nullable String before, @Nullable String after, String reason) {

    /** The fields in which those two differ, each for the same reason. */
    public static List<FieldChange> between(Headers before, Headers after, String reason) {
        List<FieldChange> changes = new ArrayList<>();
        for (String name : namesOf(before, after)) {
            List<String> had = before.all(name);
            List<String> has = after.all(name);
            if (!had.equals(has)) {
                changes.add(new FieldChange(name, joined(had), joined(has), reason));
            }
        }
        return changes;
    }

    private static @Nullable String joined(List<String> lines) {
        return lines.isEmpty() ? null : String.join(", ", lines);
    }

    private static List<String> namesOf(Headers before, Headers after) {
        Set<String> seen = new TreeSet<>();
        List<String> names = new ArrayList<>();
        for (Headers headers : List.of(before, after)) {
            for (int i = 0; i < headers.size(); i++) {
                if (seen.add(headers.name(i).toLowerCase(Locale.ROOT))) {
                    names.add(headers.name(i));
                }
            }
        }
        return names;
    }
}
