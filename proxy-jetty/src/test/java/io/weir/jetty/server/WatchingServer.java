package io.weir.jetty.server;

import static io.weir.jetty.server.Until.until;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Invocable;
import org.eclipse.jetty.util.thread.ScheduledExecutorScheduler;

/** A server as Weir sets it up, with one handler. Closing it fails if a buffer leaked or a thread stays behind. */
final class WatchingServer implements AutoCloseable {
    private static final AtomicInteger COUNT = new AtomicInteger();

    private final String name = "weir-test-" + COUNT.incrementAndGet() + "-";

    final ArrayByteBufferPool.Tracking buffers = new ArrayByteBufferPool.Tracking();
    final InlineThreadPool threads = new InlineThreadPool(16, 4);
    final Server server = new Server(threads, new ScheduledExecutorScheduler(name + "clock", false), buffers);
    final SharedSelectorConnector connector;

    WatchingServer(Handler handler) {
        this(handler, http());
    }

    WatchingServer(Handler handler, ConnectionFactory... factories) {
        threads.setName(name + "thread");
        server.setHandler(handler);
        connector = new SharedSelectorConnector(server, 1, 1, factories);
        server.addConnector(connector);
    }

    static HttpConnectionFactory http() {
        HttpConfiguration configuration = new HttpConfiguration();
        configuration.setSendServerVersion(false);
        configuration.setSendDateHeader(false);
        return new HttpConnectionFactory(configuration);
    }

    WatchingServer start() throws Exception {
        server.start();
        return this;
    }

    int port() {
        return connector.getLocalPort();
    }

    RawClient connect() throws Exception {
        return new RawClient(port());
    }

    List<Thread> liveThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().contains(name))
                .toList();
    }

    /** Waits for the clients to be gone first: a pool that is stopped drops continuations, and Jetty their buffers. */
    @Override
    public void close() throws Exception {
        until(
                "every client of " + name + " is gone",
                () -> connector.getConnectedEndPoints().isEmpty());
        stopAtOnce();
        until("no buffer is left of " + name, () -> buffers.getLeaks().isEmpty());
    }

    void stopAtOnce() throws Exception {
        server.stop();
        until("no thread is left of " + name, () -> liveThreads().isEmpty());
    }

    static WatchedEndPoint endPointOf(Request request) {
        return WatchedEndPoint.below(
                request.getConnectionMetaData().getConnection().getEndPoint());
    }

    static void answer(Response response, Callback callback, String body) {
        byte[] bytes = body.getBytes(StandardCharsets.ISO_8859_1);
        response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
        response.write(true, ByteBuffer.wrap(bytes), callback);
    }

    /** Reads the whole body as a proxy does, only when there is something, and hands it over on that thread. */
    static final class BodyReader implements Runnable {
        private final Request request;
        private final Consumer<String> whole;
        private final StringBuilder read = new StringBuilder();

        BodyReader(Request request, Consumer<String> whole) {
            this.request = request;
            this.whole = whole;
        }

        @Override
        public void run() {
            while (true) {
                Content.Chunk chunk = request.read();
                if (chunk == null) {
                    request.demand(Invocable.from(Invocable.InvocationType.NON_BLOCKING, this));
                    return;
                }
                if (Content.Chunk.isFailure(chunk)) {
                    whole.accept("failed: " + chunk.getFailure());
                    return;
                }
                read.append(BufferUtil.toString(chunk.getByteBuffer(), StandardCharsets.ISO_8859_1));
                chunk.release();
                if (chunk.isLast()) {
                    whole.accept(read.toString());
                    return;
                }
            }
        }
    }
}
