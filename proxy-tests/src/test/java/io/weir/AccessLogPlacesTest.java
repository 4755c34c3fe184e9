package io.weir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.log.AccessLog;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.testkit.Await;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.UpstreamPool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.event.Level;

/** Where access lines go: files that are shared, renamed and changed by a reload; consumers; loggers. */
class AccessLogPlacesTest {

    private static final AccessLog SHORT = AccessLog.format("$host $request_uri $status");

    @TempDir
    Path directory;

    @Test
    void twoSitesShareOneFileAndEveryLineIsInItWhenTheServerHasStopped() throws Exception {
        Path file = directory.resolve("access.log");
        Path sameFile = directory.resolve("elsewhere/../access.log");
        ProxyConfig config = ProxyConfig.builder()
                .accessLog(AccessLog.off())
                .site(answering("a.test").accessLog(SHORT.toFile(file)))
                .site(answering("b.test").accessLog(SHORT.toFile(sameFile)))
                .site(answering("c.test"))
                .build();

        try (JettyProxyServer weir = start(config)) {
            List<Thread> clients = new ArrayList<>();
            for (String host : List.of("a.test", "b.test", "c.test", "a.test")) {
                String name = "/" + clients.size() + "/";
                clients.add(new Thread(() -> {
                    try (RawClient client = RawClient.connect(weir.port())) {
                        for (int i = 0; i < 50; i++) {
                            client.send(get(host, name + i)).readResponse();
                        }
                    }
                }));
            }
            clients.forEach(Thread::start);
            for (Thread client : clients) {
                client.join();
            }
        }

        assertThat(Files.readAllLines(file))
                .hasSize(150)
                .doesNotHaveDuplicates()
                .allMatch(line -> line.matches("(a.test /[03]|b.test /1)/[0-9]+ 200"));
    }

    @Test
    void afterAReopenLinesGoIntoANewFile() throws Exception {
        Path file = directory.resolve("access.log");
        Path renamed = directory.resolve("access.log.1");
        try (JettyProxyServer weir = start(logging(SHORT.toFile(file)))) {
            exchange(weir, "/before");
            awaitLines(file, 1);

            Files.move(file, renamed);
            weir.reopenLogs();
            exchange(weir, "/after");
            awaitLines(file, 1);

            assertThat(weir.droppedLogLines()).isZero();
        }

        assertThat(Files.readAllLines(renamed)).containsExactly("a.test /before 200");
        assertThat(Files.readAllLines(file)).containsExactly("a.test /after 200");
    }

    @Test
    void aFileThatCannotBeWrittenIsNamedAtTheStart() {
        Path file = directory.resolve("none/access.log");

        assertThatThrownBy(() -> start(logging(SHORT.toFile(file))))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("access log " + file + " can't be written: NoSuchFileException")
                .hasMessageContaining("name a file in a directory that is there");
    }

    @Test
    void aReloadThatNamesAFileWhichCannotBeWrittenChangesNothing() throws Exception {
        Path file = directory.resolve("access.log");
        Path unused = directory.resolve("unused.log");
        Path broken = directory.resolve("none/access.log");
        ProxyConfig config = logging(SHORT.toFile(file));
        try (JettyProxyServer weir = start(config)) {
            ProxyConfig bad = ProxyConfig.builder()
                    .site(answering("a.test").accessLog(SHORT.toFile(unused)))
                    .site(answering("b.test").accessLog(SHORT.toFile(broken)))
                    .build();

            assertThatThrownBy(() -> weir.reload(bad))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("access log " + broken);
            exchange(weir, "/a");
        }

        assertThat(Files.readAllLines(file)).containsExactly("a.test /a 200");
    }

    @Test
    void anExchangeIsLoggedWhereItsConfigurationSaidWhenItBegan() throws Exception {
        Path old = directory.resolve("old.log");
        Path fresh = directory.resolve("new.log");
        CountDownLatch reloaded = new CountDownLatch(1);
        ScriptedUpstream slow = ScriptedUpstream.of(connection -> {
            connection.readRequest();
            Await.on("the reload", reloaded);
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        try (JettyProxyServer weir = start(ProxyConfig.builder()
                .accessLog(SHORT.toFile(old))
                .route(Route.any().to(UpstreamPool.of("app", slow.uri())))
                .build())) {
            try (RawClient running = RawClient.connect(weir.port())) {
                running.send(get("a.test", "/running"));
                slow.awaitRequest();
                weir.reload(logging(SHORT.toFile(fresh)));
                reloaded.countDown();
                running.readResponse();
            }
            exchange(weir, "/next");
        } finally {
            slow.close();
        }

        assertThat(Files.readAllLines(old)).containsExactly("a.test /running 200");
        assertThat(Files.readAllLines(fresh)).containsExactly("a.test /next 200");
    }

    @Test
    void aReopenMakesNoFileThatNoConfigurationNamesAnyMore() throws Exception {
        Path old = directory.resolve("old.log");
        Path fresh = directory.resolve("new.log");
        try (JettyProxyServer weir = start(logging(SHORT.toFile(old)))) {
            exchange(weir, "/old");
            awaitLines(old, 1);
            weir.reload(logging(SHORT.toFile(fresh)));
            Files.move(old, directory.resolve("old.log.1"));
            Files.move(fresh, directory.resolve("new.log.1"));

            weir.reopenLogs();
            exchange(weir, "/fresh");
            awaitLines(fresh, 1);
        }

        assertThat(old).doesNotExist();
        assertThat(directory.resolve("old.log.1")).hasContent("a.test /old 200");
    }

    @Test
    void aFileThatWasOutOfUseIsTriedBeforeItIsInUseAgain() throws Exception {
        Path home = Files.createDirectory(directory.resolve("home"));
        ProxyConfig config = logging(SHORT.toFile(home.resolve("old.log")));
        try (JettyProxyServer weir = start(config)) {
            weir.reload(logging(SHORT.toFile(directory.resolve("new.log"))));
            Files.move(home, directory.resolve("away"));

            assertThatThrownBy(() -> weir.reload(config))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("old.log can't be written: NoSuchFileException");
        }
    }

    /** The file is forgotten by the second reload, for nothing was written into it after the first. */
    @Test
    void anExchangeOfManyConfigurationsAgoIsLoggedAllTheSame() throws Exception {
        Path old = directory.resolve("old.log");
        CountDownLatch reloaded = new CountDownLatch(1);
        ScriptedUpstream slow = ScriptedUpstream.of(connection -> {
            connection.readRequest();
            Await.on("the reloads", reloaded);
            connection.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        });
        try (JettyProxyServer weir = start(ProxyConfig.builder()
                        .accessLog(SHORT.toFile(old))
                        .route(Route.any().to(UpstreamPool.of("app", slow.uri())))
                        .build());
                RawClient running = RawClient.connect(weir.port())) {
            running.send(get("a.test", "/running"));
            slow.awaitRequest();
            for (int i = 0; i < 3; i++) {
                weir.reload(logging(SHORT.toFile(directory.resolve("new.log"))));
            }
            reloaded.countDown();
            running.readResponse();
        } finally {
            slow.close();
        }

        assertThat(Files.readAllLines(old)).containsExactly("a.test /running 200");
    }

    @Test
    void anExchangeThatAStopCutsOffHasItsLineToo() throws Exception {
        Path file = directory.resolve("access.log");
        ScriptedUpstream silent = ScriptedUpstream.of(connection -> {
            connection.readRequest();
            connection.hang();
        });
        try (RawClient client = cutOff(silent, file)) {
            assertThat(Files.readAllLines(file)).singleElement().asString().startsWith("a.test /cut ");
        } finally {
            silent.close();
        }
    }

    private static RawClient cutOff(ScriptedUpstream silent, Path file) {
        try (JettyProxyServer weir = start(ProxyConfig.builder()
                .accessLog(SHORT.toFile(file))
                .route(Route.any().to(UpstreamPool.of("app", silent.uri())))
                .build())) {
            RawClient client = RawClient.connect(weir.port());
            client.send(get("a.test", "/cut"));
            silent.awaitRequest();
            return client;
        }
    }

    @Test
    void bytesSentAreThoseThatTheClientReads() {
        List<String> lines = new CopyOnWriteArrayList<>();
        ScriptedUpstream chunked = ScriptedUpstream.answering(
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n");
        try (JettyProxyServer weir = start(ProxyConfig.builder()
                .accessLog(AccessLog.format("$bytes_sent $body_bytes_sent").to(lines::add))
                .route(Route.exact("/own").answer(Reply.text(200, "ok")))
                .route(Route.any().to(UpstreamPool.of("app", chunked.uri())))
                .build())) {
            try (RawClient client = RawClient.connect(weir.port())) {
                List<String> expected = new ArrayList<>();
                for (String target : List.of("/own", "/chunked", "/own")) {
                    long before = client.bytesRead();
                    int body = client.send(get("a.test", target))
                            .readResponse()
                            .body()
                            .length();
                    expected.add(client.bytesRead() - before + " " + body);
                }
                Await.until(() -> "three lines: " + lines, () -> lines.size() == 3);
                assertThat(lines).isEqualTo(expected);
            }
        } finally {
            chunked.close();
        }
    }

    @Test
    void aConsumerGetsTheLinesForWhichTheConditionHolds() {
        List<String> lines = new CopyOnWriteArrayList<>();
        AccessLog log = SHORT.to(lines::add).when(exchange -> exchange.outcome().status() >= 400);
        try (JettyProxyServer weir = start(ProxyConfig.builder()
                .accessLog(log)
                .route(Route.exact("/well").answer(Reply.status(204)))
                .build())) {
            exchange(weir, "/well");
            exchange(weir, "/missing");
            Await.until(() -> "a line comes: " + lines, () -> !lines.isEmpty());
        }

        assertThat(lines).containsExactly("a.test /missing 404");
    }

    @Test
    void aConsumerThatFailsIsToldOfAndHarmsNoExchange() {
        AccessLog log = SHORT.to(line -> {
            throw new IllegalStateException("full up");
        });
        try (LogCapture warnings = LogCapture.of("io.weir.jetty.log.AccessLogs");
                JettyProxyServer weir = start(logging(log))) {
            exchange(weir, "/a");
            exchange(weir, "/b");

            assertThat(warnings.await("its condition, format or consumer failed, 1 lines lost")
                            .level())
                    .isEqualTo(Level.WARN);
        }
    }

    @Test
    void theStartAndTheStopHaveOneLineEach() {
        try (LogCapture server = LogCapture.of(JettyProxyServer.class.getName())) {
            JettyProxyServer weir = start(
                    ProxyConfig.builder().site(answering("start-line.test")).build());
            int port = weir.port();
            weir.stop(Duration.ofMillis(4321));

            LogCapture.Line started = server.await("start-line.test");
            assertThat(started.level()).isEqualTo(Level.INFO);
            assertThat(started.message()).contains("listening on", String.valueOf(port));
            assertThat(server.await("PT4.321S").level()).isEqualTo(Level.INFO);
            assertThat(server.lines("PT4.321S")).hasSize(1);
            assertThat(server.lines("start-line.test")).hasSize(1);
        }
    }

    private static void awaitLines(Path file, int count) {
        Await.until(count + " lines in " + file, () -> {
            try {
                return Files.exists(file) && Files.readAllLines(file).size() == count;
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        });
    }

    private static ProxyConfig logging(AccessLog log) {
        return ProxyConfig.builder().accessLog(log).site(answering("a.test")).build();
    }

    private static Site answering(String name) {
        return Site.named(name).route(Route.any().answer(Reply.text(200, "ok")));
    }

    private static JettyProxyServer start(ProxyConfig config) {
        return JettyProxyServer.builder(config).listen("127.0.0.1", 0).start();
    }

    private static void exchange(JettyProxyServer weir, String target) {
        RawClient.exchange(weir.port(), get("a.test", target));
    }

    private static String get(String host, String target) {
        return "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
    }
}
