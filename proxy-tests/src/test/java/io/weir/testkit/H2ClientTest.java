package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class H2ClientTest {

    private final TestServer server = new TestServer();

    @BeforeEach
    void startServer() throws Exception {
        server.connector.getServer().start();
    }

    @AfterEach
    void stopServer() throws Exception {
        server.connector.getServer().stop();
    }

    @Test
    void anUploadNeedsNoContentLength() {
        try (var client = H2Client.connect(server.port())) {

            H2Response response = client.request(
                    "POST", "/echo?q={x}", List.of(new Field("Host", "a.test"), new Field("X-A", "1")), "abc", "def");

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.field("x-target")).contains("/echo?q={x}");
            assertThat(response.field("X-Authority")).contains("a.test");
            assertThat(response.fields("x-length")).isEmpty();
            assertThat(response.body()).isEqualTo("abcdef");
            assertThat(response.isTruncated()).isFalse();
        }
    }

    @Test
    void aRequestWithoutABodyGetsAnAnswer() {
        try (var client = H2Client.connect(server.port())) {
            assertThat(client.request("GET", "/echo", List.of()).status()).isEqualTo(200);
        }
    }

    @Test
    void trailersGoAndComeBack() {
        try (var client = H2Client.connect(server.port())) {
            H2Stream stream = client.openStream("POST", "/echo", List.of()).send("abc");

            H2Response response = stream.sendTrailers(new Field("X-Sum", "3")).awaitResponse();

            assertThat(response.body()).isEqualTo("abc");
            assertThat(response.trailers()).containsExactly(new Field("x-sum", "3"));
        }
    }

    @Test
    void interimHeadsComeFirst() {
        try (var client = H2Client.connect(server.port())) {
            H2Stream stream = client.openStream("POST", "/hints", List.of());

            assertThat(stream.awaitHead().status()).isEqualTo(103);
            assertThat(stream.awaitHead().status()).isEqualTo(200);
            stream.sendLast("abc");
            assertThat(stream.awaitResponse().body()).isEqualTo("abc");
        }
    }

    @Test
    void aResetOfTheServerIsSeenAsABrokenMessage() {
        try (var client = H2Client.connect(server.port())) {
            H2Stream stream = client.openStream("GET", "/broken", List.of());

            assertThat(stream.awaitData()).isEqualTo("part");
            server.partTaken.countDown();
            assertThat(stream.awaitReset()).isNotNegative();
            assertThat(stream.awaitResponse().isTruncated()).isTrue();
        }
    }

    @Test
    void aResetOfTheClientReachesTheServer() {
        try (var client = H2Client.connect(server.port())) {
            H2Stream stream = client.openStream("POST", "/gone", List.of());
            assertThat(stream.awaitHead().status()).isEqualTo(200);

            stream.reset();

            Await.on("the server hears of it", server.clientGone);
        }
    }

    @Test
    void aStoppedReaderHoldsTheServerBack() {
        try (var client = H2Client.connect(server.port(), 64 * 1024)) {
            H2Stream stream = client.openStream("GET", "/endless", List.of());
            stream.awaitHead();
            Await.until("the windows are used up", () -> server.written == 4 * 16 * 1024);

            for (int taken = 0; taken < 16 * 1024; ) {
                taken += stream.awaitData().length();
            }
            Await.until("the window is given back", () -> server.written > 4 * 16 * 1024);
        }
    }

    @Test
    void noThreadIsLeftBehind() {
        H2Client.connect(server.port()).close();

        Leaks.assertNoThreadsNamed("h2-client-" + server.port() + "-");
    }

    private static final class TestServer extends Handler.Abstract {

        private final CountDownLatch partTaken = new CountDownLatch(1);
        private final CountDownLatch clientGone = new CountDownLatch(1);
        private final ServerConnector connector;
        private volatile long written;

        TestServer() {
            QueuedThreadPool threads = new QueuedThreadPool(8);
            threads.setName("h2-test-server");
            Server server = new Server(threads);
            connector = new ServerConnector(server, 1, 1, new HTTP2CServerConnectionFactory(new HttpConfiguration()));
            connector.setHost("127.0.0.1");
            server.addConnector(connector);
            server.setHandler(this);
        }

        int port() {
            return connector.getLocalPort();
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) throws Exception {
            switch (request.getHttpURI().getPath()) {
                case "/echo" -> echo(request, response, callback);
                case "/hints" -> {
                    response.writeInterim(103, HttpFields.EMPTY).get();
                    Content.Sink.write(response, false, ByteBuffer.allocate(0));
                    echo(request, response, callback);
                }
                case "/broken" -> {
                    Content.Sink.write(response, false, ISO_8859_1.encode("part"));
                    Await.on("the client takes the part", partTaken);
                    callback.failed(new IllegalStateException("broken on purpose"));
                }
                case "/gone" -> {
                    // Jetty tells a pending write of the failure, or the listener: never both.
                    request.addFailureListener(failure -> clientGone(callback, failure));
                    response.write(
                            false,
                            ByteBuffer.allocate(0),
                            Callback.from(() -> {}, failure -> clientGone(callback, failure)));
                }
                default -> endless(response, callback);
            }
            return true;
        }

        private void echo(Request request, Response response, Callback callback) throws Exception {
            response.getHeaders().put("x-target", request.getHttpURI().getPathQuery());
            response.getHeaders().put("x-authority", request.getHttpURI().getAuthority());
            if (request.getLength() >= 0) {
                response.getHeaders().put("x-length", request.getLength());
            }
            HttpFields.Mutable trailers = HttpFields.build();
            response.setTrailersSupplier(() -> trailers);
            Content.copy(request, response, (chunk, copied) -> copyTrailers(chunk, copied, trailers), callback);
        }

        private static boolean copyTrailers(Content.Chunk chunk, Callback copied, HttpFields.Mutable trailers) {
            if (chunk instanceof Trailers received) {
                trailers.add(received.getTrailers());
            }
            return false;
        }

        private void clientGone(Callback callback, Throwable failure) {
            clientGone.countDown();
            callback.failed(failure);
        }

        private void endless(Response response, Callback callback) {
            response.write(
                    false,
                    ByteBuffer.allocate(16 * 1024),
                    Callback.from(
                            () -> {
                                written += 16 * 1024;
                                endless(response, callback);
                            },
                            callback::failed));
        }
    }
}
