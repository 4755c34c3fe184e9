package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.http.Headers;
import io.weir.jetty.body.RequestBody;
import io.weir.jetty.server.Clock;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.AbstractEndPoint;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.IteratingCallback;
import org.jspecify.annotations.Nullable;

/**
 * Writes one request: its head, then its body as the client sends it, one chunk at a time. The next chunk is read from the
 * client only when the upstream has taken the last, so a slow upstream holds the client back.
 */
final class RequestSender extends IteratingCallback {
    private static final byte[] CRLF = {'\r', '\n'};

    private final Http1Call call;
    private final UpstreamRequest attempt;
    private final RequestBody body;
    private final BodyIntake intake;
    private final Http1Connection connection;
    private final AbstractEndPoint endPoint;
    private final UpstreamEndPoint socket;
    private final long flushedBefore;

    private @Nullable Clock clock;
    private Content.@Nullable Chunk chunk;
    private boolean headWritten;
    private volatile boolean last;
    private volatile boolean writing;

    RequestSender(
            Http1Call call, UpstreamRequest attempt, RequestBody body, BodyIntake intake, Http1Connection connection) {
        this.call = call;
        this.attempt = attempt;
        this.body = body;
        this.intake = intake;
        this.connection = connection;
        endPoint = connection.endPoint();
        socket = connection.socket();
        flushedBefore = socket.flushed();
    }

    /** Whether any byte was handed to the kernel; over TLS: any of the records that carry it. */
    boolean hasSent() {
        return socket.flushed() != flushedBefore;
    }

    /** Whether the last bytes are on their way, or gone. */
    boolean isFinishing() {
        return last;
    }

    /** Gives up; a chunk that is being written is released when the connection is closed. */
    void giveUp(Throwable cause) {
        intake.stop();
        abort(cause);
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }

    @Override
    protected Action process() {
        if (last) {
            return Action.SUCCEEDED;
        }
        Content.Chunk next = null;
        if (body.isPresent() && !intake.isHeldBack()) {
            next = intake.read(headWritten ? this : null);
            if (next == null && (headWritten || intake.isStopped())) {
                return Action.IDLE; // if it was stopped, it is aborted
            }
            if (next != null && Content.Chunk.isFailure(next)) {
                call.requestFailed(next.getFailure());
                return Action.SUCCEEDED;
            }
        } else if (headWritten) {
            return Action.IDLE;
        }
        chunk = next;
        last = !body.isPresent() || (next != null && next.isLast());
        ByteBuffer head = headWritten ? BufferUtil.EMPTY_BUFFER : head();
        headWritten = true;
        writing = true;
        write(head, next);
        if (endPoint.getWriteFlusher().isPending()) {
            startClock();
        }
        return Action.SCHEDULED;
    }

    @Override
    protected void onSuccess() {
        releaseChunk();
        writing = false;
        if (clock != null) {
            clock.stop();
        }
    }

    @Override
    protected void onCompleteSuccess() {
        if (last) {
            closeClock();
            call.requestSent();
        }
    }

    @Override
    protected void onCompleteFailure(Throwable cause) {
        releaseChunk();
        closeClock();
        call.sendFailed(cause);
    }

    private void write(ByteBuffer head, Content.@Nullable Chunk next) {
        if (next == null) {
            endPoint.write(this, head);
        } else if (!intake.isChunked()) {
            endPoint.write(this, head, next.getByteBuffer());
        } else if (next.hasRemaining()) {
            byte[] size = (Integer.toHexString(next.remaining()) + "\r\n").getBytes(StandardCharsets.US_ASCII);
            ByteBuffer end = last ? end(next) : BufferUtil.EMPTY_BUFFER;
            endPoint.write(this, head, ByteBuffer.wrap(size), next.getByteBuffer(), ByteBuffer.wrap(CRLF), end);
        } else {
            endPoint.write(this, head, last ? end(next) : BufferUtil.EMPTY_BUFFER);
        }
    }

    /** The last chunk, with the client's trailers where they may stand. */
    private static ByteBuffer end(Content.Chunk next) {
        StringBuilder end = new StringBuilder("0\r\n");
        HttpFields trailers = next instanceof Trailers with ? with.getTrailers() : HttpFields.EMPTY;
        for (HttpField field : trailers) {
            String value = field.getValue() == null ? "" : field.getValue();
            if (TrailerFields.mayHold(field.getName()) && canBeWritten(field.getName(), value)) {
                end.append(field.getName()).append(": ").append(value).append("\r\n");
            }
        }
        return ByteBuffer.wrap(end.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    /** Whether nothing in it could split the message; Jetty's parsers have seen to that. */
    private static boolean canBeWritten(String name, String value) {
        try {
            Headers.of(name, value);
            return true;
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    private ByteBuffer head() {
        StringBuilder framing = null;
        if (intake.length() >= 0) {
            framing = new StringBuilder("Content-Length: ")
                    .append(intake.length())
                    .append("\r\n");
        } else if (intake.isChunked()) {
            framing = new StringBuilder("Transfer-Encoding: chunked\r\n");
        }
        if (attempt.upgrade() != null) {
            framing = null; // its fields say what is to become of the connection
        } else if (!attempt.leavesConnection()
                || attempt.pool().pool().keepAlive().idle() == 0) {
            framing = (framing == null ? new StringBuilder() : framing).append("Connection: close\r\n");
        } else if (attempt.headers().contains("TE")) {
            framing = (framing == null ? new StringBuilder() : framing).append("Connection: TE\r\n");
        }
        return RequestHeadEncoder.encode(
                attempt.method(), attempt.target(), attempt.headers(), framing == null ? null : framing.toString());
    }

    private void startClock() {
        Clock running = clock;
        if (running == null) {
            running = new Clock(connection.scheduler(), connection.executor(), this::expired);
            clock = running;
        }
        running.start(attempt.timeouts().send());
    }

    private void expired() {
        Clock running = clock;
        if (running != null && running.hasExpired() && writing) {
            call.sendExpired();
        }
    }

    private void closeClock() {
        Clock running = clock;
        if (running != null) {
            running.close();
        }
    }

    private void releaseChunk() {
        Content.Chunk released = chunk;
        chunk = null;
        if (released != null) {
            released.release();
        }
    }
}
