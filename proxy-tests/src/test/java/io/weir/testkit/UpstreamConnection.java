package io.weir.testkit;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.net.Socket;
import java.net.SocketException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.net.ssl.ExtendedSSLSession;
import javax.net.ssl.SSLSocket;

/**
 * One connection that the proxy opened to a {@link ScriptedUpstream}: what a script acts on.
 *
 * <p>{@code close} and {@code reset} may also be called by the test, at a moment of its choosing. All else belongs to
 * the script's thread. A step that meets a connection which the proxy has closed ends the script quietly.
 */
public final class UpstreamConnection {

    private static final byte[] FILLER = filler();

    private final ScriptedUpstream upstream;
    private final int number;
    private final Socket socket;
    private final WireReader reader;
    private final CountDownLatch closedByPeer = new CountDownLatch(1);
    private volatile boolean closedHere;

    UpstreamConnection(ScriptedUpstream upstream, int number, Socket socket) throws IOException {
        this.upstream = upstream;
        this.number = number;
        this.socket = socket;
        this.reader = new WireReader(socket, upstream.bytesReceived());
        socket.setTcpNoDelay(true);
    }

    /** Counted from 1, in the order of arrival. */
    public int number() {
        return number;
    }

    /** What was agreed on with the proxy, who is asked to agree if it has not yet. Only of an upstream that speaks TLS. */
    public ExtendedSSLSession tls() {
        return (ExtendedSSLSession) ((SSLSocket) socket).getSession();
    }

    /** Waits, as long as it takes, for the next request and reads it with its body. */
    public RawRequest readRequest() throws IOException {
        RawRequest head = head();
        RawRequest request = head.isTruncated() ? head : withBody(head);
        upstream.received(request);
        return whole(request);
    }

    /** Reads only up to the empty line: for an answer that comes before the body does. */
    public RawRequest readHead() throws IOException {
        RawRequest head = head();
        upstream.received(head);
        return whole(head);
    }

    /** Reads the body that belongs to a head read before; the upstream's record of requests keeps the bare head. */
    public RawRequest readBody(RawRequest head) throws IOException {
        reader.restartClock();
        return whole(withBody(head));
    }

    /** Exactly so many raw bytes: part of a body that the client has not sent whole yet. */
    public byte[] readBytes(int count) throws IOException {
        byte[] bytes = new byte[count];
        reader.restartClock();
        try {
            for (int i = 0; i < count; i++) {
                int b = reader.read();
                if (b == -1) {
                    throw brokenOff("after " + i + " of " + count + " bytes");
                }
                bytes[i] = (byte) b;
            }
        } catch (SocketException e) {
            throw brokenOff(e.getMessage());
        }
        return bytes;
    }

    /** Reads raw bytes away, exactly that many: the slow or metered reader of a large upload. */
    public void discard(long count) throws IOException {
        long got;
        try {
            got = reader.discard(count);
        } catch (SocketException e) {
            throw brokenOff(e.getMessage());
        }
        if (got < count) {
            throw brokenOff("after " + got + " of " + count + " bytes");
        }
    }

    /** Sends these bytes now, garbage as well. */
    public void send(String latin1) throws IOException {
        send(latin1.getBytes(ISO_8859_1));
    }

    public void send(byte[] bytes) throws IOException {
        send(bytes, bytes.length);
    }

    /** Sends that many filler bytes; {@link ScriptedUpstream#bytesSent()} tells how far back-pressure let it come. */
    public void sendFiller(long count) throws IOException {
        for (long left = count; left > 0; left -= FILLER.length) {
            send(FILLER, (int) Math.min(left, FILLER.length));
        }
    }

    /** Waits until the proxy has sent its end; this side may go on. Bytes that come instead fail the script. */
    public void awaitEnd() throws IOException {
        if (reader.awaitByte()) {
            throw new AssertionError("expected the end, but there is more: " + reader.transcript());
        }
    }

    /** Says and does nothing more, but notices when the proxy closes: a server lost in thought. */
    public void hang() throws IOException {
        try {
            while (reader.awaitByte()) {
                reader.discard(1);
            }
        } catch (SocketException e) {
            throw brokenOff(e.getMessage());
        }
        throw brokenOff("while the upstream was hanging");
    }

    /** Reads nothing and so notices nothing, until the upstream is closed: a server that is stuck. */
    public void stall() {
        upstream.awaitClosing();
    }

    /** Ends the upstream's side of the stream; requests can still be read. */
    public void shutdownOutput() throws IOException {
        socket.shutdownOutput();
    }

    /** Closes, in the middle of a message or while idle. What was received and not read turns it into a reset. */
    public void close() {
        closedHere = true;
        try {
            socket.close();
        } catch (IOException e) {
            // A socket that does not close cleanly is closed all the same.
        }
    }

    /** Drops the connection with a TCP reset, as a crashed server does. */
    public void reset() {
        try {
            socket.setSoLinger(true, 0);
        } catch (SocketException e) {
            // It is closed already.
        }
        close();
    }

    /** The first 64 KiB that came, framing and all. */
    public String received() {
        return reader.rawTranscript();
    }

    CountDownLatch closedByPeer() {
        return closedByPeer;
    }

    boolean isClosedHere() {
        return closedHere;
    }

    private RawRequest head() throws IOException {
        try {
            if (!reader.awaitByte()) {
                throw brokenOff("before a request");
            }
        } catch (SocketException e) {
            throw brokenOff(e.getMessage());
        }
        reader.restartClock();
        String requestLine = "";
        try {
            requestLine = reader.line();
            return new RawRequest(requestLine, reader.fields(), "", List.of(), number, "");
        } catch (Flaw | SocketException e) {
            return new RawRequest(requestLine, List.of(), "", List.of(), number, String.valueOf(e.getMessage()));
        }
    }

    private RawRequest withBody(RawRequest head) {
        WireReader.Body body = reader.body(head.fields(), false);
        return new RawRequest(head.requestLine(), head.fields(), body.content(), body.trailers(), number, body.flaw());
    }

    private RawRequest whole(RawRequest request) throws PeerClosed {
        if (!request.isTruncated()) {
            return request;
        }
        if (reader.isAtEnd()) {
            throw brokenOff(request.flaw());
        }
        throw new AssertionError("the proxy sent a malformed request: " + request.flaw() + "; " + reader.transcript());
    }

    private void send(byte[] bytes, int length) throws IOException {
        try {
            socket.getOutputStream().write(bytes, 0, length);
        } catch (SocketException e) {
            throw brokenOff(e.getMessage());
        }
        upstream.bytesSent().addAndGet(length);
    }

    private PeerClosed brokenOff(String where) {
        if (!closedHere) {
            closedByPeer.countDown();
        }
        return new PeerClosed("connection " + number + ": " + where);
    }

    private static byte[] filler() {
        byte[] filler = new byte[16 * 1024];
        Arrays.fill(filler, (byte) 'x');
        return filler;
    }
}
