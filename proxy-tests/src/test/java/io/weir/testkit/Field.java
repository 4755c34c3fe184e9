package io.weir.testkit;

import java.util.List;
import java.util.Optional;

/** One header or trailer field as it stood on the wire: the name's case is kept, the value has no outer blanks. */
public record Field(String name, String value) {

    /** The first value of that name, whatever its case. */
    static Optional<String> first(List<Field> fields, String name) {
        return all(fields, name).stream().findFirst();
    }

    /** All values of that name in order, whatever its case. */
    static List<String> all(List<Field> fields, String name) {
        return fields.stream()
                .filter(field -> field.name.equalsIgnoreCase(name))
                .map(Field::value)
                .toList();
    }

    @Override
    public String toString() {
        return name + ": " + value;
    }
}
