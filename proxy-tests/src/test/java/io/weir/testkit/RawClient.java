package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

/**
 * A client that sends whatever bytes a test gives it and reads answers strictly.
 *
 * <p>It imitates what no HTTP library would do for a test: smuggling attempts, half requests, slow or stopped readers,
 * resets, half-closed connections. Nothing is read until the test asks. Not for use by several threads at once.
 */
public final class RawClient implements AutoCloseable {

    private final Socket socket;
    private final Socket transport;
    private final AtomicLong bytesRead = new AtomicLong();
    private final WireReader reader;

    private RawClient(Socket socket, Socket transport) throws IOException {
        this.socket = socket;
        this.transport = transport;
        this.reader = new WireReader(socket, bytesRead);
    }

    /** Connects to that port of the loopback address. */
    public static RawClient connect(int port) {
        return connect(port, 0);
    }

    /** As the other, with a small receive buffer: a reader that stops is felt after that many bytes. */
    public static RawClient connect(int port, int receiveBufferBytes) {
        Socket socket = new Socket();
        try {
            socket.setTcpNoDelay(true);
            if (receiveBufferBytes > 0) {
                socket.setReceiveBufferSize(receiveBufferBytes);
            }
            int timeoutMillis = (int) Await.DEADLINE.toMillis();
            socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), timeoutMillis);
            return new RawClient(socket, socket);
        } catch (IOException e) {
            closeQuietly(socket);
            throw new UncheckedIOException("port " + port + ": " + e.getMessage(), e);
        }
    }

    /**
     * Connects over TLS, trusting that context; the name is asked for by SNI and not verified. Returns after the handshake.
     *
     * @param protocols what to offer by ALPN
     */
    public static RawClient connectTls(int port, SSLContext context, String serverName, String... protocols) {
        return connect(port).overTls(context, serverName, protocols);
    }

    /** This connection with TLS over it; see {@link #connectTls}. */
    public RawClient overTls(SSLContext context, String serverName, String... protocols) {
        try {
            return overTls(socket, context, serverName, protocols);
        } catch (IOException e) {
            close();
            throw new UncheckedIOException(e);
        }
    }

    private static RawClient overTls(Socket plain, SSLContext context, String serverName, String... protocols)
            throws IOException {
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, null, plain.getPort(), true);
        SSLParameters parameters = socket.getSSLParameters();
        if (!serverName.isEmpty()) {
            parameters.setServerNames(List.of(new SNIHostName(serverName)));
        }
        parameters.setApplicationProtocols(protocols);
        socket.setSSLParameters(parameters);
        socket.setSoTimeout((int) Await.DEADLINE.toMillis());
        socket.startHandshake();
        return new RawClient(socket, plain);
    }

    /** The port that this client connects from. */
    public int localPort() {
        return socket.getLocalPort();
    }

    /** What TLS has agreed on, of a client that speaks it. */
    public SSLSocket tls() {
        return (SSLSocket) socket;
    }

    /** One request on a connection of its own; whether the answer may have a body is told by the request's method. */
    public static RawResponse exchange(int port, String request) {
        try (RawClient client = connect(port)) {
            client.send(request);
            return request.startsWith("HEAD ") ? client.readHead() : client.readResponse();
        }
    }

    /** Sends these bytes now; blocks while the peer takes nothing. */
    public RawClient send(String latin1) {
        return send(latin1.getBytes(ISO_8859_1));
    }

    public RawClient send(byte[] bytes) {
        try {
            socket.getOutputStream().write(bytes);
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage() + "; read so far: " + reader.transcript(), e);
        }
    }

    /** The next response, an interim one included. A broken body makes it {@linkplain RawResponse#flaw() flawed}. */
    public RawResponse readResponse() {
        return response(true);
    }

    /** The answer to a HEAD request: whatever its fields announce, no body follows. */
    public RawResponse readHead() {
        return response(false);
    }

    /** The next response, which has to be a 1xx. */
    public RawResponse readInterim() {
        RawResponse response = readHead();
        if (response.status() >= 200) {
            throw new AssertionError("expected a 1xx, got: " + response);
        }
        return response;
    }

    /** Exactly so many raw bytes. */
    public String readBytes(int count) {
        reader.restartClock();
        return reading(() -> {
            StringBuilder bytes = new StringBuilder();
            while (bytes.length() < count) {
                int b = reader.read();
                if (b == -1) {
                    throw new Flaw("the stream ended after " + bytes.length() + " of " + count + " bytes");
                }
                bytes.append((char) b);
            }
            return bytes.toString();
        });
    }

    /** Reads raw bytes away and says how many: fewer only if the peer closed. Progress extends the deadline. */
    public long discard(long count) {
        return reading(() -> reader.discard(count));
    }

    /** All raw bytes until the peer closes. */
    public String readAll() {
        reader.restartClock();
        return reading(() -> {
            StringBuilder bytes = new StringBuilder();
            for (int b = reader.read(); b != -1; b = reader.read()) {
                bytes.append((char) b);
            }
            return bytes.toString();
        });
    }

    /** All raw bytes until the peer closes or resets. */
    public String readAllThatComes() {
        reader.restartClock();
        StringBuilder bytes = new StringBuilder();
        try {
            for (int b = reader.read(); b != -1; b = reader.read()) {
                bytes.append((char) b);
            }
        } catch (SocketException | SSLException e) {
            // A reset is an end, too, and so is one of TCP below TLS.
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toString();
    }

    /** Whether the connection ends by a TCP reset, not by an orderly close; bytes that come before are read away. */
    public boolean isResetByPeer() {
        reader.restartClock();
        try {
            while (reader.read() != -1) {
                // on to the end
            }
            return false;
        } catch (SocketException e) {
            return true;
        } catch (SSLException e) {
            return e.getCause() instanceof SocketException;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Whether the peer closes or resets within the deadline. Bytes that come instead fail the test. */
    public boolean isClosedByPeer() {
        reader.restartClock();
        try {
            if (reader.read() == -1) {
                return true;
            }
        } catch (SocketException | SSLException e) {
            return true;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        throw new AssertionError("expected the peer to close, but it sent more: " + reader.transcript());
    }

    /** How many bytes were taken from the socket so far. */
    public long bytesRead() {
        return bytesRead.get();
    }

    /** Says that nothing more will be sent; the answer can still be read. */
    public RawClient shutdownOutput() {
        try {
            socket.shutdownOutput();
            return this;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Drops the connection with a TCP reset, as a crashed client or a firewall does. */
    public void reset() {
        try {
            transport.setSoLinger(true, 0);
        } catch (SocketException e) {
            throw new UncheckedIOException(e);
        }
        closeQuietly(transport); // TLS does not get to say goodbye
    }

    @Override
    public void close() {
        closeQuietly(socket);
    }

    private RawResponse response(boolean bodyAllowed) {
        reader.restartClock();
        return reading(() -> {
            String statusLine = reader.line();
            if (!statusLine.matches("HTTP/1\\.[01] [1-5][0-9][0-9]( .*)?")) {
                throw new Flaw("not a status line: " + statusLine);
            }
            List<Field> fields = reader.fields();
            WireReader.Body body =
                    bodyAllowed && mayHaveBody(statusLine) ? reader.body(fields, true) : WireReader.Body.NONE;
            return new RawResponse(statusLine, fields, body.content(), body.trailers(), body.flaw());
        });
    }

    private static boolean mayHaveBody(String statusLine) {
        String status = statusLine.substring(9, 12);
        return !status.startsWith("1") && !status.equals("204") && !status.equals("304");
    }

    private interface Reading<T> {
        T read() throws IOException;
    }

    private <T> T reading(Reading<T> step) {
        try {
            return step.read();
        } catch (IOException e) {
            throw new AssertionError(e.getMessage() + "; read so far: " + reader.transcript(), e);
        }
    }

    private static void closeQuietly(Socket socket) {
        try {
            socket.close();
        } catch (IOException e) {
            // A socket that does not close cleanly is closed all the same.
        }
    }
}
