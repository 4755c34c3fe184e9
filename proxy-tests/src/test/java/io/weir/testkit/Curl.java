package io.weir.testkit;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The real curl. */
public final class Curl {

    private static final Path BINARY = Path.of("/usr/bin/curl");

    private Curl() {}

    /** Skips the test where curl is not installed; in CI that is a failure, lest the check be lost unnoticed. */
    public static void assumeInstalled() {
        boolean installed = Files.isExecutable(BINARY);
        if (!installed && System.getenv("CI") != null) {
            throw new AssertionError(BINARY + " is missing, and in CI it has to be there");
        }
        assumeTrue(installed, BINARY + " is missing");
    }

    /** The body that it prints; a failure of curl's fails the test. */
    public static String get(String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(BINARY.toString(), "-sS", "--fail", "--max-time", "10"));
        command.addAll(List.of(arguments));
        Path errors = Files.createTempFile("weir-curl", ".log");
        try {
            Process curl =
                    new ProcessBuilder(command).redirectError(errors.toFile()).start();
            String body = new String(curl.getInputStream().readAllBytes(), UTF_8);
            if (curl.waitFor() != 0) {
                throw new AssertionError("curl ended with " + curl.exitValue() + ": " + Files.readString(errors));
            }
            return body;
        } finally {
            Files.delete(errors);
        }
    }
}
