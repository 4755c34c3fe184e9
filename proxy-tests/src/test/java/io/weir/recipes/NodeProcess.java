package io.weir.recipes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;

/** A script at work in Node.js, with Debian's {@code node-ws} in reach. */
final class NodeProcess implements AutoCloseable {
    private static final Path BINARY = Path.of("/usr/bin/node");

    private final Process process;
    private final BufferedReader output;

    private NodeProcess(Process process) {
        this.process = process;
        output = process.inputReader(UTF_8);
    }

    /** Skips the test where Node is not installed; in CI that is a failure. */
    static NodeProcess start(String script) throws IOException {
        boolean installed = Files.isExecutable(BINARY);
        if (!installed && System.getenv("CI") != null) {
            throw new AssertionError(BINARY + " is missing, and in CI it has to be there");
        }
        assumeThat(installed).as(BINARY + " is installed").isTrue();
        ProcessBuilder command =
                new ProcessBuilder(BINARY.toString(), path(script).toString());
        command.environment().put("NODE_PATH", "/usr/share/nodejs"); // where Debian has its packages
        return new NodeProcess(
                command.redirectError(ProcessBuilder.Redirect.INHERIT).start());
    }

    /** The next line that it prints; null at its end. */
    String readLine() throws IOException {
        return output.readLine();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    private static Path path(String script) {
        try {
            return Path.of(Objects.requireNonNull(NodeProcess.class.getResource("/recipes/" + script))
                    .toURI());
        } catch (URISyntaxException e) {
            throw new AssertionError(e);
        }
    }
}
