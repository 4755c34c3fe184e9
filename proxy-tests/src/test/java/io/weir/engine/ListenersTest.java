package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weir.ProxyConfig;
import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.jetty.Listener;
import io.weir.jetty.Tls;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Command;
import io.weir.testkit.Identity;
import io.weir.testkit.Leaks;
import io.weir.testkit.ScriptedUpstream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Where a server listens. */
class ListenersTest {
    private static final Identity IDENTITY = Identity.of("dns:localhost");

    @TempDir
    private Path directory;

    @Test
    void severalListenersServeTheSameProxy() {
        Command.assumeInstalled("curl");
        Path socket = directory.resolve("weir.sock");
        try (JettyProxyServer proxy = builder()
                .listen("127.0.0.1", 0)
                .listen(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .listenTls("127.0.0.1", 0, Tls.pem(IDENTITY.certificate(), IDENTITY.key()))
                .listenUnix(socket, "rw-------")
                .start()) {
            assertThat(proxy.ports()).hasSize(4).doesNotHaveDuplicates();
            assertThat(curl("http://127.0.0.1:" + proxy.ports().get(0) + "/")).endsWith("127.0.0.1 http");
            assertThat(curl("http://127.0.0.1:" + proxy.ports().get(1) + "/")).endsWith("127.0.0.1 http");
            assertThat(curl("-k", "https://127.0.0.1:" + proxy.ports().get(2) + "/"))
                    .endsWith("127.0.0.1 https");
            assertThat(curl("--unix-socket", socket.toString(), "http://localhost/"))
                    .endsWith("unix: http");
        }
    }

    @Test
    void aPortWithoutAHostServesBothFamilies() throws IOException {
        assumeIpv6();
        try (JettyProxyServer proxy = builder().listen(0).start()) {
            assertThat(get("127.0.0.1", proxy.port())).contains("127.0.0.1 http");
            assertThat(get("::1", proxy.port())).contains("::1 http");
        }
    }

    @Test
    void anIpv4AddressServesIpv4Alone() throws IOException {
        assumeIpv6();
        try (JettyProxyServer proxy = builder().listen("0.0.0.0", 0).start()) {
            assertThat(get("127.0.0.1", proxy.port())).contains("127.0.0.1 http");
            assertThat(connects("::1", proxy.port())).isFalse();
        }
    }

    @Test
    void anIpv6AddressCanBeListenedOn() throws IOException {
        assumeIpv6();
        try (JettyProxyServer proxy = builder().listen("[::1]", 0).start()) {
            assertThat(get("::1", proxy.port())).contains("::1 http");
            assertThat(connects("127.0.0.1", proxy.port())).isFalse();
        }
    }

    @Test
    void aTakenPortIsNamed() throws IOException {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            assertThatIllegalStateException()
                    .isThrownBy(() ->
                            builder().listen("127.0.0.1", taken.getLocalPort()).start())
                    .withMessageContaining("127.0.0.1:" + taken.getLocalPort())
                    .withMessageContaining("is another program on that port?");
        }
    }

    // ---- Unix-domain sockets ----

    @Test
    void aUnixSocketHasItsPermissionsAndIsGoneAfterStop() throws IOException {
        Path socket = directory.resolve("weir.sock");
        try (JettyProxyServer proxy = builder().listenUnix(socket, "rw-rw-rw-").start()) {
            assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)))
                    .isEqualTo("rw-rw-rw-");
            assertThat(proxy.ports()).hasSize(1);
        }
        assertThat(directory).isEmptyDirectory();
    }

    @Test
    void aUnixSocketThatWasLeftOverIsReplaced() throws IOException {
        Path socket = directory.resolve("weir.sock");
        ServerSocketChannel left = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
        left.bind(UnixDomainSocketAddress.of(socket));
        left.close();
        assertThat(socket).exists();

        try (JettyProxyServer proxy = builder().listenUnix(socket, "rw-------").start()) {
            assertThat(curl("--unix-socket", socket.toString(), "http://localhost/"))
                    .endsWith("unix: http");
        }
    }

    @Test
    void aUnixSocketOnWhichSomebodyListensIsRefused() {
        Path socket = directory.resolve("weir.sock");
        try (JettyProxyServer first = builder().listenUnix(socket, "rw-------").start()) {
            assertThatIllegalStateException()
                    .isThrownBy(() -> builder().listenUnix(socket, "rw-------").start())
                    .withMessageContaining(socket + ": somebody listens there already");

            assertThat(socket).exists();
        }
    }

    @Test
    void aFileThatIsNoSocketStays() throws IOException {
        Path file = Files.writeString(directory.resolve("precious"), "data");

        assertThatIllegalStateException()
                .isThrownBy(() -> builder().listenUnix(file, "rw-------").start())
                .withMessageContaining(file + ": there is a file that is no socket; move it away");

        assertThat(file).hasContent("data");
    }

    @Test
    void aPipeIsNoSocketThatWasLeftOver() {
        Path pipe = directory.resolve("pipe");
        Command.run("mkfifo", pipe.toString()).orFail();

        assertThatIllegalStateException()
                .isThrownBy(() -> builder().listenUnix(pipe, "rw-------").start())
                .withMessageContaining(pipe + ": there is a file that is no socket; move it away");

        assertThat(Files.isRegularFile(pipe)).isFalse();
        assertThat(pipe).exists();
    }

    @Test
    void aSocketOfAnotherKindIsNotTakenForOneThatWasLeftOver() throws IOException {
        Path socket = directory.resolve("log");
        Process holder = datagramSocket(socket);
        try {
            Await.until("it is there", () -> Files.exists(socket));
            Object before = Files.getAttribute(socket, "unix:ino");

            assertThatIllegalStateException()
                    .isThrownBy(() -> builder().listenUnix(socket, "rw-------").start())
                    .withMessageContaining(socket + ": there is a socket that may be in use");

            assertThat(Files.getAttribute(socket, "unix:ino")).isEqualTo(before);
        } finally {
            holder.destroyForcibly();
        }
    }

    @Test
    void aSocketThatAnotherServerHasTakenOverIsNotRemoved() throws IOException {
        Path socket = directory.resolve("weir.sock");
        JettyProxyServer first = builder().listenUnix(socket, "rw-------").start();
        Files.delete(socket);
        try (JettyProxyServer second = builder().listenUnix(socket, "rw-------").start()) {
            first.close();

            assertThat(socket).exists();
            assertThat(second.ports()).hasSize(1);
        }
    }

    @Test
    void aDirectoryThatIsMissingAndPermissionsThatAreNoneAreNamed() {
        Path socket = directory.resolve("none").resolve("weir.sock");

        assertThatIllegalStateException()
                .isThrownBy(() -> builder().listenUnix(socket, "rw-------").start())
                .withMessageContaining("there is no directory " + directory.resolve("none"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Listener.unix(socket, "0660"))
                .withMessage("unix: permissions \"0660\" (expected: such as \"rw-rw----\")");
    }

    @Test
    void bodiesAndTlsPassOverAUnixSocket() throws IOException {
        Command.assumeInstalled("curl");
        Path socket = directory.resolve("weir.sock");
        Path upload = Files.writeString(directory.resolve("upload"), "x".repeat(3_000_000));
        ArrayByteBufferPool.Tracking buffers = new ArrayByteBufferPool.Tracking();
        try (ScriptedUpstream upstream = ScriptedUpstream.of(connection -> {
                    int length = connection.readRequest().body().length();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n" + length);
                });
                JettyProxyServer proxy = JettyProxyServer.builder(ProxyConfig.forwardingTo(upstream.uri()))
                        .listen(Listener.unix(socket).tls(Tls.pem(IDENTITY.certificate(), IDENTITY.key())))
                        .buffers(buffers)
                        .start()) {
            String output =
                    curl("-k", "--unix-socket", socket.toString(), "--data-binary", "@" + upload, "https://localhost/");

            assertThat(output).isEqualTo("3000000");
            assertThat(proxy.ports()).hasSize(1);
        }
        Leaks.assertNone(buffers);
    }

    @Test
    void aRequestWithoutAHostIsServedOverAUnixSocket() {
        Command.assumeInstalled("curl");
        Path socket = directory.resolve("weir.sock");
        try (JettyProxyServer proxy = builder().listenUnix(socket, "rw-------").start()) {
            String seen = curl("-0", "-H", "Host:", "--unix-socket", socket.toString(), "http://localhost/");

            assertThat(seen).endsWith("unix: http");
            assertThat(proxy.ports()).hasSize(1);
        }
    }

    private static JettyProxyServer.Builder builder() {
        return JettyProxyServer.builder(ProxyConfig.builder()
                .headers(h -> h.response().set("X-Seen", "$remote_addr $scheme"))
                .route(Route.any().answer(Reply.text(200, "ok")))
                .build());
    }

    /** As of a system log; Java makes none of that kind. */
    private static Process datagramSocket(Path path) throws IOException {
        Command.assumeInstalled("perl");
        return new ProcessBuilder(
                        "perl",
                        "-MIO::Socket::UNIX",
                        "-e",
                        "my $s = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die; sleep 60",
                        path.toString())
                .inheritIO()
                .start();
    }

    /** The value of X-Seen, or the body if there is none. */
    private static String curl(String... words) {
        String[] all = new String[words.length + 3];
        System.arraycopy(words, 0, all, 3, words.length);
        all[0] = "curl";
        all[1] = "-sS";
        all[2] = "-i";
        String output = Command.run(all).orFail();
        return output.lines()
                .filter(line -> line.startsWith("X-Seen: ") || line.startsWith("x-seen: "))
                .findFirst()
                .orElseGet(() -> output.substring(output.indexOf("\r\n\r\n") + 4));
    }

    private static String get(String host, int port) throws IOException {
        try (Socket socket = new Socket(host, port)) {
            socket.getOutputStream()
                    .write("GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        }
    }

    private static boolean connects(String host, int port) {
        try (Socket socket = new Socket(host, port)) {
            return socket.isConnected();
        } catch (IOException e) {
            return false;
        }
    }

    private static void assumeIpv6() throws IOException {
        assumeTrue(NetworkInterface.getByInetAddress(InetAddress.getByName("::1")) != null, "this machine has no IPv6");
    }
}
