package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.concurrent.TimeUnit.NANOSECONDS;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A program of the system's that runs to its end: the real htpasswd, openssl, curl. */
public final class Command {
    private static final List<Path> PLACES = List.of(Path.of("/usr/bin"), Path.of("/usr/sbin"), Path.of("/bin"));

    private Command() {}

    /** Skips the test where a program is not installed; in CI that is a failure. */
    public static void assumeInstalled(String... programs) {
        for (String program : programs) {
            boolean installed = PLACES.stream().anyMatch(place -> Files.isExecutable(place.resolve(program)));
            if (!installed && System.getenv("CI") != null) {
                throw new AssertionError(program + " is missing, and in CI it has to be there");
            }
            assumeTrue(installed, program + " is missing");
        }
    }

    /** Runs it and returns what it wrote, errors included; fails unless it ends well and in time. */
    public static String run(String... words) {
        Path output = null;
        try {
            output = Files.createTempFile("weir-command", ".out");
            Process process = new ProcessBuilder(words)
                    .redirectErrorStream(true)
                    .redirectInput(Path.of("/dev/null").toFile())
                    .redirectOutput(output.toFile())
                    .start();
            boolean ended = process.waitFor(Await.DEADLINE.toNanos(), NANOSECONDS);
            if (!ended) {
                process.destroyForcibly();
            }
            String written = Files.readString(output, ISO_8859_1);
            if (!ended || process.exitValue() != 0) {
                throw new AssertionError(
                        Stream.of(words).findFirst().orElse("") + (ended ? " failed: " : " hangs: ") + written);
            }
            return written;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted", e);
        } finally {
            if (output != null) {
                output.toFile().delete();
            }
        }
    }
}
