package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.testkit.Await;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a proxy that is killed leaves of the bodies it buffers: nothing, for their files have no name. */
class TempFileRemainsTest {
    private static final int LARGE = 24 * 1024 * 1024;

    @TempDir
    Path directory;

    @Test
    void aProxyThatIsKilledLeavesNoFile() throws IOException {
        try (var upstream = ScriptedUpstream.of(connection -> {
            connection.readRequest();
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + LARGE + "\r\n\r\n");
            connection.sendFiller(LARGE);
            connection.hang();
        })) {
            Process proxy = proxy(upstream.uri());
            try (BufferedReader output = proxy.inputReader(ISO_8859_1)) {
                int port = Integer.parseInt(output.readLine());
                try (var download = RawClient.connect(port, 16 * 1024);
                        var upload = RawClient.connect(port)) {
                    download.send(GET).readHead();
                    upload.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2000000\r\n\r\n");
                    upload.send(new byte[1_000_000]);
                    Await.until(
                            "both have their file, which has lost its name",
                            () -> openFiles(proxy).size() == 2
                                    && BufferedResponsesTest.listed(directory).isEmpty());

                    proxy.destroyForcibly();
                    Await.until("it is dead", () -> !proxy.isAlive());

                    assertThat(BufferedResponsesTest.listed(directory)).isEmpty();
                }
            } finally {
                proxy.destroyForcibly();
            }
        }
    }

    private List<String> openFiles(Process proxy) {
        return BufferedResponsesTest.openFiles(Path.of("/proc", String.valueOf(proxy.pid()), "fd"), directory);
    }

    private Process proxy(String upstream) throws IOException {
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xshare:auto",
                        "-XX:TieredStopAtLevel=1",
                        "-XX:+UseSerialGC",
                        "-Xmx64m",
                        "-cp",
                        classPath,
                        BufferingMain.class.getName(),
                        upstream,
                        directory.toString())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
    }
}
