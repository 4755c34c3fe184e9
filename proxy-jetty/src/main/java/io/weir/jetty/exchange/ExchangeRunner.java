package io.weir.jetty.exchange;

import io.weir.Attempt;
import io.weir.Decision;
import io.weir.Exchange;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.Reply;
import io.weir.http.ResponseHead;
import io.weir.jetty.body.Clock;
import io.weir.jetty.body.RequestBody;
import io.weir.jetty.body.ResponsePump;
import io.weir.jetty.server.WatchedEndPoint;
import io.weir.jetty.upstream.UpstreamCall;
import io.weir.jetty.upstream.UpstreamFailure;
import io.weir.jetty.upstream.UpstreamListener;
import io.weir.jetty.upstream.UpstreamTransport;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * Performs the decisions of one exchange, and reports to it. It chooses nothing; it only sees to it that what comes too
 * late, after the exchange has been ended from another side, is not performed any more.
 *
 * <pre>
 *   start ─▶ begin ─▶ forward ─▶ (UpstreamListener) answered ─▶ deliver ─▶ ResponsePump ─▶ delivered ─▶ end
 *                        └─────▶ failed ─▶ forward | answer ─▶ write ─────────────────────────────────▶ end
 *   client gone, clocks ─▶ abort ─────────────────────────────────────────────────────────────────────▶ end
 * </pre>
 */
public final class ExchangeRunner implements Decision.Performer, UpstreamListener, ResponsePump.Listener {
    /** How long an upstream may let a client wait for {@code 100 Continue} before the body is asked for all the same. */
    private static final Duration CONTINUE_PATIENCE = Duration.ofSeconds(1);

    private final Request request;
    private final Response response;
    private final Callback callback;
    private final UpstreamTransport transport;
    private final Scheduler scheduler;
    private final Executor executor;
    private final Clock clientSendClock;

    private @Nullable Exchange exchange;
    private @Nullable RequestBody body;
    private @Nullable Attempt attempt;
    private @Nullable WatchedEndPoint watched;
    private Scheduler.@Nullable Task totalTimer;
    private Scheduler.@Nullable Task pauseTimer;

    // Guarded by this.
    private @Nullable UpstreamCall call;
    private @Nullable ResponsePump pump;
    private boolean responding;
    private boolean over;
    private boolean finished;
    private long replyBytes;

    /** Runs an exchange over Jetty's request, response and callback. */
    public ExchangeRunner(Request request, Response response, Callback callback, UpstreamTransport transport) {
        this.request = request;
        this.response = response;
        this.callback = callback;
        this.transport = transport;
        scheduler = request.getComponents().getScheduler();
        executor = request.getComponents().getExecutor();
        clientSendClock = new Clock(scheduler, this::clientSendExpired);
    }

    /** Begins. */
    public void start(Exchange exchange) {
        this.exchange = exchange;
        Clock bodyClock = request.getLength() == 0 ? null : new Clock(scheduler, this::clientBodyExpired);
        body = new RequestBody(
                request,
                exchange.limits().requestBody(),
                bodyClock,
                exchange.timeouts().clientBody());
        this.bodyClock = bodyClock;
        watchClient();
        Duration total = exchange.timeouts().total();
        if (total != null) {
            totalTimer = scheduler.schedule(this::totalExpired, total.toNanos(), TimeUnit.NANOSECONDS);
        }
        perform(exchange.begin(now()));
    }

    private @Nullable Clock bodyClock;

    /** The core asks to be resumed. */
    public void wake() {
        executor.execute(this::resume);
    }

    // ---- decisions ----

    @Override
    public void forward(Attempt attempt) {
        this.attempt = attempt;
        RequestBody sent = body;
        if (sent == null) {
            return;
        }
        UpstreamCall started = transport.send(attempt, sent, this);
        boolean late;
        synchronized (this) {
            late = over;
            if (this.attempt == attempt) {
                call = started;
            }
        }
        if (late) {
            started.cancel(new Aborted(ProxyError.CLIENT_GONE));
        } else if (request.getHeaders().contains(HttpHeader.EXPECT)) {
            scheduler.schedule(started::continueBody, CONTINUE_PATIENCE.toNanos(), TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void answer(Reply reply) {
        if (!beginResponse()) {
            return;
        }
        cancelCall();
        byte[] bytes = reply.body();
        ResponseHead head = reply.head();
        Heads.fill(response.getHeaders(), head.headers());
        response.setStatus(head.status());
        boolean bodiless = head.status() == 204 || head.status() == 304;
        if (!bodiless) {
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, bytes.length);
        }
        if (reply.closesConnection() && isHttp1()) {
            response.getHeaders().put(HttpHeader.CONNECTION, "close");
        }
        boolean isHead = request.getMethod().equals("HEAD");
        ByteBuffer content = bodiless || isHead ? null : ByteBuffer.wrap(bytes);
        replyBytes = content == null ? 0 : bytes.length;
        clientSendClock.start(timeout());
        response.write(true, content, new Callback() {
            @Override
            public void succeeded() {
                clientSendClock.stop();
                delivered();
            }

            @Override
            public void failed(Throwable cause) {
                clientSendClock.stop();
                clientBroke(cause);
            }

            @Override
            public InvocationType getInvocationType() {
                return InvocationType.NON_BLOCKING;
            }
        });
    }

    @Override
    public void pause(long until) {
        if (until != Long.MAX_VALUE) {
            pauseTimer = scheduler.schedule(this::wake, Math.max(0, until - now()), TimeUnit.NANOSECONDS);
        }
    }

    @Override
    public void relay(ResponseHead head) {
        HttpFields.Mutable fields = HttpFields.build();
        Heads.fill(fields, head.headers());
        if (head.status() == 100) {
            if (request.getHeaders().contains(HttpHeader.EXPECT)) {
                response.writeInterim(100, HttpFields.EMPTY);
            }
        } else if (head.status() > 101) {
            response.writeInterim(head.status(), fields);
        }
    }

    @Override
    public void deliver(ResponseHead head) {
        Content.Source source = answeredBody;
        if (source == null || !beginResponse()) {
            return;
        }
        Heads.fill(response.getHeaders(), head.headers());
        response.setStatus(head.status());
        Duration patience = timeout();
        ResponsePump pumping = new ResponsePump(source, response, this, clientSendClock, patience);
        if (!head.headers().contains("Content-Length")) { // with one, HTTP/1.1 has no place for trailers
            response.setTrailersSupplier(() -> {
                HttpFields trailers = pumping.trailers();
                return trailers == null ? HttpFields.EMPTY : trailers;
            });
        }
        synchronized (this) {
            if (over) {
                return;
            }
            pump = pumping;
        }
        pumping.iterate();
    }

    @Override
    public void abort(ProxyError error) {
        ResponsePump pumping;
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            pumping = pump;
        }
        Aborted cause = new Aborted(error);
        cancelCall();
        if (pumping != null) {
            pumping.abort(cause);
        }
        end(cause);
    }

    // ---- what the upstream's side reports ----

    @Override
    public void connected() {
        Attempt current = attempt;
        if (current != null) {
            current.connected(now());
        }
    }

    @Override
    public void informed(ResponseHead head) {
        Attempt current = attempt;
        if (current == null) {
            return;
        }
        perform(current.informed(head, now()));
        UpstreamCall running;
        synchronized (this) {
            running = call;
        }
        if (head.status() == 100 && running != null) {
            running.continueBody();
        }
    }

    private Content.@Nullable Source answeredBody;

    @Override
    public void answered(ResponseHead head, Content.Source body) {
        Attempt current = attempt;
        if (current != null) {
            answeredBody = body;
            perform(current.answered(head, now()));
        }
    }

    @Override
    public void failed(ProxyFailure failure) {
        Attempt current = attempt;
        if (current != null) {
            perform(current.failed(failure, now()));
        }
    }

    @Override
    public void requestFailed(Throwable cause) {
        Exchange current = exchange;
        if (current == null) {
            return;
        }
        ProxyError error = RequestBody.errorOf(cause);
        perform(
                error == ProxyError.CLIENT_GONE
                        ? current.clientGone(now())
                        : current.failed(error, String.valueOf(cause.getMessage()), now()));
    }

    // ---- what the client's side reports ----

    @Override
    public void upstreamDone() {
        Attempt current = attempt;
        if (current != null) {
            current.finished(now());
        }
    }

    @Override
    public void delivered() {
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
        }
        end(null);
    }

    @Override
    public void upstreamBroke(Throwable cause) {
        Attempt current = attempt;
        if (current != null && cause instanceof UpstreamFailure broken) {
            perform(current.failed(broken.failure(), now()));
        }
    }

    @Override
    public void clientBroke(Throwable cause) {
        Exchange current = exchange;
        if (current != null) {
            perform(current.clientGone(now()));
        }
    }

    private void clientGone() {
        Exchange current = exchange;
        if (current != null) {
            perform(current.clientGone(now()));
        }
    }

    private void resume() {
        Exchange current = exchange;
        if (current != null) {
            perform(current.resumed(now()));
        }
    }

    private void totalExpired() {
        executor.execute(() -> expired(Exchange.Clock.TOTAL));
    }

    private void clientBodyExpired() {
        executor.execute(() -> {
            Clock clock = bodyClock;
            if (clock != null && clock.hasExpired()) {
                expired(Exchange.Clock.CLIENT_BODY);
            }
        });
    }

    private void clientSendExpired() {
        executor.execute(() -> {
            if (clientSendClock.hasExpired()) {
                expired(Exchange.Clock.CLIENT_SEND);
            }
        });
    }

    private void expired(Exchange.Clock clock) {
        Exchange current = exchange;
        if (current != null) {
            perform(current.expired(clock, now()));
        }
    }

    // ---- helpers ----

    private void perform(Decision decision) {
        try {
            decision.performBy(this);
        } catch (RuntimeException e) {
            Exchange current = exchange;
            if (current != null) {
                current.failed(ProxyError.INTERNAL_ERROR, String.valueOf(e), now())
                        .performBy(this);
            }
        }
    }

    /** Whether this is the first response to be written, and the exchange is not over. */
    private synchronized boolean beginResponse() {
        if (over || responding) {
            return false;
        }
        responding = true;
        return true;
    }

    private void cancelCall() {
        UpstreamCall running;
        synchronized (this) {
            running = call;
            call = null;
        }
        if (running != null) {
            running.cancel(new Aborted(ProxyError.CLIENT_GONE));
        }
    }

    /** The one way out: told to the core first, then to Jetty, which may begin the next request within the callback. */
    private void end(@Nullable Throwable cause) {
        ResponsePump pumped;
        synchronized (this) {
            if (finished) {
                return;
            }
            finished = true;
            pumped = pump;
        }
        if (watched != null) {
            watched.unwatch();
        }
        cancel(totalTimer);
        cancel(pauseTimer);
        clientSendClock.close();
        if (bodyClock != null) {
            bodyClock.close();
        }
        Exchange current = exchange;
        if (current != null) {
            current.finished(pumped == null ? replyBytes : pumped.written(), now());
        }
        if (cause == null) {
            callback.succeeded();
        } else {
            callback.failed(cause);
        }
    }

    private void watchClient() {
        WatchedEndPoint endPoint = isHttp1()
                ? WatchedEndPoint.below(
                        request.getConnectionMetaData().getConnection().getEndPoint())
                : null;
        if (endPoint != null) {
            watched = endPoint;
            endPoint.watch(this::clientGone);
        } else {
            request.addFailureListener(failure -> clientGone());
        }
        request.addIdleTimeoutListener(timeout -> false); // the clocks of the exchange rule
    }

    private Duration timeout() {
        Exchange current = exchange;
        return current == null ? Duration.ofSeconds(60) : current.timeouts().clientSend();
    }

    private boolean isHttp1() {
        return request.getConnectionMetaData().getHttpVersion().getVersion() < HttpVersion.HTTP_2.getVersion();
    }

    private static void cancel(Scheduler.@Nullable Task task) {
        if (task != null) {
            task.cancel();
        }
    }

    private static long now() {
        return System.nanoTime();
    }

    /** Tells Jetty to break the stream off rather than to make an error page. */
    private static final class Aborted extends Request.Handler.AbortException {
        private static final long serialVersionUID = 1L;

        Aborted(ProxyError error) {
            super(error.token());
        }
    }
}
