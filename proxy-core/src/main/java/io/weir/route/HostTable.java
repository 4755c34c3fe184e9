package io.weir.route;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Finds a value by host, by the rules of {@link Site}. */
final class HostTable<T> {
    /** RFC 1035 §2.3.4. A client's longer "name" is not worth cutting up label by label; it is nobody's. */
    private static final int LONGEST_NAME = 255;

    private final Map<String, T> exact;
    private final Map<String, T> leading;
    private final Map<String, T> trailing;
    private final List<Map.Entry<Pattern, T>> regexes;
    private final @Nullable T unnamed;

    private HostTable(Builder<T> builder) {
        exact = builder.exact;
        leading = builder.leading;
        trailing = builder.trailing;
        regexes = List.copyOf(builder.regexes);
        unnamed = builder.unnamed;
    }

    /** The value of the site that serves the host; null if none does. */
    @Nullable
    T find(String host) {
        T found = exact.get(host);
        if (found == null && host.length() <= LONGEST_NAME) {
            found = findPattern(host);
        }
        return found != null ? found : unnamed;
    }

    private @Nullable T findPattern(String host) {
        T found = null;
        if (!leading.isEmpty()) {
            for (int dot = host.indexOf('.'); dot >= 0 && found == null; dot = host.indexOf('.', dot + 1)) {
                found = leading.get(host.substring(dot + 1));
            }
        }
        if (!trailing.isEmpty()) {
            for (int dot = host.lastIndexOf('.'); dot > 0 && found == null; dot = host.lastIndexOf('.', dot - 1)) {
                found = trailing.get(host.substring(0, dot));
            }
        }
        return found != null || regexes.isEmpty() ? found : findRegex(host);
    }

    private @Nullable T findRegex(String host) {
        try {
            for (Map.Entry<Pattern, T> regex : regexes) {
                if (Patterns.find(regex.getKey(), host) != null) {
                    return regex.getValue();
                }
            }
        } catch (Patterns.TooCostly e) {
            return null; // a name of its own making: the default site's, if there is one
        }
        return null;
    }

    static final class Builder<T> {
        private final Map<String, T> exact = new HashMap<>();
        private final Map<String, T> leading = new HashMap<>();
        private final Map<String, T> trailing = new HashMap<>();
        private final List<Map.Entry<Pattern, T>> regexes = new ArrayList<>();
        private @Nullable T first;
        private @Nullable T unnamed;

        void add(Site site, T value) {
            if (first == null) {
                first = value;
            }
            if (site.isUnnamed()) {
                unnamed = value;
            }
            for (HostPattern name : site.names()) {
                switch (name.kind()) {
                    case EXACT -> exact.putIfAbsent(name.part(), value);
                    case LEADING -> leading.putIfAbsent(name.part(), value);
                    case SUFFIX -> {
                        exact.putIfAbsent(name.part(), value);
                        leading.putIfAbsent(name.part(), value);
                    }
                    case TRAILING -> trailing.putIfAbsent(name.part(), value);
                    case REGEX -> {
                        if (name.pattern() != null) {
                            regexes.add(Map.entry(name.pattern(), value));
                        }
                    }
                }
            }
        }

        void firstIsDefault() {
            if (unnamed == null) {
                unnamed = first;
            }
        }

        HostTable<T> build() {
            return new HostTable<>(this);
        }
    }
}
