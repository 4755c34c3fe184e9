package io.weir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.weir.body.Compression;
import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.BasicAuth;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.RefusingPort;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.UpstreamPool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.InvocationTargetException;
import java.net.InetAddress;
import java.net.MalformedURLException;
import java.net.ServerSocket;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What goes wrong on the first day. Each message names the place and the cure: nothing else is asserted here. */
class BeginnersErrorsTest {

    @Test
    void thePortIsTaken() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            int port = taken.getLocalPort();

            String message =
                    messageOf(() -> start("127.0.0.1", port, Route.any().to(app("http://127.0.0.1:3000"))));

            assertThat(message)
                    .contains("can't listen on", "127.0.0.1:" + port)
                    .contains("is another program on that port?", "listen on another");
        }
    }

    @Test
    void aPoolHasNoUpstream() {
        String message = messageOf(() -> ProxyConfig.builder()
                .route(Route.prefix("/app/").to(UpstreamPool.named("app").build()))
                .build());

        assertThat(message).contains("\"app\"", "no upstream").contains("upstream(");
    }

    @Test
    void nothingIsConfigured() {
        assertThat(messageOf(() -> ProxyConfig.builder().build()))
                .contains("no route")
                .contains("route(");
    }

    @ParameterizedTest
    @CsvSource({"localhost:3000", "ftp://a.test", "http://", "127.0.0.1", "http://a.test:99999", "http://a b"})
    void aUrlIsNone(String url) {
        assertThat(messageOf(() -> UpstreamPool.of("app", url)))
                .contains("\"" + url + "\"")
                .contains("expected: http[s]://host[:port]");
        assertThat(messageOf(() -> ProxyConfig.forwardingTo(url)))
                .contains("\"" + url + "\"")
                .contains("expected: http[s]://host[:port]");
    }

    @Test
    void aSlashIsMissing() {
        assertThat(messageOf(() -> ProxyConfig.forwardingTo("http://127.0.0.1:3000/v2")))
                .contains("http://127.0.0.1:3000/v2")
                .contains("http://127.0.0.1:3000/v2/");
        assertThat(messageOf(() -> Route.prefix("app/").to(app("http://127.0.0.1:3000"))))
                .contains("app/")
                .contains("/");
    }

    @Test
    void aPasswordFileCanNotBeRead(@TempDir Path directory) throws IOException {
        Path missing = directory.resolve("users");
        Path plain = Files.writeString(directory.resolve("plain"), "alice:secret\n");

        try (LogCapture log = LogCapture.of("io.weir");
                JettyProxyServer proxy = start(guarded(missing))) {
            assertThat(log.await(missing.toString()).message())
                    .contains("can't be read: there is no such file", "nobody is let in");
            assertThat(RawClient.exchange(
                                    proxy.port(), "GET / HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic YTpi\r\n\r\n")
                            .status())
                    .isEqualTo(500);
        }
        assertThat(messageOf(() -> start(guarded(plain))))
                .contains(plain.toString(), "line 1", "htpasswd -B")
                .contains("expected: bcrypt")
                .doesNotContain("secret");
    }

    @Test
    void aVariableIsUnknown() {
        assertThat(messageOf(() -> Route.any().headers(h -> h.request().set("X-Real-IP", "$remote_adr"))))
                .contains("$remote_adr", "X-Real-IP")
                .contains("$remote_addr");
    }

    @Test
    void aLibraryForPasswordsIsMissing() throws Exception {
        assertThat(without("spring-security-crypto", BcryptUser.class))
                .contains("\"alice\"")
                .contains("add org.springframework.security:spring-security-crypto");
    }

    @Test
    void aLibraryForCompressionIsMissing() throws Exception {
        assertThat(without("brotli", BrotliServer.class))
                .contains("brotli")
                .contains("add org.eclipse.jetty.compression:jetty-compression-brotli");
    }

    @Test
    void anUpstreamDoesNotSpeakTls() {
        try (ScriptedUpstream plain = ScriptedUpstream.of(connection -> {
                    connection.readBytes(1); // of what is no HTTP
                    connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                    connection.hang();
                });
                LogCapture log = LogCapture.of("io.weir.error")) {
            String url = "https://127.0.0.1:" + plain.port();
            try (JettyProxyServer proxy = start(url)) {
                assertThat(statusOf(proxy)).isEqualTo(502);

                assertThat(log.await(url).message())
                        .contains("\"app\"", "route \"prefix /\"", "answered 502")
                        .contains("http://");
            }
        }
    }

    @Test
    void nobodyListensThere() {
        try (RefusingPort refusing = RefusingPort.open();
                LogCapture log = LogCapture.of("io.weir.error");
                JettyProxyServer proxy = start(refusing.uri())) {
            assertThat(statusOf(proxy)).isEqualTo(502);

            assertThat(log.await(refusing.uri()).message())
                    .contains("\"app\"", "route \"prefix /\"", "answered 502")
                    .contains("is it running, and on that port?");
        }
    }

    private static int statusOf(JettyProxyServer proxy) {
        return RawClient.exchange(proxy.port(), "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                .status();
    }

    private static UpstreamPool app(String url) {
        return UpstreamPool.of("app", url);
    }

    private static Site guarded(Path users) {
        return Site.named("a.test")
                .use(BasicAuth.realm("Staff").htpasswd(users))
                .route(Route.any().to(app("http://127.0.0.1:3000")));
    }

    private static JettyProxyServer start(String url) {
        return start("127.0.0.1", 0, Route.any().to(app(url)));
    }

    private static JettyProxyServer start(Site site) {
        return JettyProxyServer.builder(ProxyConfig.builder().site(site).build())
                .listen("127.0.0.1", 0)
                .start();
    }

    private static JettyProxyServer start(String host, int port, Route route) {
        return JettyProxyServer.builder(ProxyConfig.builder().route(route).build())
                .listen(host, port)
                .start();
    }

    private static String messageOf(Callable<?> mistake) {
        Throwable thrown = catchThrowable(mistake::call);
        assertThat(thrown).isInstanceOf(RuntimeException.class);
        return thrown.getMessage();
    }

    /** What that main says of an otherwise whole class path that lacks the jars whose names hold the text. */
    private static String without(String jar, Class<? extends Callable<?>> main) throws Exception {
        URL[] others = Stream.of(System.getProperty("java.class.path").split(System.getProperty("path.separator")))
                .filter(entry -> !entry.contains(jar))
                .map(BeginnersErrorsTest::url)
                .toArray(URL[]::new);
        try (URLClassLoader loader = new URLClassLoader(others, ClassLoader.getPlatformClassLoader())) {
            Class<?> loaded = loader.loadClass(main.getName());
            Object made = loaded.getDeclaredConstructor().newInstance();
            try {
                loaded.getMethod("call").invoke(made);
            } catch (InvocationTargetException e) {
                return e.getCause().getMessage();
            }
        }
        throw new AssertionError("nobody misses " + jar);
    }

    private static URL url(String entry) {
        try {
            return Path.of(entry).toUri().toURL();
        } catch (MalformedURLException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Is loaded by another class loader. */
    public static final class BcryptUser implements Callable<Object> {
        @Override
        public Object call() {
            return BasicAuth.realm("Staff")
                    .users(Map.of("alice", "$2y$04$YIRNPXVioTyiPPNT0f6yZuDJJGsOXXglvrt6mpTGCvKQowMkuNMES"));
        }
    }

    /** Is loaded by another class loader. */
    public static final class BrotliServer implements Callable<Object> {
        @Override
        public Object call() {
            ProxyConfig config = ProxyConfig.builder()
                    .compress(Compression.gzip().brotli())
                    .route(Route.any().to(app("http://127.0.0.1:3000")))
                    .build();
            return JettyProxyServer.builder(config).listen("127.0.0.1", 0).start();
        }
    }
}
