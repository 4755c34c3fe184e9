package io.weir.testkit;

import static java.util.concurrent.TimeUnit.MILLISECONDS;
import static org.eclipse.jetty.http2.ErrorCode.NO_ERROR;

import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLParameters;
import org.eclipse.jetty.http.HostPortHttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.BufferingFlowControlStrategy;
import org.eclipse.jetty.http2.FlowControlStrategy;
import org.eclipse.jetty.http2.SimpleFlowControlStrategy;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * One HTTP/2 connection in the clear, with prior knowledge, driven frame by frame.
 *
 * <p>It imitates what proxies get wrong: uploads that never say their length (gRPC, {@code curl -T -}), trailers,
 * streams that are reset in the middle, and readers that stop: DATA is only taken, and its flow-control window only
 * given back, when the test asks.
 */
public final class H2Client implements AutoCloseable {

    /**
     * The interface and its nested class {@code Empty} need each other to be initialised. Two threads that begin at
     * different ends (an HTTP/2 request, a request's trailers) wait for each other for ever, so one begins here.
     */
    private static final Content.Chunk INITIALISED = Content.Chunk.EOF;

    private final HTTP2Client client;
    private final Session session;
    private final int port;

    private H2Client(HTTP2Client client, Session session, int port) {
        this.client = client;
        this.session = session;
        this.port = port;
    }

    /** Connects to that port of the loopback address. */
    public static H2Client connect(int port) {
        return connect(port, 64 * 1024);
    }

    /** As the other, with flow-control windows of that size: how far a stopped reader lets the proxy go. */
    public static H2Client connect(int port, int windowBytes) {
        return connect(port, windowBytes, windowBytes);
    }

    /** As the other, with another window for all streams together: how far one stopped reader hinders the others. */
    public static H2Client connect(int port, int windowBytes, int connectionWindowBytes) {
        Objects.requireNonNull(INITIALISED);
        HTTP2Client client = new HTTP2Client(connector(port));
        client.setInitialStreamRecvWindow(windowBytes);
        client.setInitialSessionRecvWindow(connectionWindowBytes);
        client.setFlowControlStrategyFactory(() -> windows(windowBytes));
        client.setIdleTimeout(-1);
        client.setStreamIdleTimeout(-1);
        try {
            client.start();
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            return new H2Client(client, done("connect", client.connect(address, new Session.Listener() {})), port);
        } catch (Exception e) {
            stop(client);
            throw new AssertionError("port " + port + ": " + e.getMessage(), e);
        }
    }

    /** Connects over TLS and agrees on HTTP/2 by ALPN; the name is asked for by SNI and not verified. */
    public static H2Client connectTls(int port, SSLContext context, String serverName) {
        return connectTls(port, context, serverName, 64 * 1024, 64 * 1024);
    }

    /** As the other, with flow-control windows of those sizes. */
    public static H2Client connectTls(
            int port, SSLContext context, String serverName, int windowBytes, int connectionWindowBytes) {
        Objects.requireNonNull(INITIALISED);
        SslContextFactory.Client tls = new OffersHttp2(serverName);
        tls.setSslContext(context);
        tls.setEndpointIdentificationAlgorithm(null);
        HTTP2Client client = new HTTP2Client(connector(port));
        client.setUseALPN(false); // Jetty's needs one more library
        client.setInitialStreamRecvWindow(windowBytes);
        client.setInitialSessionRecvWindow(connectionWindowBytes);
        client.setIdleTimeout(-1);
        client.setStreamIdleTimeout(-1);
        client.setFlowControlStrategyFactory(() -> windows(windowBytes));
        client.addBean(tls);
        try {
            client.start();
            InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
            return new H2Client(client, done("connect", client.connect(tls, address, new Session.Listener() {})), port);
        } catch (Exception e) {
            stop(client);
            throw new AssertionError("port " + port + ": " + e.getMessage(), e);
        }
    }

    private static final class OffersHttp2 extends SslContextFactory.Client {
        private final String serverName;

        OffersHttp2(String serverName) {
            this.serverName = serverName;
        }

        @Override
        public void customize(SSLEngine engine) {
            super.customize(engine);
            SSLParameters parameters = engine.getSSLParameters();
            parameters.setApplicationProtocols(new String[] {"h2"});
            parameters.setServerNames(List.of(new SNIHostName(serverName)));
            engine.setSSLParameters(parameters);
        }
    }

    /** A whole request, its body in one DATA frame per part and without a Content-Length, and the whole response. */
    public H2Response request(String method, String path, List<Field> fields, String... bodyParts) {
        if (bodyParts.length == 0) {
            return open(method, path, fields, true).awaitResponse();
        }
        H2Stream stream = openStream(method, path, fields);
        for (int i = 0; i < bodyParts.length - 1; i++) {
            stream.send(bodyParts[i]);
        }
        return stream.sendLast(bodyParts[bodyParts.length - 1]).awaitResponse();
    }

    /** Sends HEADERS without END_STREAM. A field {@code Host} becomes {@code :authority}; names go in lower case. */
    public H2Stream openStream(String method, String path, List<Field> fields) {
        return open(method, path, fields, false);
    }

    /** Asks for a WebSocket by an extended CONNECT (RFC 8441). */
    public H2Stream openWebSocket(String path, List<Field> fields) {
        MetaData.Request head = new MetaData.ConnectRequest(
                "http", new HostPortHttpField("127.0.0.1:" + port), path, jettyFields(fields), "websocket");
        return open(head, false);
    }

    @Override
    public void close() {
        done("GOAWAY", closeSession());
        stop(client);
    }

    static HttpFields.Mutable jettyFields(List<Field> fields) {
        HttpFields.Mutable jettyFields = HttpFields.build();
        fields.forEach(field -> jettyFields.add(field.name().toLowerCase(Locale.ROOT), field.value()));
        return jettyFields;
    }

    /** The result of a step that Jetty takes asynchronously; a failure or a late one fails the test. */
    static <T> T done(String step, CompletableFuture<T> future) {
        try {
            return future.get(Await.DEADLINE.toMillis(), MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError(step + ": interrupted", e);
        } catch (Exception e) {
            throw new AssertionError(step + ": " + e, e);
        }
    }

    private H2Stream open(String method, String path, List<Field> fields, boolean last) {
        String authority = Field.first(fields, "Host").orElse("127.0.0.1:" + port);
        List<Field> others = fields.stream()
                .filter(field -> !field.name().equalsIgnoreCase("Host"))
                .toList();
        MetaData.Request head = new MetaData.Request(
                method, "http", new HostPortHttpField(authority), path, HttpVersion.HTTP_2, jettyFields(others), -1);
        return open(head, last);
    }

    private H2Stream open(MetaData.Request head, boolean last) {
        H2Stream stream = new H2Stream();
        stream.openedAs(done("HEADERS", session.newStream(new HeadersFrame(head, null, last), stream.listener())));
        return stream;
    }

    private CompletableFuture<Void> closeSession() {
        CompletableFuture<Void> closed = new CompletableFuture<>();
        session.close(NO_ERROR.code, "", Callback.from(() -> closed.complete(null), failure -> closed.complete(null)));
        return closed;
    }

    /**
     * Opens a small window again for each DATA frame, so that a test knows at once; but a large one when half of it is used
     * up, as most clients do: frame by frame, the next frames are as small as the smallest before them, and there are many
     * thousands of them in a large body.
     */
    private static FlowControlStrategy windows(int windowBytes) {
        return windowBytes > 64 * 1024 ? new BufferingFlowControlStrategy(0.5f) : new SimpleFlowControlStrategy();
    }

    private static ClientConnector connector(int port) {
        QueuedThreadPool threads = new QueuedThreadPool(8);
        threads.setName("h2-client-" + port);
        threads.setDaemon(true);
        ClientConnector connector = new ClientConnector();
        connector.setExecutor(threads);
        connector.setSelectors(1);
        connector.setConnectTimeout(Duration.ofMillis(Await.DEADLINE.toMillis()));
        return connector;
    }

    private static void stop(HTTP2Client client) {
        try {
            client.stop();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }
}
