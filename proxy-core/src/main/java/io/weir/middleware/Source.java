package io.weir.middleware;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Where a table of users or keys comes from. */
interface Source<T> {
    /** The table, if that takes no reading or parsing; else null. */
    @Nullable
    T known(RequestContext context);

    /** The table; null if its file can't be read. Blocks. */
    @Nullable
    T read(Function<Path, WatchedFile> files);

    /** From code. */
    record Given<T>(T table, String shown) implements Source<T> {
        @Override
        public T known(RequestContext context) {
            return table;
        }

        @Override
        public T read(Function<Path, WatchedFile> files) {
            return table;
        }

        @Override
        public String toString() {
            return shown;
        }
    }

    /** From a watched file, parsed once for each of its contents. */
    final class OfFile<T> implements Source<T> {
        private final String kind;
        private final Path path;
        private final Function<List<String>, T> parser;
        private final Function<T, List<String>> problems;
        private volatile @Nullable Parsed<T> latest;

        private record Parsed<T>(WatchedFile.Content content, T table) {}

        /** {@code problems} are those of a table's lines; the engine is told of them once. */
        OfFile(String kind, Path path, Function<List<String>, T> parser, Function<T, List<String>> problems) {
            this.kind = kind;
            this.path = path;
            this.parser = parser;
            this.problems = problems;
        }

        @Override
        public @Nullable T known(RequestContext context) {
            WatchedFile.Content content = context.file(path).known();
            Parsed<T> parsed = latest;
            return content != null && parsed != null && parsed.content == content ? parsed.table : null;
        }

        @Override
        public @Nullable T read(Function<Path, WatchedFile> files) {
            WatchedFile file = files.apply(path);
            WatchedFile.Content content = file.read();
            List<String> lines = content.lines();
            if (lines == null) {
                return null;
            }
            Parsed<T> parsed = latest;
            if (parsed != null && parsed.content == content) {
                return parsed.table;
            }
            T table = parser.apply(lines);
            latest = new Parsed<>(content, table);
            problems.apply(table).forEach(file::complain);
            return table;
        }

        @Override
        public String toString() {
            return kind + " " + path;
        }
    }
}
