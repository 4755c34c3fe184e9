package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.api.Session;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.api.server.ServerSessionListener;
import org.eclipse.jetty.http2.frames.DataFrame;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.frames.ResetFrame;
import org.eclipse.jetty.http2.frames.SettingsFrame;
import org.eclipse.jetty.http2.server.RawHTTP2ServerConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;

/**
 * An upstream that speaks HTTP/2 in the clear, frame by frame, as the test says. A stream's script runs when its head has
 * come, on a thread of its own, and may block.
 */
public final class H2Upstream implements AutoCloseable {

    /** What a stream does. */
    @FunctionalInterface
    public interface Script {
        void run(Incoming request) throws Exception;
    }

    private final Server server = new Server();
    private final ServerConnector connector;
    private final List<Session> sessions = new CopyOnWriteArrayList<>();
    private final AtomicInteger streams = new AtomicInteger();

    private H2Upstream(Map<Integer, Integer> settings, Script script) {
        RawHTTP2ServerConnectionFactory http2 = new RawHTTP2ServerConnectionFactory(new ServerSessionListener() {
            @Override
            public Map<Integer, Integer> onPreface(Session session) {
                sessions.add(session);
                return settings;
            }

            @Override
            public Stream.Listener onNewStream(Stream stream, HeadersFrame frame) {
                streams.incrementAndGet();
                Incoming incoming = new Incoming(stream, frame);
                Thread thread = new Thread(() -> {
                    try {
                        script.run(incoming);
                    } catch (Exception e) {
                        incoming.reset(0x2);
                    }
                });
                thread.setDaemon(true);
                thread.start();
                return incoming;
            }
        });
        http2.setMaxConcurrentStreams(1024);
        connector = new ServerConnector(server, 1, 1, http2);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        try {
            server.start();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** Each stream runs that script. */
    public static H2Upstream of(Script script) {
        return new H2Upstream(Map.of(), script);
    }

    /** The same, with a limit on streams at once that its settings tell. */
    public static H2Upstream of(int mostStreams, Script script) {
        return new H2Upstream(Map.of(SettingsFrame.MAX_CONCURRENT_STREAMS, mostStreams), script);
    }

    public String uri() {
        return "http://127.0.0.1:" + connector.getLocalPort();
    }

    /** Connections so far. */
    public int connectionCount() {
        return sessions.size();
    }

    /** Streams so far. */
    public int streamCount() {
        return streams.get();
    }

    /** Says GOAWAY on every connection. */
    public void goAway() {
        sessions.forEach(session -> session.close(0, "maintenance", Callback.NOOP));
    }

    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) {
            throw new AssertionError(e);
        }
    }

    /** One stream, as its script sees it. */
    public static final class Incoming implements Stream.Listener {
        private final Stream stream;
        private final MetaData.Request head;
        private final BlockingQueue<String> body = new LinkedBlockingQueue<>();
        private final BlockingQueue<Integer> resets = new LinkedBlockingQueue<>();
        private volatile HttpFields trailers = HttpFields.EMPTY;
        private volatile boolean ended;

        private Incoming(Stream stream, HeadersFrame frame) {
            this.stream = stream;
            head = (MetaData.Request) frame.getMetaData();
            ended = frame.isEndStream();
        }

        @Override
        public void onNewStream(Stream opened) {
            // told to the session
        }

        @Override
        public void onHeaders(Stream from, HeadersFrame frame) {
            trailers = frame.getMetaData().getHttpFields();
        }

        @Override
        public void onDataAvailable(Stream from) {
            while (true) {
                Stream.Data data = from.readData();
                if (data == null) {
                    from.demand();
                    return;
                }
                if (data.frame().remaining() > 0) {
                    body.add(ISO_8859_1.decode(data.frame().getByteBuffer()).toString());
                }
                data.release();
                if (data.frame().isEndStream()) {
                    ended = true;
                    return;
                }
            }
        }

        @Override
        public void onReset(Stream from, ResetFrame frame, Callback callback) {
            resets.add(frame.getError());
            callback.succeeded();
        }

        /** {@code GET http://a.test/path}. */
        public String line() {
            return head.getMethod() + " " + head.getHttpURI();
        }

        public HttpFields fields() {
            return head.getHttpFields();
        }

        public HttpFields trailers() {
            return trailers;
        }

        /** Whether the request was a head alone. */
        public boolean hasEnded() {
            return ended;
        }

        /** Begins to take the request's body. */
        public Incoming takeBody() {
            stream.demand();
            return this;
        }

        /** The next piece of the body. */
        public String awaitPiece() throws InterruptedException {
            String piece = body.poll(Await.DEADLINE.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
            if (piece == null) {
                throw new AssertionError("no piece of body came");
            }
            return piece;
        }

        /** The whole body, once it has ended. */
        public String awaitBody() {
            Await.until("the request's body ends", () -> ended);
            StringBuilder whole = new StringBuilder();
            body.forEach(whole::append);
            return whole.toString();
        }

        /** The error of the reset that comes. */
        public int awaitReset() throws InterruptedException {
            Integer code = resets.poll(Await.DEADLINE.toMillis(), java.util.concurrent.TimeUnit.MILLISECONDS);
            if (code == null) {
                throw new AssertionError("no reset came");
            }
            return code;
        }

        /** Sends a head; {@code last} without a body. */
        public Incoming answer(int status, boolean last, Field... fields) {
            MetaData.Response response =
                    new MetaData.Response(status, null, HttpVersion.HTTP_2, H2Client.jettyFields(List.of(fields)));
            H2Client.done("HEADERS", stream.headers(new HeadersFrame(stream.getId(), response, null, last)));
            return this;
        }

        public Incoming send(String latin1, boolean last) {
            ByteBuffer bytes = ByteBuffer.wrap(latin1.getBytes(ISO_8859_1));
            H2Client.done("DATA", stream.data(new DataFrame(stream.getId(), bytes, last)));
            return this;
        }

        public void sendTrailers(Field... fields) {
            MetaData metaData = new MetaData(HttpVersion.HTTP_2, H2Client.jettyFields(List.of(fields)));
            H2Client.done("trailers", stream.headers(new HeadersFrame(stream.getId(), metaData, null, true)));
        }

        public void reset(int code) {
            stream.reset(new ResetFrame(stream.getId(), code), Callback.NOOP);
        }

        /** Breaks the whole connection, without a word. */
        public void breakConnection() {
            ((org.eclipse.jetty.http2.HTTP2Session) stream.getSession())
                    .getEndPoint()
                    .close();
        }
    }
}
