package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.ResponseHead;
import io.weir.jetty.body.RequestBody;
import io.weir.jetty.server.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.MetaData;
import org.eclipse.jetty.http.Trailers;
import org.eclipse.jetty.http2.ErrorCode;
import org.eclipse.jetty.http2.RetryableStreamException;
import org.eclipse.jetty.http2.api.Stream;
import org.eclipse.jetty.http2.client.HTTP2Client;
import org.eclipse.jetty.http2.frames.HeadersFrame;
import org.eclipse.jetty.http2.frames.ResetFrame;
import org.eclipse.jetty.http2.hpack.HpackException;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.Promise;
import org.jspecify.annotations.Nullable;

/**
 * One attempt over an HTTP/2 stream. Request and response run side by side for as long as both like, which is what gRPC's
 * bidirectional calls are. As a source it is the response's body.
 *
 * <p>It ends once: done, failed or given up. Fields are guarded by this object's monitor; nobody else is called under it.
 */
final class Http2Call implements UpstreamCall, Content.Source, Stream.Listener, AnswerClocks.Owner {
    private static final int MOST_INTERIMS = 32;
    private static final int WORD_OF_RESET_MILLIS = 100;

    private final UpstreamRequest attempt;
    private final RequestBody body;
    private final UpstreamListener listener;
    private final HTTP2Client client;
    private final Clock connectClock;
    private final Clock readClock;
    private final Clock sendClock;
    private final AnswerClocks answerClocks;
    private final BodyIntake intake;

    private @Nullable Http2Pool awaited;
    private @Nullable Http2Connection connection;
    private @Nullable Stream stream;
    private @Nullable Http2Sender sender;
    private boolean reused;
    private boolean sent;
    private boolean requestSent;
    private boolean received;
    private boolean headHandedOut;
    private boolean released;
    private boolean ended;
    private int interims;
    private long expected = -1;
    /** The head is all there is, whatever length it says. */
    private boolean isWhole;

    private long arrived;
    private @Nullable HttpFields trailers;
    private @Nullable Throwable failure;
    private @Nullable Runnable demand;

    /** What is read next, once the stream has been read to its end. */
    private Content.@Nullable Chunk afterwards;

    Http2Call(UpstreamRequest attempt, RequestBody body, UpstreamListener listener, HTTP2Client client) {
        this.attempt = attempt;
        this.body = body;
        this.listener = listener;
        intake = new BodyIntake(attempt, body);
        this.client = client;
        connectClock = new Clock(client.getScheduler(), client.getExecutor(), this::connectExpired);
        readClock = new Clock(client.getScheduler(), client.getExecutor(), this::readExpired);
        sendClock = new Clock(client.getScheduler(), client.getExecutor(), this::sendExpired);
        answerClocks = AnswerClocks.of(attempt.timeouts(), client.getScheduler(), client.getExecutor(), this);
    }

    UpstreamRequest attempt() {
        return attempt;
    }

    // ---- the way out ----

    /** The attempt begins. */
    void begin() {
        answerClocks.begun(body.isPresent());
    }

    /** A connection is being opened. */
    void awaitConnection(Http2Pool pool) {
        synchronized (this) {
            awaited = pool;
        }
        connectClock.start(attempt.timeouts().connect());
    }

    /**
     * There is a connection, with a stream reserved.
     *
     * @param waited whether it was waited for
     * @param wasIdle whether nothing else runs on it, and the upstream may just be closing it
     */
    void start(Http2Connection begun, boolean waited, boolean wasIdle) {
        boolean unwanted;
        synchronized (this) {
            unwanted = ended;
            awaited = null;
            connection = begun;
            reused = wasIdle;
            sent = !unwanted;
            released = unwanted;
        }
        connectClock.close();
        if (unwanted) {
            begun.released();
            return;
        }
        if (waited) {
            listener.connected();
        } else {
            listener.reused();
        }
        HeadersFrame head;
        try {
            head = new HeadersFrame(Http2Heads.request(attempt, intake), null, !body.isPresent());
        } catch (RuntimeException e) {
            streamFailed(e);
            return;
        }
        begun.session().newStream(head, Promise.from(this::streamOpened, this::streamFailed), this);
    }

    /** Jetty has made the stream; nothing is written yet. */
    @Override
    public void onNewStream(Stream made) {
        boolean unwanted;
        synchronized (this) {
            stream = made;
            unwanted = ended;
        }
        if (unwanted) {
            reset(made);
        }
    }

    /** The head is written. */
    private void streamOpened(Stream opened) {
        if (!body.isPresent()) {
            requestSent();
            return;
        }
        Http2Sender sending = new Http2Sender(this, opened, intake, sendClock);
        synchronized (this) {
            if (ended) {
                return;
            }
            sender = sending;
        }
        sending.iterate();
    }

    /** There is no stream: nothing has reached the upstream. */
    private void streamFailed(Throwable cause) {
        unprocessed();
        release();
        fail(ProxyError.CONNECTION_TERMINATED, "no stream could be opened: " + cause.getMessage(), cause);
    }

    /** The upstream has done nothing with it: it may go out again, whatever its method. */
    private synchronized void unprocessed() {
        sent = false;
        reused = true;
    }

    @Override
    public void continueBody() {
        intake.release();
        Http2Sender sending;
        synchronized (this) {
            sending = sender;
        }
        if (sending != null) {
            sending.iterate();
        }
    }

    /** Nobody asks to: the connection belongs to many. */
    @Override
    public @Nullable EndPoint takeOver() {
        return null;
    }

    /** The request is written, all of it. */
    void requestSent() {
        synchronized (this) {
            requestSent = true;
        }
        awaitUpstream();
    }

    /** The upstream takes no more bytes. It may answer all the same, so this alone is no failure. */
    void sendFailed(Throwable cause) {
        awaitUpstream();
    }

    /** The client's side of the body broke. */
    void requestFailed(Throwable cause) {
        if (end(cause)) {
            listener.requestFailed(cause);
        }
    }

    private synchronized void awaitUpstream() {
        if (ended) {
            return;
        }
        answerClocks.sent(body.isPresent(), headHandedOut);
        if (!headHandedOut || demand != null) {
            readClock.start(attempt.timeouts().read());
        }
    }

    // ---- the way back: the head ----

    @Override
    public void onHeaders(Stream from, HeadersFrame frame) {
        if (!(frame.getMetaData() instanceof MetaData.Response response)) {
            synchronized (this) {
                trailers = Http2Heads.trailers(frame.getMetaData().getHttpFields());
            }
            return; // the end of the stream follows as data
        }
        ResponseHead head;
        try {
            head = Http2Heads.response(response, attempt.limits().responseHead());
        } catch (Http2Heads.TooLarge e) {
            fail(ProxyError.RESPONSE_HEAD_TOO_LARGE, String.valueOf(e.getMessage()), null);
            return;
        } catch (IllegalArgumentException e) {
            fail(ProxyError.PROTOCOL_ERROR, "the upstream's answer is not HTTP/2: " + e.getMessage(), null);
            return;
        }
        if (head.isInterim()) {
            informed(head);
        } else if (head.status() == 101) {
            fail(ProxyError.PROTOCOL_ERROR, "the upstream answered 101, which HTTP/2 does not have", null);
        } else {
            answered(head, frame.isEndStream());
        }
    }

    private void informed(ResponseHead head) {
        synchronized (this) {
            received = true;
            if (ended || headHandedOut) {
                return;
            }
            interims++;
        }
        if (interims > MOST_INTERIMS) {
            fail(ProxyError.PROTOCOL_ERROR, "more than " + MOST_INTERIMS + " interim responses", null);
        } else {
            listener.informed(head);
        }
    }

    private void answered(ResponseHead head, boolean last) {
        boolean bodiless = attempt.method().equals("HEAD") || head.status() == 304;
        long length = bodiless ? -1 : Http2Heads.length(head);
        if (last && length > 0) {
            wrongLength(length); // while the client can still be told so
            return;
        }
        synchronized (this) {
            if (ended || headHandedOut) {
                return;
            }
            received = true;
            headHandedOut = true;
            expected = length;
            isWhole = bodiless;
        }
        readClock.stop(); // it runs again when the body is asked for
        answerClocks.headCame();
        if (last) {
            arrived();
        }
        listener.answered(head, this);
    }

    // ---- the way back: the body ----

    @Override
    public Content.@Nullable Chunk read() {
        while (true) {
            Stream from;
            synchronized (this) {
                if (failure != null) {
                    return Content.Chunk.from(failure, true);
                }
                if (afterwards != null) {
                    Content.Chunk next = afterwards;
                    afterwards = Content.Chunk.EOF;
                    return next;
                }
                from = stream;
            }
            Stream.Data data = from == null ? null : from.readData();
            if (data == null) {
                return null;
            }
            boolean last = data.frame().isEndStream();
            arrived += data.frame().remaining();
            if (data.frame().remaining() == 0) {
                data.release();
                if (last) {
                    arrived();
                }
                continue;
            }
            answerClocks.close();
            Content.Chunk chunk = Content.Chunk.asChunk(data.frame().getByteBuffer(), false, data);
            if (last || (expected >= 0 && arrived > expected)) {
                arrived(); // the end is read next
            }
            return chunk;
        }
    }

    @Override
    public void demand(Runnable callback) {
        Stream from;
        synchronized (this) {
            from = ended ? null : stream;
            if (from != null) {
                demand = callback;
                readClock.start(attempt.timeouts().read());
            }
        }
        if (from == null) {
            callback.run();
        } else {
            from.demand();
        }
    }

    @Override
    public void onDataAvailable(Stream from) {
        readClock.stop();
        runDemand();
    }

    private void runDemand() {
        Runnable waiting;
        synchronized (this) {
            waiting = demand;
            demand = null;
        }
        if (waiting != null) {
            waiting.run();
        }
    }

    /** The response is through, and as long as it said. With the request still on its way the rest of it is not wanted. */
    private void arrived() {
        Http2Sender sending;
        Stream from;
        synchronized (this) {
            if (ended) {
                return;
            }
            if (expected >= 0 && arrived != expected) {
                sending = null;
                from = null;
            } else {
                ended = true;
                afterwards = trailers == null ? Content.Chunk.EOF : new Trailers(trailers);
                sending = requestSent ? null : sender;
                from = requestSent ? null : stream;
            }
        }
        if (!hasEnded()) {
            wrongLength(expected);
            return;
        }
        closeClocks();
        if (sending != null) {
            sending.giveUp(new IOException("the upstream has answered already"));
        }
        if (from != null && body.isPresent()) {
            reset(from);
        }
    }

    // ---- ways to end ----

    private void wrongLength(long said) {
        fail(ProxyError.PROTOCOL_ERROR, "the upstream's body has not the length that it said: " + said, null);
    }

    @Override
    public void onReset(Stream from, ResetFrame frame, Callback callback) {
        callback.succeeded();
        if (frame.getError() == ErrorCode.REFUSED_STREAM_ERROR.code) {
            unprocessed(); // RFC 9113 §8.7
        }
        fail(
                ProxyError.CONNECTION_TERMINATED,
                "the upstream reset the stream: "
                        + ErrorCode.toString(frame.getError(), String.valueOf(frame.getError())),
                null);
    }

    @Override
    public void onFailure(Stream from, int error, String reason, Throwable cause, Callback callback) {
        callback.succeeded();
        if (cause instanceof RetryableStreamException) {
            unprocessed(); // it came after the last one that GOAWAY named
        }
        boolean malformed = cause instanceof HpackException;
        fail(
                malformed ? ProxyError.PROTOCOL_ERROR : ProxyError.CONNECTION_TERMINATED,
                "the connection broke: " + (reason == null ? cause : reason),
                cause);
    }

    /** Our clocks rule. */
    @Override
    public void onIdleTimeout(Stream from, TimeoutException x, Promise<Boolean> promise) {
        promise.succeeded(false);
    }

    /**
     * The upstream has reset it, of which {@link #onReset} tells next; or Jetty has, without a word, because the body has not
     * the length that its head said.
     */
    @Override
    public void onClosed(Stream closed) {
        release();
        boolean whole;
        synchronized (this) {
            if (ended || !closed.isReset()) {
                return;
            }
            whole = isWhole;
        }
        if (whole) {
            arrived(); // nothing is missing; Jetty minds that an empty body came all the same
            runDemand();
        } else {
            client.getScheduler()
                    .schedule(
                            () -> client.getExecutor().execute(this::malformed),
                            WORD_OF_RESET_MILLIS,
                            TimeUnit.MILLISECONDS);
        }
    }

    private void malformed() {
        fail(ProxyError.PROTOCOL_ERROR, "the upstream's body has not the length that it said", null);
    }

    private void connectExpired() {
        Duration limit = attempt.timeouts().connect();
        if (connectClock.hasExpired()) {
            failed(ProxyFailure.connecting(ProxyError.CONNECTION_TIMEOUT, ranOut("connect", limit), null));
        }
    }

    private void readExpired() {
        if (readClock.hasExpired()) {
            fail(
                    ProxyError.CONNECTION_READ_TIMEOUT,
                    ranOut("read", attempt.timeouts().read()),
                    null);
        }
    }

    @Override
    public void answerExpired(Clock clock, String name, Duration value) {
        synchronized (this) {
            if (ended || !clock.hasExpired()) {
                return;
            }
            if (headHandedOut && demand == null) {
                clock.start(value); // it is Weir that does not read: the upstream has its time anew
                return;
            }
        }
        fail(ProxyError.RESPONSE_TIMEOUT, ranOut(name, value), null);
    }

    private void sendExpired() {
        synchronized (this) {
            if (headHandedOut || !sendClock.hasExpired()) {
                return; // once the upstream has answered, only its answer matters
            }
        }
        fail(
                ProxyError.CONNECTION_WRITE_TIMEOUT,
                ranOut("send", attempt.timeouts().send()),
                null);
    }

    private String ranOut(String clock, Duration value) {
        return clock + " clock " + value + " ran out for "
                + attempt.upstream().upstream().url();
    }

    @Override
    public void fail(Throwable cause) {
        cancel(cause);
    }

    @Override
    public void cancel(Throwable cause) {
        end(cause);
    }

    private void fail(ProxyError error, String detail, @Nullable Throwable cause) {
        if (hasEnded()) {
            return;
        }
        intake.stop(); // so that what is said of the body stays true
        ProxyFailure problem;
        synchronized (this) {
            boolean cut = error == ProxyError.CONNECTION_TERMINATED && received;
            problem = new ProxyFailure(
                    cut ? ProxyError.RESPONSE_INCOMPLETE : error,
                    headHandedOut ? ProxyFailure.Phase.BODY : ProxyFailure.Phase.HEAD,
                    sent,
                    body.isLost(),
                    reused,
                    detail,
                    cause);
        }
        failed(problem);
    }

    /** It failed; before a head the listener hears of it, after one whoever reads the body does. */
    void failed(ProxyFailure problem) {
        if (!end(new UpstreamFailure(problem))) {
            return;
        }
        boolean inBody;
        synchronized (this) {
            inBody = headHandedOut;
        }
        if (inBody) {
            runDemand();
        } else {
            listener.failed(problem);
        }
    }

    private boolean end(Throwable cause) {
        Http2Pool waitedAt;
        Http2Sender sending;
        Stream open;
        synchronized (this) {
            if (ended) {
                return false;
            }
            ended = true;
            failure = cause;
            waitedAt = awaited;
            sending = sender;
            open = stream;
        }
        closeClocks();
        if (waitedAt != null) {
            waitedAt.forget(this);
        }
        if (sending != null) {
            sending.giveUp(cause);
        }
        if (open != null) {
            reset(open);
        }
        return true;
    }

    private void closeClocks() {
        connectClock.close();
        readClock.close();
        sendClock.close();
        answerClocks.close();
    }

    private static void reset(Stream stream) {
        stream.reset(new ResetFrame(stream.getId(), ErrorCode.CANCEL_STREAM_ERROR.code), Callback.NOOP);
    }

    private void release() {
        Http2Connection left;
        synchronized (this) {
            left = released ? null : connection;
            released = true;
        }
        if (left != null) {
            left.released();
        }
    }

    private synchronized boolean hasEnded() {
        return ended;
    }
}
