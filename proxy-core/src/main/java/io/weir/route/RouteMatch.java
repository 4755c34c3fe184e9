package io.weir.route;

import io.weir.header.Forwarding;
import io.weir.http.RequestHead;
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
    private final String path;
    private final @Nullable Pattern pattern;
    private final boolean overRegex;
    private final List<Condition> conditions;

    RouteMatch(Kind kind, String path, boolean overRegex, List<Condition> conditions) {
        this.kind = kind;
        this.path = kind == Kind.REGEX ? path : Patterns.bytes(path);
        this.pattern = kind == Kind.REGEX ? Patterns.compile(path) : null;
        this.overRegex = overRegex;
        this.conditions = List.copyOf(conditions);
        if (kind != Kind.REGEX && !path.startsWith("/")) {
            throw new IllegalArgumentException("route path: \"" + path + "\" (expected: it starts with \"/\")");
        }
    }

    Kind kind() {
        return kind;
    }

    String path() {
        return path;
    }

    boolean overRegex() {
        return overRegex;
    }

    boolean isConditional() {
        return !conditions.isEmpty();
    }

    boolean finds(String normalisedPath) {
        return pattern != null && pattern.matcher(normalisedPath).find();
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
        String text = kind.name().toLowerCase(Locale.ROOT) + " " + path + (overRegex ? " over regex" : "");
        return conditions.isEmpty() ? text : text + " " + conditions;
    }
}
