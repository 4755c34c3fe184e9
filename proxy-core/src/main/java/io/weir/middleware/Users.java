package io.weir.middleware;

import java.nio.file.Path;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Where users and their passwords come from. */
interface Users {
    /** The users, if that takes no reading; else null. */
    @Nullable
    PasswordTable known(RequestContext context);

    /** The users; null if the file can't be read. Blocks. */
    @Nullable
    PasswordTable read(Function<Path, WatchedFile> files);

    /** From code. */
    record Given(PasswordTable table) implements Users {
        @Override
        public PasswordTable known(RequestContext context) {
            return table;
        }

        @Override
        public PasswordTable read(Function<Path, WatchedFile> files) {
            return table;
        }

        @Override
        public String toString() {
            return table.size() + " users";
        }
    }

    /** From an htpasswd file. */
    final class OfFile implements Users {
        private final ParsedFile<PasswordTable> file;

        OfFile(Path path) {
            file = new ParsedFile<>(path, PasswordTable::ofLines, PasswordTable::problems);
        }

        @Override
        public @Nullable PasswordTable known(RequestContext context) {
            return file.known(context);
        }

        @Override
        public @Nullable PasswordTable read(Function<Path, WatchedFile> files) {
            return file.read(files);
        }

        @Override
        public String toString() {
            return "htpasswd " + file.path();
        }
    }
}
