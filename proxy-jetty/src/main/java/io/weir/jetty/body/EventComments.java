package io.weir.jetty.body;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.weir.http.Headers;
import io.weir.http.ResponseHead;
import io.weir.jetty.server.Clock;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * An event stream with a comment wherever the upstream has been silent for a while, so that nobody between Weir and the
 * client takes the connection for dead. Only between two events, and only when the client has taken all before: that is when
 * the next chunk is demanded.
 */
public final class EventComments implements Content.Source {
    private static final byte[] COMMENT = ":\n\n".getBytes(US_ASCII);
    private static final int BLANK_LINE = 0x0A0A;
    private static final int BLANK_LINE_CR = 0x0D0D;
    private static final int BLANK_LINE_CRLF = 0x0A0D0A;

    private final Content.Source source;
    private final Duration silence;
    private final Clock clock;

    // Guarded by this.
    private @Nullable Runnable waiting;
    private boolean demanded;
    private boolean commentDue;
    private boolean over;

    /** The last four bytes; nothing yet is as good as a blank line. */
    private int tail = BLANK_LINE;

    /**
     * @param source the stream
     * @param silence after which a comment is due
     */
    public EventComments(Content.Source source, Duration silence, Scheduler scheduler, Executor executor) {
        this.source = source;
        this.silence = silence;
        clock = new Clock(scheduler, executor, this::silent);
    }

    /** Whether that is the head of a stream into which comments may be put. */
    public static boolean fit(ResponseHead head) {
        Headers fields = head.headers();
        return head.isEventStream() && !fields.contains("Content-Encoding") && !fields.contains("Content-Length");
    }

    @Override
    public Content.@Nullable Chunk read() {
        synchronized (this) {
            if (commentDue) {
                commentDue = false;
                return Content.Chunk.from(ByteBuffer.wrap(COMMENT), false);
            }
            if (demanded) {
                return null; // the source says when there is something
            }
        }
        Content.Chunk chunk = source.read();
        if (chunk != null) {
            see(chunk);
        }
        return chunk;
    }

    @Override
    public void demand(Runnable callback) {
        boolean isFirst;
        synchronized (this) {
            waiting = callback;
            isFirst = !demanded;
            demanded = true;
            if (!over && isBetweenEvents()) {
                clock.start(silence);
            }
        }
        if (isFirst) {
            source.demand(this::available);
        }
    }

    @Override
    public void fail(Throwable failure) {
        clock.close();
        source.fail(failure);
    }

    private void available() {
        Runnable told;
        synchronized (this) {
            clock.stop();
            demanded = false;
            told = waiting;
            waiting = null;
        }
        if (told != null) {
            told.run();
        }
    }

    private void silent() {
        Runnable told;
        synchronized (this) {
            if (!clock.hasExpired() || waiting == null) {
                return;
            }
            clock.stop();
            commentDue = true;
            told = waiting;
            waiting = null;
        }
        told.run();
    }

    private synchronized void see(Content.Chunk chunk) {
        if (chunk.isLast() || Content.Chunk.isFailure(chunk)) {
            over = true;
            clock.close();
            return;
        }
        ByteBuffer bytes = chunk.getByteBuffer();
        for (int i = Math.max(bytes.position(), bytes.limit() - Integer.BYTES); i < bytes.limit(); i++) {
            tail = tail << Byte.SIZE | bytes.get(i) & 0xFF;
        }
    }

    /** Not after a lone CR at the end of a blank line: its LF may be on the way. */
    private boolean isBetweenEvents() {
        int two = tail & 0xFFFF;
        return two == BLANK_LINE || two == BLANK_LINE_CR || (tail & 0xFFFFFF) == BLANK_LINE_CRLF;
    }
}
