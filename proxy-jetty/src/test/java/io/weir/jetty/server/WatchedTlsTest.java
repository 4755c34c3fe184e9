package io.weir.jetty.server;

import static io.weir.jetty.server.Until.until;
import static io.weir.jetty.server.WatchingServer.answer;
import static io.weir.jetty.server.WatchingServer.endPointOf;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.jetty.server.WatchingServer.BodyReader;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The watch sits below TLS, where it peeks at ciphertext. */
class WatchedTlsTest {
    @TempDir
    static Path directory;

    private static Path keyStore;

    private final ExecutorService upstream = Executors.newFixedThreadPool(2);
    private final AtomicInteger gone = new AtomicInteger();

    @BeforeAll
    static void makeCertificate() throws Exception {
        keyStore = directory.resolve("key.p12");
        String keytool =
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString();
        Process process = new ProcessBuilder(
                        keytool,
                        "-genkeypair",
                        "-alias",
                        "a",
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=localhost",
                        "-storetype",
                        "PKCS12",
                        "-storepass",
                        "secret",
                        "-keystore",
                        keyStore.toString())
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        assertThat(process.waitFor()).isZero();
    }

    @AfterEach
    void stopUpstream() {
        upstream.shutdownNow();
    }

    private static WatchingServer server(Handler handler) {
        SslContextFactory.Server tls = new SslContextFactory.Server();
        tls.setKeyStorePath(keyStore.toString());
        tls.setKeyStorePassword("secret");
        HttpConnectionFactory http = WatchingServer.http();
        http.getHttpConfiguration().addCustomizer(new SecureRequestCustomizer(false));
        return new WatchingServer(handler, new SslConnectionFactory(tls, "http/1.1"), http);
    }

    private static RawClient connect(WatchingServer server, String protocol) throws Exception {
        SslContextFactory.Client trusting = new SslContextFactory.Client(true);
        trusting.start();
        SSLContext context = trusting.getSslContext();
        SSLSocket socket =
                (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), server.port());
        socket.setEnabledProtocols(new String[] {protocol});
        socket.startHandshake();
        return new RawClient(socket);
    }

    /** Answers with the body, from another thread, and watches until then. */
    private final class Echo extends Handler.Abstract.NonBlocking {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            WatchedEndPoint client = endPointOf(request);
            client.watch(gone::incrementAndGet);
            upstream.execute(new BodyReader(request, body -> {
                client.unwatch();
                answer(response, callback, body);
            }));
            return true;
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void requestsArePeekedAtAndAnswered(String protocol) throws Exception {
        StringBuilder requests = new StringBuilder();
        for (int i = 0; i < 200; i++) {
            String body = (i + ",").repeat(i * 10);
            requests.append("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: ")
                    .append(body.length())
                    .append("\r\n\r\n")
                    .append(body);
        }
        try (WatchingServer server = server(new Echo()).start();
                RawClient client = connect(server, protocol)) {
            Thread sender = new Thread(() -> {
                try {
                    for (int from = 0; from < requests.length(); from += 777) {
                        client.send(requests.substring(from, Math.min(requests.length(), from + 777)));
                    }
                } catch (IOException x) {
                    throw new AssertionError(x);
                }
            });
            sender.start();

            for (int i = 0; i < 200; i++) {
                assertThat(client.answer()).isEqualTo((i + ",").repeat(i * 10));
            }
            sender.join();
            assertThat(gone).hasValue(0);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void aClientThatLeavesIsNoticed(String protocol) throws Exception {
        AtomicInteger handled = new AtomicInteger();
        Handler handler = new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                endPointOf(request).watch(() -> {
                    gone.incrementAndGet();
                    callback.failed(new IOException("client gone"));
                });
                handled.incrementAndGet();
                return true;
            }
        };
        try (WatchingServer server = server(handler).start();
                RawClient client = connect(server, protocol)) {
            client.get("/");
            until("the request is handled", () -> handled.get() == 1);

            client.close();

            until("the client is gone", () -> gone.get() == 1);
            until(
                    "the end point is closed",
                    () -> server.connector.getConnectedEndPoints().isEmpty());
        }
        assertThat(gone).hasValue(1);
    }

    @Test
    void theEndPointBelowTlsIsFound() throws Exception {
        AtomicInteger found = new AtomicInteger();
        Handler handler = new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                if (endPointOf(request) != null) {
                    found.incrementAndGet();
                }
                answer(response, callback, "");
                return true;
            }
        };
        try (WatchingServer server = server(handler).start();
                RawClient client = connect(server, "TLSv1.3")) {
            client.get("/").answer();
        }

        assertThat(found).hasValue(1);
    }
}
