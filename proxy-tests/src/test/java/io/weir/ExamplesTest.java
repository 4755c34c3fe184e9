package io.weir;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.examples.Bodies;
import io.weir.examples.Edge;
import io.weir.examples.Guarded;
import io.weir.examples.InsideJetty;
import io.weir.examples.Logs;
import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.ApiKey;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.Identity;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples do what the README says of them. Each runs in a JVM of its own, as it does for a reader. */
class ExamplesTest {

    @Test
    void theDemoPutsTwoUpstreamsAndAStreamBehindOnePort() throws Exception {
        try (Example demo = Example.start("io.weir.examples.Demo", 0)) {
            int port = demo.awaitPort();

            assertThat(get(port, "/").body())
                    .startsWith("upstream a got GET /\nHost: demo.test\nX-Real-IP: 127.0.0.1\n");
            assertThat(get(port, "/").body()).startsWith("upstream b got GET /\n");
            assertThat(head(port, "/hello?x=1").status()).isEqualTo(200);
            assertThat(firstEvent(port)).contains("text/event-stream", "data: token 1\n");

            get(port, "/stop/a");
            assertThat(get(port, "/").body()).startsWith("upstream b got GET /\n");
            assertThat(get(port, "/").body()).startsWith("upstream b got GET /\n");

            get(port, "/stop/b");
            assertThat(get(port, "/").status()).isEqualTo(502);
        }
    }

    @Test
    void theDemoSaysWhichPortIsTakenAndWhatToDo() throws Exception {
        try (ServerSocket taken = new ServerSocket(0);
                Example demo = Example.start("io.weir.examples.Demo", taken.getLocalPort())) {
            String output = demo.awaitEnd();

            assertThat(output).contains("can't listen on", String.valueOf(taken.getLocalPort()), "-Dport=");
            assertThat(demo.exitCode()).isEqualTo(1);
        }
    }

    @Test
    void theSitesAreExplainedAsTheReadmeSays() throws Exception {
        try (Example sites = Example.start("io.weir.examples.Sites", 0)) {
            String output = sites.awaitEnd();

            assertThat(output)
                    .contains(
                            "site [app.example.com, *.app.example.com]",
                            "prefix /app/",
                            "IpAccess: lets pass",
                            "upstream: http://10.0.0.1:3000",
                            "GET /v2/users?page=2",
                            "Host: app.example.com");
            assertThat(sites.exitCode()).isZero();
        }
    }

    @Test
    void bodiesAreChangedAsTheExampleSays() {
        String page = "a link to http://app:3000/x ".repeat(100);
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
                        + page.length() + "\r\n\r\n" + page);
                var proxy = JettyProxyServer.start(Bodies.config(upstream.uri()), 0)) {

            RawResponse plain = get(proxy.port(), "/");
            RawResponse packed =
                    RawClient.exchange(proxy.port(), "GET / HTTP/1.1\r\nHost: a\r\nAccept-Encoding: gzip\r\n\r\n");
            RawResponse loud = get(proxy.port(), "/shout");
            RawResponse tooLong = RawClient.exchange(
                    proxy.port(), "POST /upload/x HTTP/1.1\r\nHost: a\r\nContent-Length: 10000001\r\n\r\n");

            assertThat(plain.body()).isEqualTo(page.replace("http://app:3000/", "/"));
            assertThat(packed.field("Content-Encoding")).contains("gzip");
            assertThat(packed.body()).hasSizeLessThan(200);
            assertThat(loud.body()).isEqualTo(page.toUpperCase(Locale.ROOT));
            assertThat(tooLong.status()).isEqualTo(413);
        }
    }

    @Test
    void theGuardedProxyLetsInWhomItShould(@TempDir Path directory) throws Exception {
        Path users = Files.writeString(
                directory.resolve("users"), "alice:$2y$04$YIRNPXVioTyiPPNT0f6yZuDJJGsOXXglvrt6mpTGCvKQowMkuNMES\n");
        Path keys = Files.writeString(directory.resolve("keys"), "reports:" + ApiKey.hash("a-long-key") + "\n");
        try (EchoUpstream upstream = EchoUpstream.start();
                JettyProxyServer proxy = JettyProxyServer.builder(Guarded.config(upstream.uri(), users, keys))
                        .listen("127.0.0.1", 0)
                        .start()) {
            assertThat(get(proxy.port(), "/").status()).isEqualTo(401);
            assertThat(get(proxy.port(), "/api/").status()).isEqualTo(401);
            assertThat(get(proxy.port(), "/", "Authorization: Basic YWxpY2U6czNjcjp0")
                            .body())
                    .contains("X-User: alice");
            assertThat(get(proxy.port(), "/api/", "X-API-Key: a-long-key").body())
                    .contains("X-User: reports");
        }
    }

    @Test
    void theCheckShowsTheConfigurationAndEndsWithWhatItFound() throws Exception {
        try (Example check = Example.start("io.weir.examples.Check", 0)) {
            String output = check.awaitEnd();

            assertThat(output)
                    .contains(
                            "site [app.example.com, *.app.example.com]\n  use IpAccess[allow 192.168.0.0/16] deny others",
                            "\n  route prefix /app/ to pool app, prefix replaced by /v2/",
                            "\nmissing-default-site: proxy: a stand-alone proxy serves hosts that no site names");
            assertThat(check.exitCode()).isEqualTo(1);
        }
    }

    @Test
    void eachSiteHasItsAccessLog(@TempDir Path directory) throws Exception {
        try (EchoUpstream upstream = EchoUpstream.start()) {
            try (JettyProxyServer proxy = JettyProxyServer.builder(Logs.config(directory, upstream.uri()))
                    .listen("127.0.0.1", 0)
                    .start()) {
                for (String host : List.of("app.example.com", "api.example.com", "other.example.com")) {
                    RawClient.exchange(proxy.port(), "GET /a HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
                    RawClient.exchange(proxy.port(), "TRACE /b HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
                }
            }
        }

        assertThat(Files.readAllLines(directory.resolve("app-access.log")))
                .hasSize(2)
                .anyMatch(line ->
                        line.matches("127\\.0\\.0\\.1 - - \\[.*] \"GET /a HTTP/1\\.1\" 200 [0-9]+ \"-\" \"-\""));
        assertThat(Files.readAllLines(directory.resolve("api-errors.log")))
                .singleElement()
                .asString()
                .matches("127\\.0\\.0\\.1 \"TRACE /b HTTP/1\\.1\" 405 [0-9]+\\.[0-9]{3} - - - - -");
    }

    @Test
    void insideJettyTheApplicationAnswersWhatNoRouteServes() throws Exception {
        try (EchoUpstream upstream = EchoUpstream.start()) {
            Server server = InsideJetty.server(0, upstream.uri().toString(), new InsideJetty.Greeting());
            server.start();
            try {
                int port = ((ServerConnector) server.getConnectors()[0]).getLocalPort();

                assertThat(get(port, "/").body()).isEqualTo("the application\n");
                assertThat(get(port, "/api/a%2Fb").body()).startsWith("GET /api/a%2Fb HTTP/1.1\n");
                assertThat(get(port, "/elsewhere").status()).isEqualTo(404);
            } finally {
                server.stop();
            }
        }
    }

    @Test
    void theEdgeRedirectsToTlsAndShowsEachSiteItsCertificate(@TempDir Path directory) throws Exception {
        for (String name : List.of("shop", "admin")) {
            Identity identity = Identity.of("dns:" + name + ".example.com");
            Files.copy(identity.certificate(), directory.resolve(name + ".pem"));
            Files.copy(identity.key(), directory.resolve(name + ".key"));
        }
        Files.copy(directory.resolve("shop.pem"), directory.resolve("staff-ca.pem"));
        String request = "GET /x HTTP/1.1\r\nHost: admin.example.com\r\n\r\n";
        try (JettyProxyServer edge = Edge.start(directory);
                RawClient client =
                        RawClient.connectTls(edge.ports().get(1), Identity.trustingAll(), "admin.example.com")) {
            RawResponse redirected = RawClient.exchange(edge.ports().get(0), request);
            RawResponse served = client.send(request).readResponse();

            assertThat(redirected.status()).isEqualTo(301);
            assertThat(redirected.field("Location")).hasValue("https://admin.example.com/x");
            assertThat(served.field("Strict-Transport-Security")).hasValue("max-age=86400");
            assertThat(((X509Certificate) client.tls().getSession().getPeerCertificates()[0])
                            .getSubjectAlternativeNames())
                    .asString()
                    .contains("admin.example.com");
        }
    }

    /** Comments and white space apart, so that the README may put nginx's directives beside the code. */
    @Test
    void everyLineOfJavaInTheReadmeStandsInAnExample() throws Exception {
        Path root = Path.of("").toAbsolutePath();
        while (!Files.exists(root.resolve("LICENSE"))) {
            root = root.getParent();
        }
        StringBuilder examples = new StringBuilder();
        try (Stream<Path> files = Files.list(root.resolve("proxy-examples/src/main/java/io/weir/examples"))) {
            for (Path file : files.toList()) {
                Files.readAllLines(file).forEach(line -> examples.append(bare(line)));
            }
        }

        List<String> unknown = new ArrayList<>();
        boolean java = false;
        for (String line : Files.readAllLines(root.resolve("README.md"))) {
            if (line.startsWith("```")) {
                java = line.equals("```java");
            } else if (java && examples.indexOf(bare(line)) < 0) {
                unknown.add(line);
            }
        }

        assertThat(unknown).isEmpty();
    }

    private static String bare(String line) {
        return line.replaceFirst("\\s//.*", "").replaceAll("\\s", "");
    }

    private static RawResponse get(int port, String target) {
        return RawClient.exchange(port, "GET " + target + " HTTP/1.1\r\nHost: demo.test\r\n\r\n");
    }

    private static RawResponse get(int port, String target, String field) {
        return RawClient.exchange(port, "GET " + target + " HTTP/1.1\r\nHost: demo.test\r\n" + field + "\r\n\r\n");
    }

    private static RawResponse head(int port, String target) {
        return RawClient.exchange(port, "HEAD " + target + " HTTP/1.1\r\nHost: demo.test\r\n\r\n");
    }

    /** Reads no further than the first event: that it is here while the stream goes on is the point. */
    private static String firstEvent(int port) {
        try (RawClient client = RawClient.connect(port)) {
            client.send("GET /events HTTP/1.1\r\nHost: demo.test\r\n\r\n");
            StringBuilder seen = new StringBuilder();
            while (!seen.toString().contains("data: token 1\n")) {
                seen.append(client.readBytes(1));
            }
            return seen.toString();
        }
    }

    /** The main of an example at work, what it prints to both streams in one. */
    private record Example(Process process, BufferedReader output) implements AutoCloseable {

        private static final Pattern LISTENS = Pattern.compile("Weir listens on http://127\\.0\\.0\\.1:([0-9]+) ");

        static Example start(String mainClass, int port) throws IOException {
            Process process = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            System.getProperty("java.class.path"),
                            "-Dport=" + port,
                            mainClass)
                    .redirectErrorStream(true)
                    .start();
            return new Example(process, process.inputReader(UTF_8));
        }

        /** Which port it says that it listens on. */
        int awaitPort() throws IOException {
            StringBuilder said = new StringBuilder();
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                Matcher listens = LISTENS.matcher(line);
                if (listens.find()) {
                    return Integer.parseInt(listens.group(1));
                }
                said.append(line).append('\n');
            }
            throw new AssertionError("the example ended; it said: " + said);
        }

        /** All that it said until it ended. */
        String awaitEnd() throws IOException {
            StringBuilder said = new StringBuilder();
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                said.append(line).append('\n');
            }
            return said.toString();
        }

        int exitCode() throws InterruptedException {
            return process.waitFor(10, SECONDS) ? process.exitValue() : -1;
        }

        @Override
        public void close() {
            process.destroyForcibly();
            try {
                output.close();
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
    }
}
