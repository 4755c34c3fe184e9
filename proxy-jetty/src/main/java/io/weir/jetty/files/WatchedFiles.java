package io.weir.jetty.files;

import io.weir.middleware.WatchedFile;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/** The files that middleware asks for, one object a path. */
public final class WatchedFiles {
    private final Map<Path, WatchedFile> files = new ConcurrentHashMap<>();

    /** Knows no file yet. */
    public WatchedFiles() {}

    /** The file of that path. Nothing is read until somebody wants to know what it holds. */
    public WatchedFile at(Path path) {
        WatchedFile known = files.get(path);
        return known != null ? known : files.computeIfAbsent(path, FileOnDisk::new);
    }
}
