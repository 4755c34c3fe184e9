package io.weir.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;

/**
 * A program of somebody else's at work: its lines of output, and its end with all that it started.
 *
 * <p>The traps: Node looks for Debian's packages only if told to, and many programs end when their input does, so it stays
 * open.
 */
public final class Program implements AutoCloseable {

    private final Process process;
    private final List<String> lines = new CopyOnWriteArrayList<>();
    private final Thread reader;
    private final Thread stopAtExit = new Thread(this::stop, "program-stop");

    private Program(Process process) {
        this.process = process;
        Runtime.getRuntime().addShutdownHook(stopAtExit);
        reader = new Thread(this::read, "program-output");
        reader.setDaemon(true);
        reader.start();
    }

    /** Skips the test where one of these files is missing; in CI that is a failure, lest the proof be lost unnoticed. */
    public static void assumeInstalled(String... files) {
        for (String file : files) {
            boolean installed = Files.exists(Path.of(file));
            if (!installed && System.getenv("CI") != null) {
                throw new AssertionError(file + " is missing, and in CI it has to be there");
            }
            assumeTrue(installed, file + " is missing");
        }
    }

    public static Program start(String... command) {
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment().put("NODE_PATH", "/usr/share/nodejs");
        try {
            return new Program(builder.start());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What it has written so far. */
    public List<String> lines() {
        return List.copyOf(lines);
    }

    /** Waits for a line that starts like that, and returns the rest of it. */
    public String awaitLine(String start) {
        Await.until(
                () -> "a line with " + start + "; output: " + lines,
                () -> matching(start).findAny().isPresent());
        return matching(start).findFirst().orElseThrow().substring(start.length());
    }

    /** Waits for its end, and returns all that it has written. */
    public List<String> awaitEnd() {
        Await.until(() -> "the end; output: " + lines, () -> !process.isAlive() && !reader.isAlive());
        return lines();
    }

    @Override
    public void close() {
        Runtime.getRuntime().removeShutdownHook(stopAtExit);
        stop();
    }

    private void stop() {
        List<ProcessHandle> all = Stream.concat(process.descendants(), Stream.of(process.toHandle()))
                .toList();
        all.forEach(ProcessHandle::destroyForcibly);
        all.forEach(handle -> handle.onExit().join());
    }

    private Stream<String> matching(String start) {
        return lines.stream().filter(line -> line.startsWith(start));
    }

    private void read() {
        try (BufferedReader output = process.inputReader(UTF_8)) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            lines.add("(output broke: " + e.getMessage() + ")");
        }
    }
}
