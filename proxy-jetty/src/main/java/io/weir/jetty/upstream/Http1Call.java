package io.weir.jetty.upstream;

import io.weir.UpstreamRequest;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.ResponseHead;
import io.weir.jetty.body.RequestBody;
import io.weir.jetty.server.Clock;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * One attempt over HTTP/1.1: the request goes out through its {@link RequestSender}, the response comes in through the
 * {@link Http1Connection}, both at the same time where the upstream wants it so. As a source it is the response's body.
 *
 * <p>It ends once: done, failed or given up. The connection goes back to its pool when both directions are through, which
 * is before the last chunk is handed out, so that the client's next request finds it there.
 *
 * <p>Fields are guarded by this object's monitor. Under it the connection is asked and told things, but only while this
 * call has not ended: after that the connection may serve another. Nobody else is called under it.
 */
final class Http1Call implements UpstreamCall, Content.Source, AnswerClocks.Owner, ConnectAttempt.Caller {
    private final UpstreamRequest attempt;
    private final RequestBody body;
    private final UpstreamListener listener;
    private final AnswerClocks answerClocks;
    private final BodyIntake intake;
    private @Nullable ConnectAttempt connecting;
    private @Nullable Http1Connection connection;
    private @Nullable RequestSender sender;

    private boolean requestSent;
    private boolean headHandedOut;
    private boolean ended;

    /** The response is through, and the request's last bytes are with the kernel or about to be. */
    private boolean finishing;

    /** One thread reads heads; what others see meanwhile it has to look at. */
    private boolean readingHead;

    private boolean readAgain;
    /** A 101 that came before the sender knew that it was through. */
    private @Nullable ResponseHead earlySwitch;

    private @Nullable Throwable brokenSend;
    private @Nullable Throwable failure;
    private @Nullable Runnable demand;

    /** What is read next, once the connection has gone: the last chunk, then the end again and again. */
    private Content.@Nullable Chunk afterwards;

    Http1Call(
            UpstreamRequest attempt,
            RequestBody body,
            UpstreamListener listener,
            Scheduler scheduler,
            Executor executor) {
        this.attempt = attempt;
        this.body = body;
        this.listener = listener;
        intake = new BodyIntake(attempt, body);
        answerClocks = AnswerClocks.of(attempt.timeouts(), scheduler, executor, this);
    }

    UpstreamRequest attempt() {
        return attempt;
    }

    boolean isHead() {
        return attempt.method().equals("HEAD");
    }

    // ---- the way out ----

    /** The attempt begins. */
    void begin() {
        answerClocks.begun(body.isPresent());
    }

    /** It has to wait for a connection. */
    void await(ConnectAttempt connecting) {
        synchronized (this) {
            this.connecting = connecting;
        }
        connecting.start();
    }

    @Override
    public void opened(Http1Connection opened) {
        if (opened.begin(this)) {
            start(opened, false);
        } else {
            failed(ProxyFailure.connecting(
                    ProxyError.CONNECTION_TERMINATED,
                    "connected to " + attempt.upstream().upstream().url() + ", and closed at once",
                    null));
        }
    }

    /** There is a connection, which has begun this call. */
    void start(Http1Connection begun, boolean kept) {
        RequestSender sending = new RequestSender(this, attempt, body, intake, begun);
        boolean cancelled;
        synchronized (this) {
            connecting = null;
            connection = begun;
            sender = sending;
            cancelled = ended;
        }
        if (cancelled) {
            begun.close();
            return;
        }
        if (kept) {
            listener.reused();
        } else {
            listener.connected();
        }
        sending.iterate();
        boolean news;
        synchronized (this) {
            if (ended || earlySwitch != null) {
                return;
            }
            begun.await(null); // a kept one may have told of something before this call knew it
            news = !headHandedOut && begun.hasNews();
        }
        if (news) {
            readable();
        }
    }

    @Override
    public void continueBody() {
        intake.release();
        RequestSender sending;
        synchronized (this) {
            sending = sender;
        }
        if (sending != null) {
            sending.iterate();
        }
    }

    /** The request is with the kernel, all of it. */
    void requestSent() {
        Http1Connection free = null;
        ResponseHead switched;
        synchronized (this) {
            requestSent = true;
            switched = earlySwitch;
            earlySwitch = null;
            if (finishing) {
                finishing = false;
                free = connection;
            } else if (switched == null) {
                answerClocks.sent(body.isPresent(), headHandedOut);
                awaitUpstream();
            }
        }
        if (switched != null) {
            switched(switched);
        }
        if (free != null) {
            free.recycle();
        }
    }

    /**
     * The upstream takes no more bytes. It may have answered all the same: a refusal of a large upload, say. So this is only
     * the call's failure if no answer comes.
     */
    void sendFailed(Throwable cause) {
        Http1Connection useless = null;
        synchronized (this) {
            if (finishing) {
                finishing = false;
                useless = connection;
            } else if (!ended) {
                brokenSend = cause;
                answerClocks.sent(body.isPresent(), headHandedOut);
                awaitUpstream();
            }
        }
        if (useless != null) {
            useless.close();
        }
    }

    /** The {@code send} clock ran out. Once the upstream has answered, only its answer matters. */
    void sendExpired() {
        Http1Connection useless = null;
        synchronized (this) {
            if (finishing) {
                finishing = false;
                useless = connection;
            } else if (headHandedOut) {
                return;
            }
        }
        if (useless != null) {
            useless.close();
            return;
        }
        fail(
                ProxyError.CONNECTION_WRITE_TIMEOUT,
                ranOut("send", attempt.timeouts().send()),
                null);
    }

    /** The client's side of the body broke. */
    void requestFailed(Throwable cause) {
        if (end(cause)) {
            listener.requestFailed(cause);
        }
    }

    // ---- the way back: the head ----

    /** The connection has something to read, or has broken. */
    void readable() {
        Http1Connection here;
        Runnable waiting;
        synchronized (this) {
            here = connection;
            if (here == null) {
                return; // it is looked at once it is known here
            }
            boolean inHead = !headHandedOut && !ended;
            if (inHead && readingHead) {
                readAgain = true;
                return;
            }
            readingHead = inHead;
            waiting = demand;
            demand = null;
            if (!inHead) {
                here = null;
            }
        }
        if (here != null) {
            readHead(here);
        } else if (waiting != null) {
            waiting.run();
        }
    }

    void readExpired() {
        fail(
                ProxyError.CONNECTION_READ_TIMEOUT,
                ranOut("read", attempt.timeouts().read()),
                null);
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

    private void readHead(Http1Connection here) {
        while (true) {
            switch (here.readHead()) {
                case WAIT -> {
                    if (!isToReadAgain(here)) {
                        return;
                    }
                }
                case INTERIM -> {
                    listener.informed(here.takeHead());
                    if (hasEnded()) {
                        return;
                    }
                }
                case HEAD -> {
                    answered(here, here.takeHead());
                    return;
                }
                case BROKEN -> {
                    fail(here.problem());
                    return;
                }
            }
        }
    }

    /** Nothing is there: waits for more, unless word of it has come meanwhile. */
    private synchronized boolean isToReadAgain(Http1Connection here) {
        if (ended) {
            return false;
        }
        if (readAgain) {
            readAgain = false;
            return true;
        }
        readingHead = false;
        // While the client still uploads, the upstream need not answer: that is not its clock.
        boolean sent = requestSent || brokenSend != null;
        here.await(sent ? attempt.timeouts().read() : null);
        return false;
    }

    private void answered(Http1Connection here, ResponseHead head) {
        if (head.status() == 101) {
            here.stopReadClock();
            switched(head);
            return;
        }
        synchronized (this) {
            if (ended) {
                return;
            }
            headHandedOut = true;
            here.stopReadClock(); // it runs again when the body is asked for
            answerClocks.headCame();
        }
        if (here.isComplete()) {
            responseRead(here, here.readBody());
        }
        listener.answered(head, this);
    }

    private void switched(ResponseHead head) {
        if (attempt.upgrade() == null) {
            fail(ProxyError.UPGRADE_FAILED, "the upstream switched protocols, but nobody had asked", null);
            return;
        }
        synchronized (this) {
            if (ended) {
                return;
            }
            if (!requestSent && brokenSend == null) {
                earlySwitch = head;
                return;
            }
            headHandedOut = true;
        }
        listener.switched(head, this);
    }

    @Override
    public @Nullable EndPoint takeOver() {
        Http1Connection here;
        synchronized (this) {
            if (ended) {
                return null;
            }
            ended = true;
            here = connection;
        }
        answerClocks.close(); // from here on the tunnel's clock runs
        return here == null ? null : here.surrender();
    }

    // ---- the way back: the body ----

    @Override
    public Content.@Nullable Chunk read() {
        Http1Connection here;
        synchronized (this) {
            if (failure != null) {
                return Content.Chunk.from(failure, true);
            }
            if (afterwards != null) {
                Content.Chunk next = afterwards;
                afterwards = Content.Chunk.EOF;
                return next;
            }
            here = connection;
        }
        if (here == null) {
            return Content.Chunk.from(new IOException("not connected"), true);
        }
        Content.Chunk chunk = here.readBody();
        if (chunk == null) {
            ResponseParser.Problem problem = here.problem();
            if (problem == null) {
                return null;
            }
            fail(problem);
            return read();
        }
        answerClocks.close();
        if (chunk.isLast()) {
            responseRead(here, Content.Chunk.EOF);
        }
        return chunk;
    }

    @Override
    public void demand(Runnable callback) {
        synchronized (this) {
            Http1Connection here = connection;
            if (here != null && !ended && !here.hasNews()) {
                demand = callback;
                here.await(attempt.timeouts().read());
                return;
            }
        }
        callback.run();
    }

    @Override
    public void fail(Throwable cause) {
        cancel(cause);
    }

    /** The response is through. With the request still on its way the connection has no future. */
    private void responseRead(Http1Connection here, Content.@Nullable Chunk next) {
        RequestSender sending;
        boolean through;
        synchronized (this) {
            if (ended) {
                if (next != null) {
                    next.release(); // nobody will read it
                }
                return;
            }
            ended = true;
            afterwards = next;
            sending = sender;
            through = requestSent;
            answerClocks.close();
            // Its last write may just not have returned, on another thread.
            finishing = !through && brokenSend == null && sending != null && sending.isFinishing();
            if (finishing) {
                return;
            }
        }
        if (through) {
            here.recycle();
            return;
        }
        if (sending != null) {
            sending.giveUp(new IOException("the upstream has answered already"));
        }
        here.close();
    }

    // ---- helpers, and ways to end ----

    /** Has what the upstream says told here, and limits how long it may take. Only where somebody waits for it. */
    private void awaitUpstream() {
        Http1Connection here = connection;
        if (!ended && here != null && (!headHandedOut || demand != null)) {
            here.await(attempt.timeouts().read());
        }
    }

    synchronized boolean hasEnded() {
        return ended;
    }

    private String ranOut(String clock, Duration value) {
        return clock + " clock " + value + " ran out for "
                + attempt.upstream().upstream().url();
    }

    @Override
    public void cancel(Throwable cause) {
        if (end(cause)) {
            return;
        }
        Content.Chunk unread;
        synchronized (this) {
            unread = afterwards;
            if (unread != null) {
                afterwards = Content.Chunk.EOF;
                failure = cause;
            }
        }
        if (unread != null) {
            unread.release();
        }
    }

    private void fail(ResponseParser.@Nullable Problem problem) {
        if (problem != null) {
            fail(problem.error(), problem.detail(), problem.cause());
        }
    }

    private void fail(ProxyError error, String detail, @Nullable Throwable cause) {
        Http1Connection here;
        RequestSender sending;
        boolean inBody;
        Throwable broken;
        synchronized (this) {
            if (ended) {
                return;
            }
            here = connection;
            sending = sender;
            inBody = headHandedOut;
            broken = brokenSend;
        }
        intake.stop(); // so that what is said of the body stays true
        boolean begun = inBody || (here != null && here.hasReceived());
        // Only a connection that broke without one byte of an answer may have been closed before it was used.
        ProxyError shown = error == ProxyError.CONNECTION_TERMINATED && begun ? ProxyError.RESPONSE_INCOMPLETE : error;
        failed(new ProxyFailure(
                shown,
                inBody ? ProxyFailure.Phase.BODY : ProxyFailure.Phase.HEAD,
                sending != null && sending.hasSent(),
                body.isLost(),
                here != null && here.isReused(),
                broken == null ? detail : detail + " (sending had failed: " + broken.getMessage() + ")",
                cause));
    }

    /** It failed; before a head the listener hears of it, after one whoever reads the body does. */
    @Override
    public void failed(ProxyFailure problem) {
        UpstreamFailure cause = new UpstreamFailure(problem);
        if (!end(cause)) {
            return;
        }
        boolean inBody;
        Runnable waiting;
        synchronized (this) {
            inBody = headHandedOut;
            waiting = demand;
            demand = null;
        }
        if (!inBody) {
            listener.failed(problem);
        } else if (waiting != null) {
            waiting.run();
        }
    }

    private boolean end(Throwable cause) {
        Http1Connection here;
        ConnectAttempt pending;
        RequestSender sending;
        synchronized (this) {
            if (ended) {
                return false;
            }
            ended = true;
            failure = cause;
            here = connection;
            pending = connecting;
            sending = sender;
        }
        answerClocks.close();
        if (pending != null) {
            pending.cancel();
        }
        if (sending != null) {
            sending.giveUp(cause);
        }
        if (here != null) {
            here.close();
        }
        return true;
    }
}
