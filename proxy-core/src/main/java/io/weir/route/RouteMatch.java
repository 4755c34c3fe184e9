package io.weir.route;

import io.weir.header.Forwarding;
import io.weir.http.RequestHead;
import io.weir.http.RequestPath;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Which requests a route serves: a path, and conditions beside it. */
final class RouteMatch {
    enum Kind {
        EXACT,
        PREFIX,
        REGEX
    }

    private final Kind kind;
    private final String text;
    private final String path;
    private final int pathLength;
    private final @Nullable Pattern pattern;
    private final boolean overRegex;
    private final List<Condition> conditions;

    RouteMatch(Kind kind, String path, boolean overRegex, List<Condition> conditions) {
        this.kind = kind;
        this.text = path;
        this.path = kind == Kind.REGEX ? path : Patterns.bytes(path);
        this.pathLength = this.path.length();
        this.pattern = kind == Kind.REGEX ? Patterns.compile(path, 0) : null;
        this.overRegex = overRegex;
        this.conditions = List.copyOf(conditions);
        if (kind != Kind.REGEX) {
            checkPath();
        }
    }

    /** A path that is not its own normal form would never match, without a word. */
    private void checkPath() {
        if (!path.startsWith("/")) {
            throw new IllegalArgumentException("route path: \"" + text + "\" (expected: it starts with \"/\")");
        }
        String matched = kind == Kind.EXACT ? path : path + "x";
        if (!RequestPath.of(RequestPath.escape(matched)).normalised().equals(matched)) {
            throw new IllegalArgumentException(
                    "route path: \"" + text
                            + "\" would never match: \"//\", \"/./\" and \"/../\" are resolved before (expected: a normalised path)");
        }
    }

    Kind kind() {
        return kind;
    }

    String path() {
        return path;
    }

    int pathLength() {
        return pathLength;
    }

    boolean overRegex() {
        return overRegex;
    }

    List<Condition> conditions() {
        return conditions;
    }

    /** Whether nothing is left for {@code later}, a match of the same path that stands after this one. */
    boolean takesAllOf(RouteMatch later) {
        return later.conditions.containsAll(conditions);
    }

    /**
     * Whether the regular expression is found in the path.
     *
     * @throws Patterns.TooCostly if that can't be told in reasonable time
     */
    boolean finds(String normalisedPath) {
        return pattern != null && Patterns.find(pattern, normalisedPath) != null;
    }

    /** The first condition that the request does not fulfil, or null. */
    @Nullable
    Condition unfulfilled(RequestHead request, Forwarding forwarding) {
        for (int i = 0; i < conditions.size(); i++) {
            if (!conditions.get(i).holds(request, forwarding)) {
                return conditions.get(i);
            }
        }
        return null;
    }

    @Override
    public String toString() {
        String shown = kind.name().toLowerCase(Locale.ROOT) + " " + text + (overRegex ? " over regex" : "");
        return conditions.isEmpty() ? shown : shown + " " + conditions;
    }
}
