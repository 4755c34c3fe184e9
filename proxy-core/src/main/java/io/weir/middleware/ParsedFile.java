package io.weir.middleware;

import java.nio.file.Path;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What a watched file means, made out once for each of its contents. */
final class ParsedFile<T> {
    private final Path path;
    private final Function<List<String>, T> parser;
    private final Function<T, List<String>> problems;
    private volatile @Nullable Parsed<T> latest;

    private record Parsed<T>(WatchedFile.Content content, T value) {}

    ParsedFile(Path path, Function<List<String>, T> parser, Function<T, List<String>> problems) {
        this.path = path;
        this.parser = parser;
        this.problems = problems;
    }

    Path path() {
        return path;
    }

    /** What the file means, if that is known without reading or parsing; else null. */
    @Nullable
    T known(RequestContext context) {
        WatchedFile.Content content = context.file(path).known();
        Parsed<T> parsed = latest;
        return content != null && parsed != null && parsed.content == content ? parsed.value : null;
    }

    /** What the file means; null if it can't be read. Blocks. Each content's problems are told once. */
    @Nullable
    T read(Function<Path, WatchedFile> files) {
        WatchedFile file = files.apply(path);
        WatchedFile.Content content = file.read();
        List<String> lines = content.lines();
        if (lines == null) {
            return null;
        }
        Parsed<T> parsed = latest;
        if (parsed != null && parsed.content == content) {
            return parsed.value;
        }
        T value = parser.apply(lines);
        latest = new Parsed<>(content, value);
        problems.apply(value).forEach(file::complain);
        return value;
    }
}
