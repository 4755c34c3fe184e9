package io.weir.middleware;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Users and their stored passwords. Names have one char a byte, as everything that comes off the wire. */
final class PasswordTable {
    private final Map<String, PasswordHash> users;
    private final List<String> problems;
    private final @Nullable PasswordHash decoy;

    private PasswordTable(Map<String, PasswordHash> users, List<String> problems) {
        this.users = users;
        this.problems = List.copyOf(problems);
        PasswordHash costliest = null;
        for (PasswordHash one : users.values()) {
            if (costliest == null || one.cost() > costliest.cost()) {
                costliest = one;
            }
        }
        decoy = costliest;
    }

    /**
     * Reads the lines of an htpasswd file: {@code name:password}, more after a second colon is a comment, and so is a line
     * that starts with {@code #}. The first line of a name counts. A line that can't be used is a problem and lets nobody in.
     */
    static PasswordTable ofLines(List<String> lines) {
        Map<String, PasswordHash> users = new LinkedHashMap<>();
        List<String> problems = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i).strip();
            if (line.isEmpty() || line.startsWith("#")) {
                continue;
            }
            int colon = line.indexOf(':');
            if (colon <= 0) {
                problems.add("line " + (i + 1) + ": no user (expected: name:password)");
                continue;
            }
            int end = line.indexOf(':', colon + 1);
            String stored = line.substring(colon + 1, end < 0 ? line.length() : end);
            try {
                users.putIfAbsent(line.substring(0, colon), PasswordHash.parse(stored));
            } catch (IllegalArgumentException e) {
                problems.add("line " + (i + 1) + ": " + e.getMessage());
            }
        }
        return new PasswordTable(users, problems);
    }

    /**
     * Users from code, by name, each with a stored password.
     *
     * @throws IllegalArgumentException if one can't be used
     */
    static PasswordTable of(Map<String, String> given) {
        Map<String, PasswordHash> users = new LinkedHashMap<>();
        given.forEach((name, stored) -> {
            if (name.isEmpty() || name.indexOf(':') >= 0) {
                throw new IllegalArgumentException("user \"" + name + "\" (expected: a name without a colon)");
            }
            byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
            try {
                users.put(new String(bytes, StandardCharsets.ISO_8859_1), PasswordHash.parse(stored));
            } catch (IllegalArgumentException e) {
                throw new IllegalArgumentException("user \"" + name + "\": " + e.getMessage(), e);
            }
        });
        return new PasswordTable(users, List.of());
    }

    /** That user's password; null if there is no such user. */
    @Nullable
    PasswordHash get(String user) {
        return users.get(user);
    }

    /** What is computed for users that don't exist, so that they take as long; null if nobody exists. */
    @Nullable
    PasswordHash decoy() {
        return decoy;
    }

    /** What is wrong with the lines, without showing them. */
    List<String> problems() {
        return problems;
    }

    /** How many users there are. */
    int size() {
        return users.size();
    }
}
