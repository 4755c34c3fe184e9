package io.weir.recipes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.EchoUpstream;
import io.weir.testkit.RawClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** In a JVM of its own, for Spring Boot takes the logging of the whole JVM over. */
class InsideSpringBootTest {
    private static final Pattern STARTED = Pattern.compile("Jetty started on port (\\d+)");

    @Test
    void controllersAndProxiedPathsShareOnePort() throws Exception {
        try (EchoUpstream upstream = EchoUpstream.start()) {
            Process application = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            "io.weir.examples.InsideSpringBoot",
                            "--server.port=0",
                            "--logging.config=classpath:logback.xml", // the one of the tests shows warnings only
                            "--upstream=" + upstream.uri())
                    .redirectErrorStream(true)
                    .start();
            try (BufferedReader output = application.inputReader(UTF_8)) {
                int port = awaitPort(output);

                assertThat(get(port, "/")).isEqualTo("the application\n");
                assertThat(get(port, "/api/a%2Fb?x={y}")).startsWith("GET /api/a%2Fb?x={y} HTTP/1.1\n");
            } finally {
                application.destroyForcibly();
            }
        }
    }

    private static String get(int port, String target) {
        return RawClient.exchange(port, "GET " + target + " HTTP/1.1\r\nHost: app.test\r\n\r\n")
                .body();
    }

    private static int awaitPort(BufferedReader output) throws IOException {
        StringBuilder said = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            Matcher started = STARTED.matcher(line);
            if (started.find()) {
                return Integer.parseInt(started.group(1));
            }
            said.append(line).append('\n');
        }
        throw new AssertionError("the application ended; it said: " + said);
    }
}
