package io.weir.recipes;

import java.nio.file.Files;
import java.nio.file.Path;

/** Where the project's files are. */
final class Project {
    private Project() {}

    /** The directory that holds all modules, wherever the tests were started. */
    static Path root() {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("LICENSE"))) {
            root = root.getParent();
        }
        return root;
    }
}
