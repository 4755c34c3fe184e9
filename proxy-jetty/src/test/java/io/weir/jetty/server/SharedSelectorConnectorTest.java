package io.weir.jetty.server;

import static io.weir.jetty.server.Until.until;
import static io.weir.jetty.server.WatchingServer.answer;
import static io.weir.jetty.server.WatchingServer.http;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.ClientConnectionFactory;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.ConnectionStatistics;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.Transport;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Promise;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SharedSelectorConnectorTest {

    /** Says back what it hears, on connections that it keeps until it is closed. */
    private static final class EchoUpstream implements AutoCloseable {
        private final ServerSocketChannel listener;
        private final List<SocketChannel> accepted = new CopyOnWriteArrayList<>();
        private final AtomicInteger ended = new AtomicInteger();

        EchoUpstream() throws IOException {
            this(ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0)));
        }

        EchoUpstream(ServerSocketChannel listener) {
            this.listener = listener;
            start(this::acceptAll);
        }

        SocketAddress address() throws IOException {
            return listener.getLocalAddress();
        }

        private static void start(Runnable task) {
            Thread thread = new Thread(task);
            thread.setDaemon(true);
            thread.start();
        }

        private void acceptAll() {
            try {
                while (true) {
                    SocketChannel channel = listener.accept();
                    accepted.add(channel);
                    start(() -> echo(channel));
                }
            } catch (IOException x) {
                // Closed.
            }
        }

        private void echo(SocketChannel channel) {
            try (channel) {
                Channels.newInputStream(channel).transferTo(Channels.newOutputStream(channel));
            } catch (IOException x) {
                // The other side is gone.
            } finally {
                ended.incrementAndGet();
            }
        }

        @Override
        public void close() throws IOException {
            listener.close();
            for (SocketChannel channel : accepted) {
                channel.close();
            }
        }
    }

    /** Asks its question when it is opened, and remembers the threads on which things happened to it. */
    private static final class Asking extends AbstractConnection.NonBlocking {
        final Set<Thread> threads = ConcurrentHashMap.newKeySet();
        final CompletableFuture<String> answered = new CompletableFuture<>();

        Asking(EndPoint endPoint, Executor executor) {
            super(endPoint, executor);
        }

        @Override
        public void onOpen() {
            super.onOpen();
            threads.add(Thread.currentThread());
            fillInterested();
        }

        void ask(String question) {
            getEndPoint().write(Callback.NOOP, ByteBuffer.wrap(question.getBytes(ISO_8859_1)));
        }

        @Override
        public void onFillable() {
            threads.add(Thread.currentThread());
            try {
                ByteBuffer buffer = BufferUtil.allocate(1024);
                int filled = getEndPoint().fill(buffer);
                if (filled < 0) {
                    close();
                    return;
                }
                if (filled > 0) {
                    answered.complete(BufferUtil.toString(buffer));
                }
                fillInterested();
            } catch (IOException x) {
                close();
            }
        }
    }

    private static void connect(
            ClientConnector connector, Transport transport, SocketAddress address, Promise<Connection> promise) {
        Map<String, Object> context = new HashMap<>();
        context.put(Transport.CONTEXT_KEY, transport);
        ClientConnectionFactory factory = (endPoint, ignored) -> new Asking(endPoint, connector.getExecutor());
        context.put(ClientConnectionFactory.CONTEXT_KEY, factory);
        context.put(ClientConnector.CONNECTION_PROMISE_CONTEXT_KEY, promise);
        connector.connect(address, context);
    }

    private static Promise.Completable<Connection> connect(ClientConnector connector, SocketAddress address) {
        Promise.Completable<Connection> promise = new Promise.Completable<>();
        connect(connector, Transport.TCP_IP, address, promise);
        return promise;
    }

    /** Asks the upstream, and answers with what it says and whether all of that happened on one thread. */
    private static final class Relay extends Handler.Abstract.NonBlocking {
        private final Transport transport;
        private final SocketAddress upstream;
        final List<Asking> connections = new CopyOnWriteArrayList<>();

        Relay(SocketAddress upstream) {
            this(Transport.TCP_IP, upstream);
        }

        Relay(Transport transport, SocketAddress upstream) {
            this.transport = transport;
            this.upstream = upstream;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            SharedSelectorConnector connector =
                    (SharedSelectorConnector) request.getConnectionMetaData().getConnector();
            Thread thread = Thread.currentThread();
            Promise<Connection> promise = Promise.from(
                    opened -> {
                        Asking connection = (Asking) opened;
                        connections.add(connection);
                        connection.threads.add(Thread.currentThread());
                        connection.answered.thenAccept(said ->
                                answer(response, callback, said + " " + connection.threads.equals(Set.of(thread))));
                        connection.ask("hello");
                    },
                    callback::failed);
            connect(connector.clientConnector(), transport, upstream, promise);
            return true;
        }
    }

    @Test
    void bothSidesOfAnExchangeShareOneThread() throws Exception {
        try (EchoUpstream upstream = new EchoUpstream();
                WatchingServer server = new WatchingServer(new Relay(upstream.address())).start();
                RawClient client = server.connect()) {
            for (int i = 0; i < 20; i++) {
                assertThat(client.get("/").answer()).isEqualTo("hello true");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1})
    void everyExchangeStaysOnTheSelectorOfItsClient(int acceptors) throws Exception {
        try (EchoUpstream upstream = new EchoUpstream();
                WatchingServer server = new WatchingServer(new Relay(upstream.address()))) {
            SharedSelectorConnector other = new SharedSelectorConnector(server.server, acceptors, 3, http());
            server.server.addConnector(other);
            server.start();
            for (int port : List.of(server.port(), other.getLocalPort())) {
                for (int i = 0; i < 6; i++) {
                    try (RawClient client = new RawClient(port)) {
                        assertThat(client.get("/").answer()).isEqualTo("hello true");
                    }
                }
            }

            assertThat(other.clientConnector()).isSameAs(server.connector.clientConnector());
        }
    }

    @Test
    void clientsAreSpreadOverTheSelectors() throws Exception {
        Set<Thread> threads = ConcurrentHashMap.newKeySet();
        Handler handler = new Handler.Abstract.NonBlocking() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                threads.add(Thread.currentThread());
                answer(response, callback, "");
                return true;
            }
        };
        try (WatchingServer server = new WatchingServer(handler)) {
            SharedSelectorConnector other = new SharedSelectorConnector(server.server, 0, 3, http());
            server.server.addConnector(other);
            server.start();
            for (int i = 0; i < 3; i++) {
                try (RawClient client = new RawClient(other.getLocalPort())) {
                    client.get("/").answer();
                }
            }

            assertThat(threads).hasSize(3);
        }
    }

    @Test
    void anyThreadMayConnect() throws Exception {
        try (EchoUpstream upstream = new EchoUpstream();
                WatchingServer server = new WatchingServer(new Relay(upstream.address())).start()) {
            Asking connection = (Asking) connect(server.connector.clientConnector(), upstream.address())
                    .get(10, TimeUnit.SECONDS);

            connection.ask("from the test");

            assertThat(connection.answered.get(10, TimeUnit.SECONDS)).isEqualTo("from the test");
            assertThat(connection.threads).hasSize(1).doesNotContain(Thread.currentThread());
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void anUpstreamConnectionIsNoClient(boolean unix, @TempDir Path directory) throws Exception {
        Path path = directory.resolve("s");
        ServerSocketChannel listener = unix
                ? ServerSocketChannel.open(StandardProtocolFamily.UNIX).bind(UnixDomainSocketAddress.of(path))
                : ServerSocketChannel.open().bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
        try (EchoUpstream upstream = new EchoUpstream(listener)) {
            Relay relay = new Relay(unix ? new Transport.TCPUnix(path) : Transport.TCP_IP, upstream.address());
            WatchingServer server = new WatchingServer(relay);
            ConnectionStatistics statistics = new ConnectionStatistics();
            server.connector.addBean(statistics);
            NetworkConnectionLimit limit = new NetworkConnectionLimit(1_000, server.connector);
            server.server.addBean(limit);
            try (server;
                    RawClient client = server.start().connect()) {
                for (int i = 0; i < 5; i++) {
                    assertThat(client.get("/").answer()).isEqualTo("hello true");
                }
                relay.connections.get(0).close();
                until("the upstream saw it close", () -> upstream.ended.get() == 1);

                assertThat(server.connector.getConnectedEndPoints()).hasSize(1);
                assertThat(statistics.getConnectionsTotal()).isEqualTo(1);
                assertThat(limit.getNetworkConnectionCount()).isEqualTo(1);
                assertThat(limit.getPendingNetworkConnectionCount()).isZero();
            }
        }
    }

    @Test
    void aRefusedConnectFailsItsPromise() throws Exception {
        ServerSocket listener = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
        SocketAddress refusing = listener.getLocalSocketAddress();
        listener.close();
        try (WatchingServer server = new WatchingServer(new Relay(refusing)).start()) {
            Promise.Completable<Connection> promise = connect(server.connector.clientConnector(), refusing);

            assertThatThrownBy(() -> promise.get(10, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class)
                    .hasCauseInstanceOf(ConnectException.class);
        }
    }

    @Test
    void theConnectTimeoutIsTheClientConnectors() throws Exception {
        WatchingServer server = new WatchingServer(new Relay(new InetSocketAddress(0)));

        server.connector.clientConnector().setConnectTimeout(Duration.ofMillis(1_234));

        assertThat(server.connector.getSelectorManager().getConnectTimeout()).isEqualTo(1_234);
    }

    @Test
    void aFailureToOpenFailsThePromise() throws Exception {
        try (EchoUpstream upstream = new EchoUpstream();
                WatchingServer server = new WatchingServer(new Relay(upstream.address())).start()) {
            Promise.Completable<Connection> promise = new Promise.Completable<>();
            Map<String, Object> context = new HashMap<>();
            context.put(Transport.CONTEXT_KEY, Transport.TCP_IP);
            ClientConnectionFactory broken = (endPoint, ignored) -> {
                throw new IOException("broken");
            };
            context.put(ClientConnectionFactory.CONTEXT_KEY, broken);
            context.put(ClientConnector.CONNECTION_PROMISE_CONTEXT_KEY, promise);

            server.connector.clientConnector().connect(upstream.address(), context);

            assertThatThrownBy(() -> promise.get(10, TimeUnit.SECONDS)).hasRootCauseMessage("broken");
        }
    }

    @Test
    void nothingIsLeftOpenOnceStopped() throws Exception {
        try (EchoUpstream upstream = new EchoUpstream()) {
            WatchingServer server = new WatchingServer(new Relay(upstream.address())).start();
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < 5; i++) {
                RawClient client = server.connect();
                client.get("/").answer();
                clients.add(client);
            }

            server.stopAtOnce();

            until("every upstream connection has ended", () -> upstream.ended.get() == 5);
            for (RawClient client : clients) {
                assertThat(client.isAtEnd()).isTrue();
                client.close();
            }
            assertThatThrownBy(() -> connect(server.connector.clientConnector(), upstream.address())
                            .get(10, TimeUnit.SECONDS))
                    .isInstanceOf(ExecutionException.class);
        }
    }

    @Test
    void oneConnectorMayStopAndTheOthersGoOn() throws Exception {
        try (EchoUpstream upstream = new EchoUpstream();
                WatchingServer server = new WatchingServer(new Relay(upstream.address()))) {
            SharedSelectorConnector other = new SharedSelectorConnector(server.server, 1, 1, http());
            server.server.addConnector(other);
            server.start();

            server.connector.stop();

            try (RawClient client = new RawClient(other.getLocalPort())) {
                assertThat(client.get("/").answer()).isEqualTo("hello true");
            }
            assertThat(connect(server.connector.clientConnector(), upstream.address())
                            .get(10, TimeUnit.SECONDS))
                    .isInstanceOf(Asking.class);
        }
    }

    @Test
    void aServerMayBeStartedAgain() throws Exception {
        try (EchoUpstream upstream = new EchoUpstream();
                WatchingServer server = new WatchingServer(new Relay(upstream.address())).start()) {
            for (int i = 0; i < 3; i++) {
                try (RawClient client = server.connect()) {
                    assertThat(client.get("/").answer()).isEqualTo("hello true");
                }
                server.server.stop();
                server.server.start();
            }
        }
    }
}
