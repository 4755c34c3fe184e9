package io.weir.recipes;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.weir.examples.Ollama;
import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.ApiKey;
import io.weir.testkit.FakeOllama;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.RefusingPort;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A model's server behind the recipe that is for it, and all that its users run into. */
class OllamaTest {
    private static final String PEOPLE = "Host: ollama.example.com\r\n";
    private static final String PROGRAMS = "Host: llm.example.com\r\n";
    private static final String PASSWORD = "Authorization: Basic YWxpY2U6czNjcjp0\r\n"; // alice:s3cr:t

    private Path users;
    private Path keys;

    @BeforeEach
    void writeFiles(@TempDir Path directory) throws IOException {
        users = Files.writeString(
                directory.resolve("users"), "alice:$2y$04$YIRNPXVioTyiPPNT0f6yZuDJJGsOXXglvrt6mpTGCvKQowMkuNMES\n");
        keys = Files.writeString(directory.resolve("keys"), "reports:" + ApiKey.hash("a-long-key") + "\n");
    }

    @ParameterizedTest
    @CsvSource({
        "/api/generate, application/x-ndjson, '\"response\":\"one\"', '\"done\":true}'",
        "/api/chat, application/x-ndjson, '\"content\":\"one\"', '\"done\":true}'",
        "/v1/chat/completions, text/event-stream, '\"content\":\"one\"', 'data: [DONE]'"
    })
    void eachTokenIsThereBeforeTheNextIsMade(String path, String type, String one, String end) throws Exception {
        try (FakeOllama ollama = FakeOllama.start();
                JettyProxyServer proxy = inFrontOf(ollama.uri(), "127.0.0.0/8");
                RawClient client = RawClient.connect(proxy.port())) {
            client.send(post(path, PEOPLE + PASSWORD));

            FakeOllama.Generation generation = ollama.awaitGeneration();
            assertThat(readUntil(client, "\r\n\r\n")).contains("200 OK", "Content-Type: " + type);
            generation.token("one");
            assertThat(readUntil(client, "one")).contains(one.substring(0, one.length() - 1));
            generation.token("two");
            readUntil(client, "two");
            generation.token("three");
            readUntil(client, "three");
            generation.finish();
            assertThat(readUntil(client, "0\r\n\r\n")).contains(end);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/api/generate", "/v1/chat/completions"})
    void whoLeavesStopsTheModel(String path) throws Exception {
        try (FakeOllama ollama = FakeOllama.start();
                JettyProxyServer proxy = inFrontOf(ollama.uri(), "127.0.0.0/8")) {
            FakeOllama.Generation generation;
            try (RawClient client = RawClient.connect(proxy.port())) {
                client.send(post(path, PEOPLE + PASSWORD));
                generation = ollama.awaitGeneration();
                generation.token("one");
                readUntil(client, "one");
            }

            generation.awaitAborted(); // though it has nothing to say just now
        }
    }

    @Test
    void itSeesItsOwnNameAndNoPassword() {
        try (FakeOllama ollama = FakeOllama.start();
                JettyProxyServer proxy = inFrontOf(ollama.uri(), "127.0.0.0/8")) {
            RawResponse response = get(proxy, PEOPLE + PASSWORD);

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).isEqualTo("Ollama is running");
            assertThat(ollama.awaitRequest())
                    .satisfies(
                            seen -> assertThat(seen.fields("Host")).containsExactly("localhost:11434"),
                            seen -> assertThat(seen.field("X-Forwarded-For")).hasValue("127.0.0.1"),
                            seen -> assertThat(seen.field("Authorization")).isEmpty());
        }
    }

    /** What the override is for: the trap that the fake has is there. */
    @Test
    void anyOtherNameItTurnsAway() {
        try (FakeOllama ollama = FakeOllama.start()) {
            int port = Integer.parseInt(ollama.uri().substring(ollama.uri().lastIndexOf(':') + 1));

            assertThat(RawClient.exchange(port, "GET / HTTP/1.1\r\nHost: ollama.example.com\r\n\r\n")
                            .status())
                    .isEqualTo(403);
        }
    }

    @Test
    void aProgramHasAKeyOrAPassword() {
        try (FakeOllama ollama = FakeOllama.start();
                JettyProxyServer proxy = inFrontOf(ollama.uri(), "127.0.0.0/8")) {
            assertThat(get(proxy, PROGRAMS + "Authorization: Bearer a-long-key\r\n")
                            .status())
                    .isEqualTo(200);
            assertThat(get(proxy, PROGRAMS + "X-API-Key: a-long-key\r\n").status())
                    .isEqualTo(200);
            assertThat(get(proxy, PROGRAMS + PASSWORD).status()).isEqualTo(200);
            assertThat(get(proxy, PROGRAMS + "X-API-Key: another\r\n").status()).isEqualTo(401);
            assertThat(get(proxy, PEOPLE + "X-API-Key: a-long-key\r\n").status())
                    .isEqualTo(401);
        }
    }

    @Test
    void whatAUserProvokes() {
        try (RefusingPort down = RefusingPort.open();
                JettyProxyServer open = inFrontOf(down.uri(), "127.0.0.0/8");
                JettyProxyServer elsewhere = inFrontOf(down.uri(), "192.168.1.0/24", "10.0.0.0/8")) {
            RawResponse noPassword = get(open, PEOPLE);

            assertThat(noPassword.status()).isEqualTo(401);
            assertThat(noPassword.field("WWW-Authenticate"))
                    .hasValueSatisfying(challenge -> assertThat(challenge).startsWith("Basic realm=\"Ollama API\""));
            assertThat(get(open, PEOPLE + "Authorization: Basic YWxpY2U6d3Jvbmc=\r\n")
                            .status())
                    .isEqualTo(401);
            assertThat(get(elsewhere, PEOPLE + PASSWORD).status()).isEqualTo(403);
            assertThat(get(open, PEOPLE + PASSWORD).status()).isEqualTo(502);
            assertThat(get(open, "Host: evil.test\r\n" + PASSWORD).status()).isEqualTo(421);
        }
    }

    /** As the recipe's command does: 502 where no Ollama is, but neither 403 nor 401. */
    @Test
    void whoTriesItOnThisMachineIsLetIn(@TempDir Path directory) throws Exception {
        Files.copy(users, directory.resolve(".ollama_htpasswd"));
        Files.copy(keys, directory.resolve(".ollama_keys"));
        try (MainProcess main = MainProcess.startIn(directory, Ollama.class)) {
            int port = main.awaitPort();

            int status = RawClient.exchange(port, "GET / HTTP/1.1\r\n" + PEOPLE + PASSWORD + "\r\n")
                    .status();

            assertThat(status).isIn(200, 502);
        }
    }

    @Test
    void theRealOneAnswersToo() throws Exception {
        assumeThat(listens(11434)).as("an Ollama listens on 11434").isTrue();
        try (JettyProxyServer proxy = inFrontOf("http://127.0.0.1:11434", "127.0.0.0/8")) {
            assertThat(get(proxy, PEOPLE + PASSWORD).body()).isEqualTo("Ollama is running");
        }
    }

    private JettyProxyServer inFrontOf(String url, String... networks) {
        return JettyProxyServer.builder(Ollama.config(url, users, keys, networks))
                .listen("127.0.0.1", 0)
                .start();
    }

    private static RawResponse get(JettyProxyServer proxy, String fields) {
        return RawClient.exchange(proxy.port(), "GET / HTTP/1.1\r\n" + fields + "\r\n");
    }

    private static String post(String path, String fields) {
        String body = "{\"model\":\"llama3.2\",\"prompt\":\"Why?\",\"stream\":true}";
        return "POST " + path + " HTTP/1.1\r\n" + fields + "Content-Length: " + body.length() + "\r\n\r\n" + body;
    }

    /** No further, so that what comes later can't be mistaken for what is there. */
    private static String readUntil(RawClient client, String end) {
        StringBuilder seen = new StringBuilder();
        while (seen.indexOf(end) < 0) {
            seen.append(client.readBytes(1));
        }
        return seen.toString();
    }

    private static boolean listens(int port) {
        try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress("127.0.0.1", port), 1_000);
            return true;
        } catch (IOException e) {
            return false;
        }
    }
}
