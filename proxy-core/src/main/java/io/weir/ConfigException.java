package io.weir;

import java.util.List;

/** A configuration that makes no sense as a whole: all its problems at once, each with place and cure. */
public final class ConfigException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final transient List<String> problems;

    ConfigException(List<String> problems) {
        super(
                problems.size() == 1
                        ? problems.get(0)
                        : problems.size() + " problems:\n  - " + String.join("\n  - ", problems));
        this.problems = List.copyOf(problems);
    }

    /** The problems, one text each. */
    public List<String> problems() {
        return problems;
    }
}
