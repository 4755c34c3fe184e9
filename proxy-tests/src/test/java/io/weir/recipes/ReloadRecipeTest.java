package io.weir.recipes;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.examples.Reload;
import io.weir.jetty.JettyProxyServer;
import io.weir.testkit.Await;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another configuration while requests run, and none of them notices. */
class ReloadRecipeTest {
    private Path upstreams;

    @BeforeEach
    void nameTheFile(@TempDir Path directory) {
        upstreams = directory.resolve("upstreams.txt");
    }

    @Test
    void aRequestThatRunsOverAReloadEndsAsItBegan() throws Exception {
        CountDownLatch reloaded = new CountDownLatch(1);
        try (ScriptedUpstream old = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\none");
                    Await.on("the reload", reloaded);
                    connection.send("two");
                });
                EchoUpstream other = EchoUpstream.start();
                JettyProxyServer proxy = start(old.uri());
                RawClient client = RawClient.connect(proxy.port())) {
            client.send("GET / HTTP/1.1\r\nHost: a\r\n\r\n").readHead();
            assertThat(client.readBytes(3)).isEqualTo("one");

            Files.writeString(upstreams, other.uri() + "\n");
            assertThat(Reload.reload(proxy, upstreams)).isEqualTo("reloaded");

            assertThat(get(proxy.port()).body()).startsWith("GET / HTTP/1.1\n");
            reloaded.countDown();
            assertThat(client.readBytes(3)).isEqualTo("two");
        }
    }

    @Test
    void whatMakesNoSenseChangesNothingAndSaysWhy() throws Exception {
        try (EchoUpstream app = EchoUpstream.start();
                JettyProxyServer proxy = start(app.uri())) {
            Files.writeString(upstreams, "");
            assertThat(Reload.reload(proxy, upstreams))
                    .startsWith("not reloaded: ")
                    .contains("\"app\"");
            Files.writeString(upstreams, "ftp://a\n");
            assertThat(Reload.reload(proxy, upstreams))
                    .startsWith("not reloaded: ")
                    .contains("ftp://a");
            Files.delete(upstreams);
            assertThat(Reload.reload(proxy, upstreams))
                    .startsWith("not reloaded: ")
                    .contains("upstreams.txt");

            assertThat(get(proxy.port()).status()).isEqualTo(200);
        }
    }

    @Test
    void theMainReloadsAtEachLine() throws Exception {
        try (EchoUpstream app = EchoUpstream.start();
                ScriptedUpstream other =
                        ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nother")) {
            Files.writeString(upstreams, app.uri() + "\n");
            Process main = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            "-Dport=0",
                            "io.weir.examples.Reload",
                            upstreams.toString())
                    .redirectErrorStream(true)
                    .start();
            try (BufferedReader output = main.inputReader(UTF_8);
                    Writer input = main.outputWriter(UTF_8)) {
                int port = Integer.parseInt(lineWith(output, "listening on ").replaceFirst(".* ", ""));
                assertThat(get(port).body()).startsWith("GET / ");

                Files.writeString(upstreams, other.uri() + "\n");
                input.write("\n");
                input.flush();

                assertThat(lineWith(output, "reloaded")).isEqualTo("reloaded");
                assertThat(get(port).body()).isEqualTo("other");
            } finally {
                main.destroyForcibly();
            }
        }
    }

    private static String lineWith(BufferedReader output, String part) throws IOException {
        StringBuilder said = new StringBuilder();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            if (line.contains(part)) {
                return line;
            }
            said.append(line).append('\n');
        }
        throw new AssertionError("no line with \"" + part + "\"; it said: " + said);
    }

    private JettyProxyServer start(String url) throws IOException {
        Files.writeString(upstreams, url + "\n");
        return JettyProxyServer.builder(Reload.config(upstreams))
                .listen("127.0.0.1", 0)
                .start();
    }

    private static RawResponse get(int port) {
        return RawClient.exchange(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    }
}
