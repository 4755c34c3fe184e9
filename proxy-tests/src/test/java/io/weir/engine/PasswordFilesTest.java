package io.weir.engine;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.ProxyConfig;
import io.weir.http.RequestHead;
import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.Access;
import io.weir.middleware.ApiKey;
import io.weir.middleware.BasicAuth;
import io.weir.middleware.IpAccess;
import io.weir.middleware.Middleware;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Command;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.upstream.UpstreamPool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.Logger;
import org.slf4j.event.Level;

/** Users in files that Apache's htpasswd and openssl wrote, while the proxy runs. */
class PasswordFilesTest {
    private static final String PASSWORD = "corr:ect horse";

    @TempDir
    private Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"-B", "-B -C 4", "-m", "-s", "-d", "-2", "-2 -r 1000", "-5"})
    void whatHtpasswdWroteLetsIn(String options) throws IOException {
        Command.assumeInstalled("htpasswd");
        Path file = directory.resolve("users");
        htpasswd(file, "-c " + options, "alice", "corr:ect");

        try (EchoUpstream upstream = EchoUpstream.start();
                WiredProxy proxy = behind(upstream, BasicAuth.realm("files").htpasswd(file))) {
            RawResponse letIn = proxy.exchange(get("/", "alice", "corr:ect"));

            assertThat(letIn.status()).as(Files.readString(file)).isEqualTo(200);
            assertThat(letIn.body()).doesNotContain("Authorization").contains("X-User: alice");
            assertThat(proxy.exchange(get("/", "alice", "corr:ecT")).status()).isEqualTo(401);
            assertThat(proxy.exchange(get("/", "bob", "corr:ect")).status()).isEqualTo(401);
            assertThat(proxy.exchange(WiredProxy.GET).fields("WWW-Authenticate"))
                    .containsExactly("Basic realm=\"files\", charset=\"UTF-8\"");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-5", "-6", "-1", "-apr1"})
    void whatOpensslWroteLetsIn(String format) throws IOException {
        Command.assumeInstalled("openssl");
        Path file = directory.resolve("users");
        Files.writeString(
                file,
                "alice:" + Command.run("openssl", "passwd", format, PASSWORD).orFail());

        try (EchoUpstream upstream = EchoUpstream.start();
                WiredProxy proxy = behind(upstream, BasicAuth.realm("files").htpasswd(file))) {
            assertThat(proxy.exchange(get("/", "alice", PASSWORD)).status()).isEqualTo(200);
            assertThat(proxy.exchange(get("/", "alice", "wrong")).status()).isEqualTo(401);
        }
    }

    @Test
    void curlComesInWithItsUser() throws IOException {
        Command.assumeInstalled("htpasswd", "curl");
        Path file = directory.resolve("users");
        htpasswd(file, "-c -B", "j\u00F6rg", "p\u00E4ss:word");

        try (EchoUpstream upstream = EchoUpstream.start();
                WiredProxy proxy = behind(upstream, BasicAuth.realm("files").htpasswd(file))) {
            String url = "http://127.0.0.1:" + proxy.port() + "/";

            assertThat(curlStatus("-u", "j\u00F6rg:p\u00E4ss:word", url)).isEqualTo("200");
            assertThat(curlStatus("-u", "j\u00F6rg:pass:word", url)).isEqualTo("401");
            assertThat(curlStatus("--http2-prior-knowledge", "-u", "j\u00F6rg:p\u00E4ss:word", url))
                    .isEqualTo("200");
            assertThat(curlStatus(url)).isEqualTo("401");
        }
    }

    @Test
    void aFileHoldsAsItIsNow() throws IOException {
        Command.assumeInstalled("htpasswd");
        Path file = directory.resolve("users");
        htpasswd(file, "-c -s", "alice", "one");

        try (EchoUpstream upstream = EchoUpstream.start();
                WiredProxy proxy = behind(upstream, BasicAuth.realm("files").htpasswd(file))) {
            assertThat(proxy.exchange(get("/", "alice", "one")).status()).isEqualTo(200);

            htpasswd(file, "-s", "alice", "two");
            awaitStatus(proxy, get("/", "alice", "one"), 401);
            awaitStatus(proxy, get("/", "alice", "two"), 200);
            htpasswd(file, "-B -C 4", "bob", "three");
            awaitStatus(proxy, get("/", "bob", "three"), 200);
            Command.run("htpasswd", "-D", file.toString(), "alice").orFail();
            awaitStatus(proxy, get("/", "alice", "two"), 401);
        }
    }

    @Test
    void aFileThatCannotBeReadLetsNobodyInAndIsLogged() throws IOException {
        Path file = directory.resolve("users");
        Files.writeString(file, "alice:{SHA}nZiejSfcng7DOJ/IVfFCw9QPDFA=\n");

        try (LogCapture log = LogCapture.of("io.weir.files");
                EchoUpstream upstream = EchoUpstream.start();
                WiredProxy proxy = behind(upstream, BasicAuth.realm("files").htpasswd(file))) {
            assertThat(proxy.exchange(get("/", "alice", "cat")).status()).isEqualTo(200);

            Files.delete(file);
            awaitStatus(proxy, get("/", "alice", "cat"), 500);
            assertThat(proxy.exchange(WiredProxy.GET).status()).isEqualTo(401);
            Files.createDirectory(file);
            awaitStatus(proxy, get("/", "alice", "cat"), 500);
            Files.delete(file);
            Files.writeString(file, "alice:{SHA}nZiejSfcng7DOJ/IVfFCw9QPDFA=\n");
            awaitStatus(proxy, get("/", "alice", "cat"), 200);

            List<LogCapture.Line> lines = log.lines(file.toString()).stream()
                    .filter(line -> line.level() == Level.WARN)
                    .toList();
            assertThat(lines).hasSize(1);
            assertThat(lines.get(0).message()).contains("there is no such file; nobody is let in by it until it can");
        }
    }

    @Test
    void aProxyStartsClosedWithoutItsFileAndOpensWithIt() throws IOException {
        Path file = directory.resolve("users");

        try (EchoUpstream upstream = EchoUpstream.start();
                WiredProxy proxy = behind(upstream, BasicAuth.realm("files").htpasswd(file))) {
            assertThat(proxy.exchange(get("/", "alice", "cat")).status()).isEqualTo(500);
            Files.writeString(file, "alice:{SHA}nZiejSfcng7DOJ/IVfFCw9QPDFA=\n");
            awaitStatus(proxy, get("/", "alice", "cat"), 200);
        }
    }

    @Test
    void aPlainPasswordKeepsTheProxyFromStartingAndFromReloading() throws IOException {
        Path file = directory.resolve("users");
        Files.writeString(file, "alice:hunter2\n");
        BasicAuth auth = BasicAuth.realm("files").htpasswd(file);

        try (EchoUpstream upstream = EchoUpstream.start();
                WiredProxy proxy = behind(upstream, Middleware.onEnd(outcome -> {}))) {
            ProxyConfig closed = ProxyConfig.builder()
                    .route(Route.any().use(Access.all(auth)).to(UpstreamPool.of("app", upstream.uri())))
                    .build();

            assertThatThrownBy(() -> JettyProxyServer.builder(closed)
                            .listen("127.0.0.1", 0)
                            .start())
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining(file + ": line 1: the password is in no known format")
                    .hasMessageNotContaining("hunter2");
            assertThatIllegalArgumentException()
                    .isThrownBy(() -> proxy.reload(closed))
                    .withMessageContaining("line 1");
            assertThat(proxy.exchange(WiredProxy.GET).status()).isEqualTo(200);
        }
    }

    /** One thread serves all sockets. While passwords are hashed, it serves who needs none. */
    @Test
    void hashingHoldsNobodyElseUp() throws IOException {
        Command.assumeInstalled("htpasswd");
        Path file = directory.resolve("users");
        htpasswd(file, "-c -B -C 11", "alice", "right");
        int guesses = 8;

        try (EchoUpstream upstream = EchoUpstream.start();
                WiredProxy proxy = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()),
                        (config, pool) -> config.route(Route.prefix("/private/")
                                        .use(BasicAuth.realm("files").htpasswd(file))
                                        .to(pool))
                                .route(Route.any().to(pool)))) {
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < guesses; i++) {
                clients.add(proxy.client().send(get("/private/", "alice", "guess " + i)));
            }

            assertThat(proxy.exchange(WiredProxy.GET).status()).isEqualTo(200);
            for (RawClient client : clients) {
                assertThat(client.readResponse().status()).isEqualTo(401);
                client.close();
            }

            List<String> ended = new ArrayList<>();
            for (int i = 1; i <= guesses + 1; i++) {
                ended.add(proxy.awaitEnded(i).request().path());
            }
            assertThat(ended.get(guesses)).as("the last to end of %s", ended).isEqualTo("/private/");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Authorization: Bearer ", "X-API-Key: "})
    void keysComeFromAFileToo(String field) throws IOException {
        Path file = directory.resolve("keys");
        Files.writeString(file, "reports:" + ApiKey.hash("key-of-reports") + "\n");

        try (EchoUpstream upstream = EchoUpstream.start();
                WiredProxy proxy = behind(upstream, ApiKey.file(file))) {
            RawResponse letIn = proxy.exchange("GET / HTTP/1.1\r\nHost: a.test\r\n" + field + "key-of-reports\r\n\r\n");
            RawResponse refused = proxy.exchange("GET / HTTP/1.1\r\nHost: a.test\r\n" + field + "other\r\n\r\n");

            assertThat(letIn.status()).isEqualTo(200);
            assertThat(letIn.body()).doesNotContain("key-of-reports").contains("X-User: reports");
            assertThat(refused.status()).isEqualTo(401);
            assertThat(refused.fields("WWW-Authenticate"))
                    .containsExactly("Bearer realm=\"api\", error=\"invalid_token\"");
        }
    }

    @Test
    void credentialsAreNowhereToBeSeen() throws IOException {
        Path file = directory.resolve("users");
        Files.writeString(file, "alice:" + SHA_OF_SECRET + "\nbob:hidden-plain\n");
        Path sound = directory.resolve("sound");
        Files.writeString(sound, "alice:" + SHA_OF_SECRET + "\n");
        Middleware gate = Access.any(
                IpAccess.deny("127.0.0.1").allowOthers(),
                BasicAuth.realm("files").htpasswd(sound),
                ApiKey.hashes(Map.of("reports", ApiKey.hash("hidden-key"))));
        String basic = basic("alice", "hidden-word");

        try (LogCapture log = LogCapture.of(Logger.ROOT_LOGGER_NAME);
                EchoUpstream upstream = EchoUpstream.start();
                WiredProxy proxy = behind(upstream, gate)) {
            assertThat(proxy.exchange(get("/", "alice", "hidden-word")).status())
                    .isEqualTo(200);
            assertThat(proxy.exchange(get("/", "alice", "hidden-guess")).status())
                    .isEqualTo(401);
            assertThat(proxy.exchange("GET / HTTP/1.1\r\nHost: a.test\r\nX-API-Key: hidden-key\r\n\r\n")
                            .status())
                    .isEqualTo(200);
            Files.copy(file, sound, StandardCopyOption.REPLACE_EXISTING);
            Await.until("the bad line is found", () -> {
                assertThat(proxy.exchange(get("/", "bob", "hidden-plain")).status())
                        .isEqualTo(401);
                return !log.lines("line 2: the password is in no known format").isEmpty();
            });
            RequestHead head = RequestHead.get("/", "a.test")
                    .withHeader("Authorization", "Basic " + basic)
                    .withHeader("X-API-Key", "hidden-key");
            String shown = proxy.explain(head) + " " + proxy.explain(head).headers() + gate + head + log.lines("");

            assertThat(shown)
                    .contains("Access.any")
                    .doesNotContain(
                            "hidden-word",
                            "hidden-guess",
                            "hidden-key",
                            "hidden-plain",
                            basic,
                            basic("alice", "hidden-guess"),
                            SHA_OF_SECRET,
                            ApiKey.hash("hidden-key"));
        }
    }

    private static final String SHA_OF_SECRET = "{SHA}VFn3oiLkNavQLlCCdIcGYbc2sP4=";

    private static WiredProxy behind(EchoUpstream upstream, Middleware gate) {
        return WiredProxy.to(
                pool -> pool.upstream(upstream.uri()),
                config -> config.use(gate).headers(h -> h.request().set("X-User", "$remote_user")));
    }

    private static void awaitStatus(WiredProxy proxy, String request, int status) {
        Await.until("status " + status, () -> proxy.exchange(request).status() == status);
    }

    private static void htpasswd(Path file, String options, String user, String password) {
        List<String> words = new ArrayList<>(List.of("htpasswd", "-b"));
        words.addAll(List.of(options.split(" ")));
        words.addAll(List.of(file.toString(), user, password));
        Command.run(words.toArray(String[]::new)).orFail();
    }

    private static String curlStatus(String... arguments) {
        List<String> words = new ArrayList<>(List.of("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}"));
        words.addAll(List.of(arguments));
        return Command.run(words.toArray(String[]::new)).orFail();
    }

    private static String get(String path, String user, String password) {
        return "GET " + path + " HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic " + basic(user, password)
                + "\r\n\r\n";
    }

    private static String basic(String user, String password) {
        return Base64.getEncoder().encodeToString((user + ":" + password).getBytes(UTF_8));
    }
}
