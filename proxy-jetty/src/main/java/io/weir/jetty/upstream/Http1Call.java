package io.weir.jetty.upstream;

import io.weir.Attempt;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.ResponseHead;
import io.weir.jetty.body.RequestBody;
import java.io.IOException;
import org.eclipse.jetty.io.Content;
import org.jspecify.annotations.Nullable;

/**
 * One attempt over HTTP/1.1: the request goes out through its {@link RequestSender}, the response comes in through the
 * {@link Http1Connection}, both at the same time where the upstream wants it so. As a source it is the response's body.
 *
 * <p>It ends once: done, failed or given up. The connection goes back to its pool when both directions are through, which
 * is before the last chunk is handed out, so that the client's next request finds it there.
 */
final class Http1Call implements UpstreamCall, Content.Source {
    private final Attempt attempt;
    private final RequestBody body;
    private final UpstreamListener listener;
    private @Nullable ConnectAttempt connecting;
    private @Nullable Http1Connection connection;
    private @Nullable RequestSender sender;

    // Guarded by this.
    private boolean requestSent;
    private boolean responseRead;
    private boolean headHandedOut;
    private boolean ended;
    private @Nullable Throwable brokenSend;
    private @Nullable Throwable failure;
    private @Nullable Runnable demand;

    /** What is read next, once the connection has gone: the last chunk, then the end again and again. */
    private Content.@Nullable Chunk afterwards;

    Http1Call(Attempt attempt, RequestBody body, UpstreamListener listener) {
        this.attempt = attempt;
        this.body = body;
        this.listener = listener;
    }

    Attempt attempt() {
        return attempt;
    }

    boolean isHead() {
        return attempt.method().equals("HEAD");
    }

    // ---- the way out ----

    synchronized void connecting(ConnectAttempt connecting) {
        this.connecting = connecting;
    }

    /** There is a connection, which has begun this call. */
    void start(Http1Connection connection, boolean kept) {
        RequestSender sending = new RequestSender(this, attempt, body, connection);
        boolean cancelled;
        synchronized (this) {
            connecting = null;
            this.connection = connection;
            sender = sending;
            cancelled = ended;
        }
        if (cancelled) {
            connection.close();
            return;
        }
        if (!kept) {
            listener.connected();
        }
        sending.iterate();
        if (!kept || !sending.isDone()) {
            connection.await(null); // a kept one listens already
        }
    }

    @Override
    public void continueBody() {
        RequestSender sending = sender;
        if (sending != null) {
            sending.continueBody();
        }
    }

    /** The request is with the kernel, all of it. */
    void requestSent() {
        Http1Connection here;
        boolean waiting;
        synchronized (this) {
            requestSent = true;
            here = connection;
            waiting = !ended && (!headHandedOut || demand != null);
        }
        if (waiting && here != null) {
            here.await(attempt.timeouts().read());
        }
    }

    /**
     * The upstream takes no more bytes. It may have answered all the same: a refusal of a large upload, say. So this is only
     * the call's failure if no answer comes.
     */
    void sendFailed(Throwable cause) {
        Http1Connection here;
        synchronized (this) {
            if (ended) {
                return;
            }
            brokenSend = cause;
            here = connection;
        }
        if (here != null) {
            here.await(attempt.timeouts().read());
        }
    }

    /** The {@code send} clock ran out. */
    void sendExpired() {
        fail(
                ProxyError.CONNECTION_WRITE_TIMEOUT,
                "send clock " + attempt.timeouts().send() + " ran out for "
                        + attempt.upstream().upstream().url(),
                null);
    }

    /** The client's side of the body broke. */
    void requestFailed(Throwable cause) {
        if (end(cause)) {
            listener.requestFailed(cause);
        }
    }

    // ---- the way back ----

    /** The connection has something to read, or has broken. */
    void readable() {
        Runnable waiting;
        boolean inBody;
        synchronized (this) {
            inBody = headHandedOut;
            waiting = demand;
            demand = null;
        }
        if (!inBody) {
            readHead();
        } else if (waiting != null) {
            waiting.run();
        }
    }

    void readExpired() {
        fail(
                ProxyError.CONNECTION_READ_TIMEOUT,
                "read clock " + attempt.timeouts().read() + " ran out for "
                        + attempt.upstream().upstream().url(),
                null);
    }

    private void readHead() {
        Http1Connection here = connection;
        if (here == null) {
            return;
        }
        while (true) {
            switch (here.readHead()) {
                case WAIT -> {
                    boolean sent;
                    synchronized (this) {
                        if (ended) {
                            return;
                        }
                        sent = requestSent || brokenSend != null;
                    }
                    // While the client still uploads, the upstream need not answer: that is not its clock.
                    here.await(sent ? attempt.timeouts().read() : null);
                    return;
                }
                case INTERIM -> {
                    listener.informed(here.takeHead());
                    synchronized (this) {
                        if (ended) {
                            return;
                        }
                    }
                }
                case HEAD -> {
                    ResponseHead head = here.takeHead();
                    synchronized (this) {
                        if (ended) {
                            return;
                        }
                        headHandedOut = true;
                    }
                    if (here.isComplete()) {
                        responseRead(here, here.readBody());
                    }
                    listener.answered(head, this);
                    return;
                }
                case BROKEN -> {
                    fail(here.problem());
                    return;
                }
            }
        }
    }

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
            Http1Connection.Problem problem = here.problem();
            if (problem == null) {
                return null;
            }
            fail(problem);
            return read();
        }
        if (chunk.isLast()) {
            responseRead(here, Content.Chunk.EOF);
        }
        return chunk;
    }

    @Override
    public void demand(Runnable callback) {
        Http1Connection here = connection;
        boolean now;
        synchronized (this) {
            now = ended || here == null || here.hasNews();
            if (!now) {
                demand = callback;
            }
        }
        if (now) {
            callback.run();
        } else if (here != null) {
            here.await(attempt.timeouts().read());
        }
    }

    @Override
    public void fail(Throwable cause) {
        cancel(cause);
    }

    /** The response is through. With the request still on its way the connection has no future. */
    private void responseRead(Http1Connection here, Content.@Nullable Chunk next) {
        boolean through;
        synchronized (this) {
            if (responseRead) {
                return;
            }
            responseRead = true;
            afterwards = next;
            if (ended) {
                return;
            }
            through = requestSent;
            ended = true;
        }
        if (through) {
            here.recycle();
            return;
        }
        RequestSender sending = sender;
        if (sending != null) {
            sending.abort(new IOException("the upstream has answered already"));
        }
        here.close();
    }

    // ---- ways to end ----

    @Override
    public void cancel(Throwable cause) {
        end(cause);
    }

    private void fail(Http1Connection.@Nullable Problem problem) {
        if (problem != null) {
            fail(problem.error(), problem.detail(), problem.cause());
        }
    }

    private void fail(ProxyError error, String detail, @Nullable Throwable cause) {
        Http1Connection here = connection;
        RequestSender sending = sender;
        boolean inBody;
        Throwable broken;
        synchronized (this) {
            inBody = headHandedOut;
            broken = brokenSend;
        }
        boolean begun = inBody || (here != null && here.hasReceived());
        // Only a connection that broke without one byte of an answer may have been closed before it was used.
        ProxyError shown = error == ProxyError.CONNECTION_TERMINATED && begun ? ProxyError.RESPONSE_INCOMPLETE : error;
        failed(new ProxyFailure(
                shown,
                inBody ? ProxyFailure.Phase.BODY : ProxyFailure.Phase.HEAD,
                sending != null && sending.hasSent(),
                body.isTouched(),
                here != null && here.isReused(),
                broken == null ? detail : detail + " (sending had failed: " + broken.getMessage() + ")",
                cause));
    }

    /** It failed; before a head the listener hears of it, after one whoever reads the body does. */
    void failed(ProxyFailure problem) {
        UpstreamFailure cause = new UpstreamFailure(problem);
        boolean inBody;
        synchronized (this) {
            inBody = headHandedOut;
        }
        if (!end(cause)) {
            return;
        }
        if (!inBody) {
            listener.failed(problem);
            return;
        }
        Runnable waiting;
        synchronized (this) {
            waiting = demand;
            demand = null;
        }
        if (waiting != null) {
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
        if (pending != null) {
            pending.cancel();
        }
        if (sending != null) {
            sending.abort(cause);
        }
        if (here != null) {
            here.close();
        }
        return true;
    }
}
