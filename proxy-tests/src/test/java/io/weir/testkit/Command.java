package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A program of the system's, run to its end: curl, openssl, htpasswd.
 *
 * @param exit its exit code
 * @param output all that it wrote, errors among it
 */
public record Command(int exit, String output) {

    /** Skips the test where a program is not installed; in CI that is a failure. */
    public static void assumeInstalled(String... programs) {
        for (String program : programs) {
            boolean installed = find(program) != null;
            if (!installed && System.getenv("CI") != null) {
                throw new AssertionError(program + " is missing, and in CI it has to be there");
            }
            assumeTrue(installed, program + " is missing");
        }
    }

    /** Runs it without input. */
    public static Command run(String... words) {
        return feed("", words);
    }

    /** Runs it with that input. */
    public static Command feed(String input, String... words) {
        Process process = null;
        try {
            Path in = Files.createTempFile("weir-command", ".in");
            Path out = Files.createTempFile("weir-command", ".out");
            Files.writeString(in, input, ISO_8859_1);
            Path program = find(words[0]);
            List<String> line = Stream.concat(
                            Stream.of(program == null ? words[0] : program.toString()),
                            Stream.of(words).skip(1))
                    .toList();
            process = new ProcessBuilder(line)
                    .redirectInput(in.toFile())
                    .redirectErrorStream(true)
                    .redirectOutput(out.toFile())
                    .start();
            if (!process.waitFor(3 * Await.DEADLINE.toMillis(), TimeUnit.MILLISECONDS)) {
                throw new AssertionError(line + " does not end; so far: " + Files.readString(out, ISO_8859_1));
            }
            String output = Files.readString(out, ISO_8859_1);
            Files.delete(in);
            Files.delete(out);
            return new Command(process.exitValue(), output);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        } finally {
            if (process != null) {
                process.destroyForcibly();
            }
        }
    }

    /** Its output; it has to succeed. */
    public String orFail() {
        if (exit != 0) {
            throw new AssertionError("exit " + exit + ": " + output);
        }
        return output;
    }

    private static Path find(String program) {
        return Stream.of("/usr/bin", "/usr/sbin", "/usr/local/bin", "/bin")
                .map(directory -> Path.of(directory, program))
                .filter(Files::isExecutable)
                .findFirst()
                .orElse(null);
    }
}
