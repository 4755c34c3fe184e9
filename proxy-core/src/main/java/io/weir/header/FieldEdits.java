package io.weir.header;

import io.weir.http.Headers;
import io.weir.http.Secrets;
import io.weir.http.Template;
import io.weir.http.Text;
import io.weir.http.Tokens;
import io.weir.http.Variables;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import java.util.stream.Collectors;

/** A list of changes to header fields, made in order. Immutable. */
final class FieldEdits {
    static final FieldEdits NONE = new FieldEdits(List.of());

    enum Kind {
        SET,
        ADD,
        REMOVE
    }

    /** One change. {@code when} looks at the response's status; a request passes 0. */
    record Edit(Kind kind, String name, Template value, IntPredicate when) {
        @Override
        public String toString() {
            String what = kind.name().toLowerCase(Locale.ROOT) + " " + name;
            return kind == Kind.REMOVE ? what : what + ": " + Secrets.shown(name, value.toString());
        }
    }

    private final List<Edit> edits;

    private FieldEdits(List<Edit> edits) {
        this.edits = edits;
    }

    /** These edits, then one more. */
    FieldEdits plus(Kind kind, String name, String value, IntPredicate when) {
        if (!Tokens.isToken(name)) {
            throw new IllegalArgumentException("header name: \"" + Text.escape(name) + "\" (expected: a token)");
        }
        boolean lengthRemoved = kind == Kind.REMOVE && name.equalsIgnoreCase("Content-Length");
        if (lengthRemoved || (kind != Kind.REMOVE && isFraming(name))) {
            throw new IllegalArgumentException(
                    "header " + name
                            + " is set by the proxy itself: drop this line (keep-alive, chunking and WebSocket need no setting)");
        }
        Headers.of(name, value); // refuses CR, LF, NUL and what is no byte
        List<Edit> more = new ArrayList<>(edits);
        more.add(new Edit(kind, name, template(name, value), when));
        return new FieldEdits(List.copyOf(more));
    }

    private static Template template(String name, String value) {
        try {
            return Template.parse(value);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("header " + name + ": " + e.getMessage(), e);
        }
    }

    /** These edits, then those. */
    FieldEdits then(FieldEdits others) {
        if (edits.isEmpty()) {
            return others;
        }
        if (others.edits.isEmpty()) {
            return this;
        }
        List<Edit> both = new ArrayList<>(edits);
        both.addAll(others.edits);
        return new FieldEdits(List.copyOf(both));
    }

    /** Each edit, in words; without the values of fields that hold credentials. */
    @Override
    public String toString() {
        return edits.stream().map(Edit::toString).collect(Collectors.joining(", "));
    }

    boolean isEmpty() {
        return edits.isEmpty();
    }

    /** Whether an edit sets or removes that field, so that a client's own has no say. */
    boolean decides(String name) {
        for (int i = 0; i < edits.size(); i++) {
            Edit edit = edits.get(i);
            if (edit.kind != Kind.ADD && edit.name.equalsIgnoreCase(name)) {
                return true;
            }
        }
        return false;
    }

    /** Makes the changes that hold for {@code status}. A value that renders as nothing removes the field, as in nginx. */
    void apply(Headers.Builder headers, Variables variables, int status) {
        for (int i = 0; i < edits.size(); i++) {
            Edit edit = edits.get(i);
            if (edit.when.test(status)) {
                apply(edit, headers, variables);
            }
        }
    }

    /** The same for a request, told step by step. */
    void applyTold(Headers.Builder headers, Variables variables, HeaderPolicy.Steps steps) {
        for (Edit edit : edits) {
            Headers before = headers.build();
            apply(edit, headers, variables);
            steps.done("header policy: " + edit, before);
        }
    }

    private static void apply(Edit edit, Headers.Builder headers, Variables variables) {
        String value = edit.kind == Kind.REMOVE ? "" : edit.value.render(variables);
        if (value.isEmpty()) {
            if (edit.kind != Kind.ADD) {
                headers.remove(edit.name);
            }
        } else if (edit.kind == Kind.SET) {
            headers.set(edit.name, value);
        } else {
            headers.add(edit.name, value);
        }
    }

    private static boolean isFraming(String name) {
        return HopByHopHeaders.isHopByHop(name) || name.equalsIgnoreCase("Content-Length");
    }
}
