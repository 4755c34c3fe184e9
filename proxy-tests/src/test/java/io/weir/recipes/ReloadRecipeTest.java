package io.weir.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.examples.Reload;
import io.weir.jetty.JettyProxyServer;
import io.weir.testkit.Await;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.io.IOException;
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
            try (MainProcess main = MainProcess.start(Reload.class, upstreams.toString())) {
                int port = Integer.parseInt(main.awaitLine("at port ").replaceFirst(".* ", ""));
                assertThat(get(port).body()).startsWith("GET / ");

                Files.writeString(upstreams, other.uri() + "\n");
                main.pressEnter();

                assertThat(main.awaitLine("reloaded")).isEqualTo("reloaded");
                assertThat(get(port).body()).isEqualTo("other");
            }
        }
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
