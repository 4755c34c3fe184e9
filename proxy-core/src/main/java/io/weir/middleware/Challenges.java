package io.weir.middleware;

import io.weir.http.Reply;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What basic auth and API keys have in common. */
final class Challenges {
    private Challenges() {}

    /** What {@code check} says of the table: at once, or later where it has to be read first. Without a table it is 500. */
    static <T> Verdict ask(Source<T> source, RequestContext context, Function<T, Verdict> check) {
        T known = source.known(context);
        if (known != null) {
            return check.apply(known);
        }
        return Verdict.later(CompletableFuture.supplyAsync(
                () -> {
                    T read = source.read(context::file);
                    return read == null
                            ? Verdict.answer(Reply.status(500)) // closed: nobody can be told apart
                            : check.apply(read);
                },
                context.executor()));
    }

    /** Refuses a table with problems. */
    static <T> void requireSound(Source<T> source, @Nullable T table, Function<T, List<String>> problems) {
        if (table != null && !problems.apply(table).isEmpty()) {
            throw new IllegalArgumentException(source + ": " + String.join("; ", problems.apply(table)));
        }
    }

    /** A quoted string, as {@code WWW-Authenticate} wants it (RFC 9110 §11.6.1). */
    static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c < ' ' || c > '~') {
                throw new IllegalArgumentException("realm: a character that is no printable ASCII, at " + i);
            }
            if (c == '"' || c == '\\') {
                quoted.append('\\');
            }
            quoted.append(c);
        }
        return quoted.append('"').toString();
    }
}
