package io.weir.http;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one message, in the order in which they came. Look-up ignores case; the case, the order and repeated
 * lines are kept. Immutable; {@link #toBuilder()} gives a copy that can be changed.
 *
 * <p>Nothing that could split a message can enter: a name must be a token (RFC 9110 §5.6.2), a value holds no CR, LF or
 * NUL (§5.5). One char is one byte on the wire (Latin-1), so a char above U+00FF is refused too: cut down to a byte it
 * could become any of those. Two are equal if they have the same lines, case and order included.
 */
public final class Headers {
    private static final Headers EMPTY = new Headers(new String[0], 0);

    /** Name, value, name, value …; only the first {@code 2 * size} entries count. */
    private final String[] fields;

    private final int size;

    private Headers(String[] fields, int size) {
        this.fields = fields;
        this.size = size;
    }

    /** No fields. */
    public static Headers empty() {
        return EMPTY;
    }

    /**
     * Fields given as name, value, name, value ….
     *
     * @throws IllegalArgumentException for an odd count, a name that is no token, or a value with CR, LF, NUL or a char
     *     above U+00FF
     */
    public static Headers of(String... namesAndValues) {
        if (namesAndValues.length % 2 != 0) {
            throw new IllegalArgumentException("headers: " + namesAndValues.length + " strings (expected: pairs)");
        }
        Builder builder = new Builder(namesAndValues.length / 2);
        for (int i = 0; i < namesAndValues.length; i += 2) {
            builder.add(namesAndValues[i], namesAndValues[i + 1]);
        }
        return builder.build();
    }

    /** An empty builder. */
    public static Builder builder() {
        return new Builder(16);
    }

    /** A builder that starts with these fields. */
    public Builder toBuilder() {
        Builder builder = new Builder(size + 8);
        System.arraycopy(fields, 0, builder.fields, 0, 2 * size);
        builder.size = size;
        return builder;
    }

    /** How many field lines there are. */
    public int size() {
        return size;
    }

    /** Name of line {@code index}, as it was written. */
    public String name(int index) {
        return fields[2 * Objects.checkIndex(index, size)];
    }

    /** Value of line {@code index}. */
    public String value(int index) {
        return fields[2 * Objects.checkIndex(index, size) + 1];
    }

    /** Value of the first line of that name, or null. */
    public @Nullable String get(String name) {
        int index = find(fields, size, name, 0);
        return index < 0 ? null : fields[2 * index + 1];
    }

    /** Values of all lines of that name, in order; empty if there is none. */
    public List<String> all(String name) {
        int index = find(fields, size, name, 0);
        if (index < 0) {
            return List.of();
        }
        List<String> values = new ArrayList<>(2);
        for (; index >= 0; index = find(fields, size, name, index + 1)) {
            values.add(fields[2 * index + 1]);
        }
        return values;
    }

    /**
     * All lines of that name as one value, or null if there is none: joined by {@code ", "} (RFC 9110 §5.3), those of
     * {@code Cookie} by {@code "; "} (RFC 9113 §8.2.3). {@code Set-Cookie} has no joined form; use {@link #all}.
     */
    public @Nullable String joined(String name) {
        int index = find(fields, size, name, 0);
        if (index < 0) {
            return null;
        }
        String first = fields[2 * index + 1];
        index = find(fields, size, name, index + 1);
        if (index < 0) {
            return first;
        }
        String separator = name.equalsIgnoreCase("Cookie") ? "; " : ", ";
        StringBuilder joined = new StringBuilder(first);
        for (; index >= 0; index = find(fields, size, name, index + 1)) {
            joined.append(separator).append(fields[2 * index + 1]);
        }
        return joined.toString();
    }

    /** Whether there is a line of that name. */
    public boolean contains(String name) {
        return find(fields, size, name, 0) >= 0;
    }

    /** Whether a list-valued field holds that token, ignoring case, in any of its lines. */
    public boolean containsToken(String name, String token) {
        for (int index = find(fields, size, name, 0); index >= 0; index = find(fields, size, name, index + 1)) {
            if (Tokens.contains(fields[2 * index + 1], token)) {
                return true;
            }
        }
        return false;
    }

    /** These fields with all lines of that name replaced by one. */
    public Headers with(String name, String value) {
        return toBuilder().set(name, value).build();
    }

    /** These fields without that name. */
    public Headers without(String name) {
        return contains(name) ? toBuilder().remove(name).build() : this;
    }

    @Override
    public boolean equals(@Nullable Object other) {
        return other instanceof Headers that
                && size == that.size
                && Arrays.equals(fields, 0, 2 * size, that.fields, 0, 2 * size);
    }

    @Override
    public int hashCode() {
        int hash = 1;
        for (int i = 0; i < 2 * size; i++) {
            hash = 31 * hash + fields[i].hashCode();
        }
        return hash;
    }

    /** One line a field, safe to print; values of fields that carry credentials are left out. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < size; i++) {
            text.append(name(i)).append(": ").append(Secrets.shown(name(i), Text.printable(value(i))));
            text.append('\n');
        }
        return text.toString();
    }

    private static int find(String[] fields, int size, String name, int from) {
        int length = name.length();
        for (int i = from; i < size; i++) {
            String candidate = fields[2 * i];
            if (candidate.length() == length && candidate.equalsIgnoreCase(name)) {
                return i;
            }
        }
        return -1;
    }

    /** Fields under construction; not thread-safe. */
    public static final class Builder {
        private String[] fields;
        private int size;

        /** Whether what was built has these fields, too; it does not mind if more follow. */
        private boolean shared;

        private Builder(int capacity) {
            fields = new String[2 * Math.max(capacity, 4)];
        }

        /**
         * Appends a line.
         *
         * @throws IllegalArgumentException if the name is no token, or the value holds CR, LF, NUL or a char above U+00FF
         */
        public Builder add(String name, String value) {
            checkName(name);
            checkValue(name, value);
            return append(name, value);
        }

        /** Appends a line of {@code source}, which was checked when it entered there. */
        public Builder addFrom(Headers source, int index) {
            return append(source.name(index), source.value(index));
        }

        /**
         * Replaces all lines of that name by one, at the place of the first; appends it if there is none.
         *
         * @throws IllegalArgumentException as {@link #add}
         */
        public Builder set(String name, String value) {
            checkName(name); // first: ignoring case, "\u212A" is a "k", so an impostor could be found
            checkValue(name, value);
            int index = find(fields, size, name, 0);
            if (index < 0) {
                return append(name, value);
            }
            ownFields();
            fields[2 * index] = name;
            fields[2 * index + 1] = value;
            removeFrom(name, index + 1);
            return this;
        }

        /** Removes all lines of that name. */
        public Builder remove(String name) {
            int first = find(fields, size, name, 0);
            if (first >= 0) {
                removeFrom(name, first);
            }
            return this;
        }

        /** Value of the first line of that name, or null. */
        public @Nullable String get(String name) {
            int index = find(fields, size, name, 0);
            return index < 0 ? null : fields[2 * index + 1];
        }

        /** Whether there is a line of that name. */
        public boolean contains(String name) {
            return find(fields, size, name, 0) >= 0;
        }

        /** How many lines there are now. */
        public int size() {
            return size;
        }

        /** Name of line {@code index}. */
        public String name(int index) {
            return fields[2 * Objects.checkIndex(index, size)];
        }

        /** Value of line {@code index}. */
        public String value(int index) {
            return fields[2 * Objects.checkIndex(index, size) + 1];
        }

        /**
         * Replaces the value of line {@code index}.
         *
         * @throws IllegalArgumentException if the value holds CR, LF, NUL or a char above U+00FF
         */
        public Builder value(int index, String value) {
            checkValue(name(index), value);
            ownFields();
            fields[2 * index + 1] = value;
            return this;
        }

        /** The fields as they stand. The builder may be used further. */
        public Headers build() {
            shared = true;
            return size == 0 ? EMPTY : new Headers(fields, size);
        }

        private void ownFields() {
            if (shared) {
                shared = false;
                fields = fields.clone();
            }
        }

        private Builder append(String name, String value) {
            if (2 * size == fields.length) {
                fields = Arrays.copyOf(fields, 2 * fields.length);
                shared = false;
            }
            fields[2 * size] = name;
            fields[2 * size + 1] = value;
            size++;
            return this;
        }

        private void removeFrom(String name, int first) {
            ownFields();
            int kept = first;
            for (int i = first; i < size; i++) {
                if (!fields[2 * i].equalsIgnoreCase(name)) {
                    fields[2 * kept] = fields[2 * i];
                    fields[2 * kept + 1] = fields[2 * i + 1];
                    kept++;
                }
            }
            size = kept;
        }

        private static void checkName(String name) {
            if (!Tokens.isToken(name)) {
                throw new IllegalArgumentException("header name: \"" + Text.escape(name) + "\" (expected: a token)");
            }
        }

        private static void checkValue(String name, String value) {
            for (int i = 0; i < value.length(); i++) {
                char c = value.charAt(i);
                if (c > 0xFF || c == '\r' || c == '\n' || c == '\0') {
                    throw new IllegalArgumentException("header " + Text.escape(name) + ": value holds "
                            + Text.escape(String.valueOf(c)) + " at " + i
                            + " (expected: chars up to U+00FF, none of them CR, LF or NUL, which split messages)");
                }
            }
        }
    }
}
