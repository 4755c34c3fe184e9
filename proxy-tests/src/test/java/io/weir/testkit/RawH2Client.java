package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http2.hpack.HpackDecoder;

/**
 * An HTTP/2 client that sends whatever frames a test gives it: floods, malformed fields, half header blocks, streams out of
 * order. It is no help to a test that wants to be well-behaved: it grants no window and acknowledges nothing.
 *
 * <p>What the peer sends is read at once on a thread of its own, so that a flood whose answers pile up does not stop by
 * itself. A peer that has closed makes further sends do nothing: whether it should have closed is for the test to say.
 */
public final class RawH2Client implements AutoCloseable {
    private static final String PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

    private final Socket socket;
    private final OutputStream out;
    private final Thread reader;
    private final List<H2Frame> received = new CopyOnWriteArrayList<>();
    private final Map<Integer, Integer> statuses = new ConcurrentHashMap<>();
    private volatile boolean ended;

    private RawH2Client(Socket socket) throws IOException {
        this.socket = socket;
        out = socket.getOutputStream();
        reader = new Thread(this::read, "raw-h2-" + socket.getLocalPort());
        reader.setDaemon(true);
        reader.start();
    }

    /** Connects to that port of the loopback address and says what every HTTP/2 client says first. */
    public static RawH2Client connect(int port) {
        return connect(port, new H2Frame(H2Frame.SETTINGS, 0, 0, new byte[0]));
    }

    /** The same with other first frames than empty SETTINGS. */
    public static RawH2Client connect(int port, H2Frame... first) {
        try {
            Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            return new RawH2Client(socket)
                    .sendBytes(PREFACE.getBytes(ISO_8859_1))
                    .send(first);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same over TLS, agreed on by ALPN; the name is asked for by SNI. */
    public static RawH2Client connectTls(int port, SSLContext context, String serverName) {
        try {
            SSLSocket socket =
                    (SSLSocket) context.getSocketFactory().createSocket(InetAddress.getLoopbackAddress(), port);
            socket.setTcpNoDelay(true);
            SSLParameters parameters = socket.getSSLParameters();
            parameters.setServerNames(List.of(new SNIHostName(serverName)));
            parameters.setApplicationProtocols(new String[] {"h2"});
            socket.setSSLParameters(parameters);
            socket.startHandshake();
            return new RawH2Client(socket)
                    .sendBytes(PREFACE.getBytes(ISO_8859_1))
                    .send(new H2Frame(H2Frame.SETTINGS, 0, 0, new byte[0]));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Sends those frames in one write. */
    public RawH2Client send(H2Frame... frames) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        for (H2Frame frame : frames) {
            bytes.writeBytes(frame.encoded());
        }
        return sendBytes(bytes.toByteArray());
    }

    /** Sends the same frame that often, or until the peer closes. */
    public RawH2Client flood(int times, H2Frame frame) {
        byte[] bytes = frame.encoded();
        for (int i = 0; i < times && !ended; i++) {
            sendBytes(bytes);
        }
        return this;
    }

    public RawH2Client sendBytes(byte[] bytes) {
        try {
            out.write(bytes);
            out.flush();
        } catch (IOException e) {
            ended = true;
        }
        return this;
    }

    /** All that has come so far. */
    public List<H2Frame> received() {
        return received;
    }

    /** The error code of the GOAWAY, which has to come. */
    public int awaitGoAway() {
        return await("GOAWAY", H2Frame.GOAWAY, 0).int32At(4);
    }

    /** The error code of the RST_STREAM for that stream, which has to come. */
    public int awaitReset(int stream) {
        return await("RST_STREAM " + stream, H2Frame.RST_STREAM, stream).int32At(0);
    }

    /** The status of the final head on that stream, which has to come. */
    public int awaitStatus(int stream) {
        Await.until(() -> "a head on stream " + stream + "; " + this, () -> statuses.containsKey(stream));
        return statuses.get(stream);
    }

    /** The status of the final head on that stream, if one has come. */
    public Optional<Integer> status(int stream) {
        return Optional.ofNullable(statuses.get(stream));
    }

    /** Waits until that stream has its end, good or bad, or the connection has. */
    public RawH2Client awaitEndOf(int stream) {
        Await.until(
                () -> "the end of stream " + stream + "; " + this,
                () -> ended
                        || first(H2Frame.RST_STREAM, stream).isPresent()
                        || first(H2Frame.GOAWAY, 0).isPresent()
                        || received.stream()
                                .anyMatch(frame -> frame.stream() == stream
                                        && frame.type() <= H2Frame.HEADERS
                                        && frame.has(H2Frame.END_STREAM)));
        return this;
    }

    /** Waits until the peer has closed the connection. */
    public RawH2Client awaitClosed() {
        Await.until(() -> "the peer closes; " + this, () -> ended);
        return this;
    }

    /** Waits for the first frame of that type on that stream. */
    public H2Frame await(String what, int type, int stream) {
        Await.until(() -> what + "; " + this, () -> first(type, stream).isPresent());
        return first(type, stream).orElseThrow();
    }

    /** The first frame of that type on that stream, if one has come. */
    public Optional<H2Frame> first(int type, int stream) {
        return received.stream()
                .filter(frame -> frame.type() == type && frame.stream() == stream)
                .filter(frame -> type != H2Frame.PING && type != H2Frame.SETTINGS || !frame.has(H2Frame.ACK))
                .findFirst();
    }

    /** How many frames of that type came. */
    public long count(int type) {
        return received.stream().filter(frame -> frame.type() == type).count();
    }

    @Override
    public void close() {
        try {
            socket.close();
            reader.join(Await.DEADLINE.toMillis());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public String toString() {
        StringBuilder text = new StringBuilder("received");
        received.stream()
                .limit(20)
                .forEach(frame ->
                        text.append(" type ").append(frame.type()).append('/').append(frame.stream()));
        return text.append(" statuses ")
                .append(statuses)
                .append(ended ? " closed" : "")
                .toString();
    }

    private void read() {
        HpackDecoder decoder = new HpackDecoder(1024 * 1024, System::nanoTime);
        try {
            DataInputStream in = new DataInputStream(socket.getInputStream());
            while (true) {
                int length = in.readUnsignedShort() << 8 | in.readUnsignedByte();
                int type = in.readUnsignedByte();
                int flags = in.readUnsignedByte();
                int stream = in.readInt();
                byte[] payload = new byte[length];
                in.readFully(payload);
                if (type == H2Frame.HEADERS
                        && decoder.decode(ByteBuffer.wrap(payload)) instanceof MetaData.Response head
                        && head.getStatus() >= 200) {
                    statuses.put(stream, head.getStatus());
                }
                received.add(new H2Frame(type, flags, stream, payload));
            }
        } catch (Exception e) {
            ended = true;
        }
    }
}
