package io.weir.jetty.upstream;

import io.weir.Attempt;
import io.weir.header.ForwardedHeaders;
import io.weir.header.HopByHopHeaders;
import io.weir.http.Headers;
import io.weir.jetty.body.RequestBody;
import io.weir.jetty.server.Clock;
import io.weir.jetty.server.PendingWrite;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.IteratingCallback;
import org.jspecify.annotations.Nullable;

/**
 * Writes one request: its head, then its body as the client sends it, one chunk at a time. The next chunk is read from the
 * client only when the upstream has taken the last, so a slow upstream holds the client back.
 */
final class RequestSender extends IteratingCallback {
    private static final byte[] CRLF = {'\r', '\n'};

    private final Http1Call call;
    private final Attempt attempt;
    private final RequestBody body;
    private final Http1Connection connection;
    private final PendingWrite write = new PendingWrite(this);
    private @Nullable Clock clock;
    private Content.@Nullable Chunk chunk;
    private boolean headWritten;
    private boolean last;
    private volatile boolean holdsBodyBack;
    private volatile boolean sent;
    private volatile boolean done;

    RequestSender(Http1Call call, Attempt attempt, RequestBody body, Http1Connection connection) {
        this.call = call;
        this.attempt = attempt;
        this.body = body;
        this.connection = connection;
        holdsBodyBack =
                body.isPresent() && !body.hasEnded() && attempt.headers().containsToken("Expect", "100-continue");
    }

    /** Whether any byte was handed to the kernel. */
    boolean hasSent() {
        return sent;
    }

    /** Whether the whole request was. */
    boolean isDone() {
        return done;
    }

    /** The upstream wants the body, or has had time enough to say so. */
    void continueBody() {
        holdsBodyBack = false;
        iterate();
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
        boolean readsBody = body.isPresent() && !holdsBodyBack;
        if (readsBody) {
            next = body.read();
            if (Content.Chunk.isFailure(next)) {
                call.requestFailed(next.getFailure());
                return Action.SUCCEEDED;
            }
        }
        if (headWritten && next == null) {
            if (readsBody) {
                body.demand(this::iterate);
            }
            return Action.IDLE;
        }
        chunk = next;
        last = !body.isPresent() || (next != null && next.isLast());
        if (!headWritten) {
            headWritten = true;
            write(head(), next);
        } else {
            write(null, next);
        }
        return Action.SCHEDULED;
    }

    @Override
    protected void onSuccess() {
        releaseChunk();
        if (clock != null) {
            clock.stop();
        }
    }

    @Override
    protected void onCompleteSuccess() {
        if (last) {
            done = true;
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

    private void write(@Nullable ByteBuffer head, Content.@Nullable Chunk next) {
        sent = true;
        Callback callback = write.begin();
        if (!body.isChunked()) {
            ByteBuffer data = next == null ? BufferUtil.EMPTY_BUFFER : next.getByteBuffer();
            if (head == null) {
                connection.getEndPoint().write(callback, data);
            } else if (next == null) {
                connection.getEndPoint().write(callback, head);
            } else {
                connection.getEndPoint().write(callback, head, data);
            }
        } else {
            writeChunk(callback, head == null ? BufferUtil.EMPTY_BUFFER : head, next);
        }
        if (write.isPending()) {
            startClock();
        }
    }

    private void writeChunk(Callback callback, ByteBuffer head, Content.@Nullable Chunk next) {
        if (next == null) {
            connection.getEndPoint().write(callback, head);
            return;
        }
        ByteBuffer tail = last ? end(next) : BufferUtil.EMPTY_BUFFER;
        if (!next.hasRemaining()) {
            connection.getEndPoint().write(callback, head, tail);
            return;
        }
        byte[] size = (Integer.toHexString(next.remaining()) + "\r\n").getBytes(StandardCharsets.US_ASCII);
        connection
                .getEndPoint()
                .write(callback, head, ByteBuffer.wrap(size), next.getByteBuffer(), ByteBuffer.wrap(CRLF), tail);
    }

    /** The last chunk, with the client's trailers where they may stand (RFC 9110 §6.5.1). */
    private static ByteBuffer end(Content.Chunk next) {
        StringBuilder end = new StringBuilder("0\r\n");
        HttpFields trailers = next instanceof Trailers with ? with.getTrailers() : HttpFields.EMPTY;
        for (HttpField field : trailers) {
            if (isAllowedInTrailers(field.getName())) {
                String value = field.getValue() == null ? "" : field.getValue();
                Headers.of(field.getName(), value); // refuses what could split the message
                end.append(field.getName()).append(": ").append(value).append("\r\n");
            }
        }
        return ByteBuffer.wrap(end.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1));
    }

    private static boolean isAllowedInTrailers(String name) {
        return !HopByHopHeaders.isHopByHop(name)
                && switch (name.toLowerCase(Locale.ROOT)) {
                    case "host",
                            "content-length",
                            "content-encoding",
                            "content-type",
                            "content-range",
                            "trailer",
                            "authorization",
                            "cookie",
                            "set-cookie",
                            "cache-control",
                            "expect",
                            "max-forwards" -> false;
                    default -> !ForwardedHeaders.isForwarding(name);
                };
    }

    private ByteBuffer head() {
        StringBuilder framing = null;
        if (body.length() >= 0) {
            framing =
                    new StringBuilder("Content-Length: ").append(body.length()).append("\r\n");
        } else if (body.isChunked()) {
            framing = new StringBuilder("Transfer-Encoding: chunked\r\n");
        }
        if (attempt.pool().pool().keepAlive().idle() == 0) {
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
        if (!write.isPending()) {
            running.stop(); // the write came through meanwhile
        }
    }

    private void expired() {
        Clock running = clock;
        if (running != null && running.hasExpired() && write.isPending()) {
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
