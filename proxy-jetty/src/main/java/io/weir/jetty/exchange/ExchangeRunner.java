package io.weir.jetty.exchange;

import io.weir.Attempt;
import io.weir.Decision;
import io.weir.Exchange;
import io.weir.body.BodyException;
import io.weir.body.Buffering;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.Reply;
import io.weir.http.ResponseHead;
import io.weir.http.Traffic;
import io.weir.jetty.body.RequestBody;
import io.weir.jetty.body.ResponsePump;
import io.weir.jetty.body.SpillBuffer;
import io.weir.jetty.body.TempFiles;
import io.weir.jetty.body.TransformedSource;
import io.weir.jetty.upstream.UpstreamCall;
import io.weir.jetty.upstream.UpstreamFailure;
import io.weir.jetty.upstream.UpstreamListener;
import io.weir.jetty.upstream.UpstreamTransport;
import io.weir.route.WebSocketPolicy;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.function.BiConsumer;
import java.util.function.Function;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.jspecify.annotations.Nullable;

/**
 * Performs the decisions of one exchange, and reports to it. It chooses nothing; it only sees to it that what comes too
 * late, after the exchange has been ended from another side, is not performed any more.
 *
 * <pre>
 *   start ─▶ begin ─▶ forward ─▶ answered ─▶ deliver ─▶ ResponsePump ─▶ delivered ─▶ end
 *                        └─────▶ failed ─▶ forward | answer ─▶ write ─▶ delivered ─▶ end
 *                        └─────▶ switched ─▶ switchTo ─▶ {@link Switch} ──────────────────▶ end
 *   client gone, clocks ─▶ abort | answer ────────────────────────────────────────▶ end
 * </pre>
 */
public final class ExchangeRunner implements Decision.Performer, ResponsePump.Listener, SpillBuffer.Listener {
    /** How long an upstream may let a client wait for {@code 100 Continue} before the body is asked for all the same. */
    private static final Duration CONTINUE_PATIENCE = Duration.ofSeconds(1);

    /** How long a client that has its response may go on sending before it is cut off; nginx's lingering_time. */
    private static final Duration LINGER = Duration.ofSeconds(30);

    private final Downstream downstream;
    private final Exchange exchange;
    private final UpstreamTransport transport;
    private final TempFiles files;
    private final Switching switching;
    private final ExchangeClocks clocks;
    private final RequestBody body;

    // One attempt runs at a time; the next is forwarded by a report of the last.
    private volatile @Nullable Running current;
    private volatile long replyBytes;

    // Guarded by this.
    private @Nullable UpstreamCall call;
    private @Nullable Attempt toldToContinue;
    private @Nullable ResponsePump pump;
    private @Nullable Switch switched;
    private boolean responding;
    private boolean answering;
    private boolean over;
    private boolean ended;

    private ExchangeRunner(
            Request request,
            Response response,
            Callback callback,
            Exchange exchange,
            UpstreamTransport transport,
            TempFiles files,
            Switching switching) {
        downstream = new Downstream(request, response, callback);
        this.exchange = exchange;
        this.transport = transport;
        this.files = files;
        this.switching = switching;
        clocks = new ExchangeClocks(
                request.getComponents().getScheduler(),
                request.getComponents().getExecutor(),
                exchange.timeouts(),
                clock -> perform(exchange.expired(clock, now())));
        body = new RequestBody(
                request,
                exchange.limits().requestBody(),
                clocks.clientBody(),
                exchange.timeouts().clientBody(),
                exchange.timeouts().clientRate());
    }

    /**
     * Runs an exchange over Jetty's request, response and callback.
     *
     * @param files where buffered bodies may have theirs
     * @param switching what it needs should it switch protocols
     * @param open opens it, given what the core calls to have it resumed
     * @return false if none was opened
     */
    public static boolean start(
            Request request,
            Response response,
            Callback callback,
            UpstreamTransport transport,
            TempFiles files,
            Switching switching,
            Function<Runnable, @Nullable Exchange> open) {
        Wake wake = new Wake(request.getComponents().getExecutor());
        Exchange exchange = open.apply(wake);
        if (exchange == null) {
            return false;
        }
        ExchangeRunner runner = new ExchangeRunner(request, response, callback, exchange, transport, files, switching);
        wake.runner = runner; // no pause, and so no wake-up, comes before begin
        runner.downstream.watch(runner::clientGone);
        runner.clocks.startTotal(); // it may run out at once, and needs all of the runner then
        runner.perform(exchange.begin(now()));
        return true;
    }

    // ---- decisions ----

    @Override
    public void forward(Attempt next) {
        Running before = current;
        Running trying = new Running(next);
        current = trying;
        if (before != null) {
            before.refuseAnswer();
            body.restart();
        } else if (body.isPresent()) {
            body.keep(next.replayBytes());
        }
        if (body.isPresent() && body.length() != 0) {
            next.bodyFollows();
        }
        UpstreamCall sent = transport.send(next, body, trying);
        boolean late;
        boolean useless;
        boolean told;
        synchronized (this) {
            if (current != trying) {
                return; // it has failed within send(), and the next is on its way
            }
            late = over || responding;
            useless = over || answering;
            told = toldToContinue == next;
            if (!late) {
                call = sent;
            }
        }
        if (told) {
            sent.continueBody(); // the upstream was quicker than this thread
        }
        if (late) {
            // It was answered, or its client left, while it was being sent. If it has ended by itself this does
            // nothing.
            if (useless) {
                sent.cancel(new Downstream.Aborted(ProxyError.CLIENT_GONE));
            }
        } else if (body.isPresent() && downstream.expectsContinue()) {
            clocks.after(CONTINUE_PATIENCE.toNanos(), sent::continueBody);
        }
    }

    @Override
    public void answer(Reply reply) {
        synchronized (this) {
            if (!beginResponse()) {
                return;
            }
            answering = true;
        }
        Running unwanted = current;
        if (unwanted != null) {
            unwanted.refuseAnswer();
        }
        cancelCall(ProxyError.INTERNAL_ERROR);
        clocks.clientSend().start(exchange.timeouts().clientSend());
        replyBytes = downstream.bodyLength(reply); // before the write: it may end the exchange
        downstream.write(reply, new ReplyWritten());
    }

    @Override
    public void pause(long until) {
        if (until != Long.MAX_VALUE) {
            clocks.pause(until - now(), this::resume);
        }
    }

    @Override
    public void relay(ResponseHead head) {
        downstream.relay(head);
    }

    @Override
    public void collect(Buffering buffering) {
        if (!body.isPresent()) {
            perform(exchange.collected(now()));
            return;
        }
        body.collect(buffering, files, trouble -> files.warn(buffering.directory(), exchange, trouble), failure -> {
            if (failure == null) {
                perform(exchange.collected(now()));
            } else {
                bodyBroke(failure);
            }
        });
    }

    @Override
    public void deliver(ResponseHead head, Buffering buffering) {
        Running answered = current;
        Content.Source source = answered == null ? null : answered.answer;
        if (source == null || !beginResponse()) {
            return;
        }
        body.goOn();
        downstream.begin(head);
        Duration silence = exchange.eventComments();
        Content.Source staged = TransformedSource.of(source, exchange.bodyChain());
        if (silence != null) {
            staged = downstream.withComments(staged, head, silence);
        }
        if (buffering.isOn()) {
            staged = downstream.buffered(staged, buffering, files, this, exchange);
        }
        ResponsePump pumping = new ResponsePump(
                staged,
                downstream.response(),
                this,
                clocks.clientSend(),
                exchange.timeouts().clientSend(),
                exchange.timeouts().clientRate());
        if (!head.headers().contains("Content-Length")) { // with one, HTTP/1.1 has no place for trailers
            downstream.response().setTrailersSupplier(pumping::trailers);
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
    public void switchTo(ResponseHead head) {
        beginSwitch((to, call) -> to.tunnel(head, call));
    }

    @Override
    public void bridge(ResponseHead head, WebSocketPolicy policy) {
        beginSwitch((to, call) -> to.bridge(head, policy, call));
    }

    private void beginSwitch(BiConsumer<Switch, UpstreamCall> begin) {
        Running answered = current;
        UpstreamCall call = answered == null ? null : answered.switched;
        if (call == null || !beginResponse()) {
            return;
        }
        Switch beginning = new Switch(this, exchange, downstream, switching);
        synchronized (this) {
            switched = beginning;
        }
        begin.accept(beginning, call);
    }

    @Override
    public void abort(ProxyError error) {
        ResponsePump pumping;
        Switch open;
        synchronized (this) {
            if (over) {
                return;
            }
            over = true;
            pumping = pump;
            open = switched;
        }
        cancelCall(error);
        if (open != null) {
            open.close();
        }
        if (pumping != null) {
            pumping.abort(new Downstream.Aborted(error));
        }
        end(open != null && open.hasClient() ? () -> {} : () -> downstream.breakOff(error));
    }

    // ---- what the pump reports ----

    @Override
    public void upstreamDone() {
        Running delivering = current;
        if (delivering != null) {
            delivering.attempt.finished(now());
        }
    }

    @Override
    public void upstreamBroke(Throwable cause) {
        Running delivering = current;
        if (delivering != null && cause instanceof UpstreamFailure broken) {
            perform(delivering.attempt.failed(broken.failure(), now()));
        } else if (cause instanceof SpillBuffer.Lost) {
            perform(exchange.failed(ProxyError.INTERNAL_ERROR, String.valueOf(cause.getMessage()), now()));
        }
    }

    // ---- what the buffer reports, beside the pump's upstreamDone ----

    @Override
    public void bufferedBroke(Throwable cause) {
        Running delivering = current;
        if (delivering != null && cause instanceof UpstreamFailure broken) {
            delivering.attempt.broke(broken.failure(), now());
        }
    }

    @Override
    public void transformerFailed(BodyException cause, boolean nothingSent) {
        if (nothingSent) {
            synchronized (this) {
                pump = null;
                responding = over;
            }
            downstream.takeBack();
        }
        perform(exchange.bodyFailed(cause, nothingSent, now()));
    }

    // ---- what the client's side reports ----

    @Override
    public void delivered() {
        if (body.hasEnded() || isAwaitingContinue()) {
            succeed();
            return;
        }
        // Closing now could reset the connection, or the stream, before the client has read the response.
        clocks.after(LINGER.toNanos(), this::succeed);
        body.drain(this::succeed);
    }

    @Override
    public void clientBroke(Throwable cause) {
        clientGone();
    }

    private void clientGone() {
        perform(exchange.clientGone(now()));
    }

    private void bodyBroke(Throwable cause) {
        ProxyError error = RequestBody.errorOf(cause);
        if (error == ProxyError.CLIENT_GONE) {
            clientGone();
        } else {
            perform(exchange.failed(error, String.valueOf(cause.getMessage()), now()));
        }
    }

    private void resume() {
        perform(exchange.resumed(now()));
    }

    // ---- helpers ----

    void perform(Decision decision) {
        try {
            decision.performBy(this);
        } catch (RuntimeException e) {
            exchange.failed(ProxyError.INTERNAL_ERROR, String.valueOf(e), now()).performBy(this);
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

    private void cancelCall(ProxyError error) {
        UpstreamCall running;
        synchronized (this) {
            running = call;
            call = null;
        }
        if (running != null) {
            running.cancel(new Downstream.Aborted(error));
        }
    }

    /** Both sides of what was switched have ended. */
    void switchedEnded() {
        upstreamDone();
        if (beginEnd()) {
            end(() -> {}); // Jetty was told when the protocol was switched
        }
    }

    private void succeed() {
        if (!beginEnd()) {
            return;
        }
        boolean unread = !body.hasEnded();
        end(() -> downstream.succeed(unread));
    }

    synchronized boolean isOver() {
        return over;
    }

    private synchronized boolean beginEnd() {
        if (over) {
            return false;
        }
        over = true;
        return true;
    }

    /** The one way out: told to the core first, then to Jetty, which may begin the next request within the callback. */
    private void end(Runnable leave) {
        ResponsePump pumped;
        Switch open;
        synchronized (this) {
            if (ended) {
                return;
            }
            ended = true;
            pumped = pump;
            open = switched;
        }
        downstream.unwatch();
        clocks.close();
        body.close();
        if (open != null) {
            open.finish(body.taken(), now());
        } else {
            long sent = pumped != null ? pumped.written() : replyBytes;
            exchange.finished(new Traffic(sent, downstream.bytesSent(0), body.taken()), now());
        }
        leave.run();
    }

    /** Whether the client waits to be asked for its body: reading on would ask. */
    private boolean isAwaitingContinue() {
        return !body.isAsked() && downstream.expectsContinue();
    }

    static long now() {
        return System.nanoTime();
    }

    /** The core's way to have the exchange resumed; comes on any thread. */
    private static final class Wake implements Runnable {
        private final Executor executor;
        private volatile @Nullable ExchangeRunner runner;

        Wake(Executor executor) {
            this.executor = executor;
        }

        @Override
        public void run() {
            ExchangeRunner woken = runner;
            if (woken != null) {
                executor.execute(woken::resume);
            }
        }
    }

    /** What comes back from one attempt. The core ignores what comes from one that was given up. */
    private final class Running implements UpstreamListener {
        private final Attempt attempt;
        private volatile Content.@Nullable Source answer;
        private volatile @Nullable UpstreamCall switched;

        Running(Attempt attempt) {
            this.attempt = attempt;
        }

        /** If it has an answer, the client does not get it. */
        void refuseAnswer() {
            Content.Source refused = answer;
            if (refused != null) {
                refused.fail(new Downstream.Aborted(ProxyError.UPSTREAM_UNAVAILABLE));
            }
            UpstreamCall unwanted = switched;
            if (unwanted != null) {
                unwanted.cancel(new Downstream.Aborted(ProxyError.UPGRADE_FAILED));
            }
        }

        @Override
        public void connected() {
            attempt.connected(now());
        }

        @Override
        public void reused() {
            attempt.reused();
        }

        @Override
        public void informed(ResponseHead head) {
            perform(attempt.informed(head, now()));
            if (head.status() != 100) {
                return;
            }
            UpstreamCall running;
            synchronized (ExchangeRunner.this) {
                running = current == this ? call : null;
                toldToContinue = attempt;
            }
            if (running != null) {
                running.continueBody();
            }
        }

        @Override
        public void answered(ResponseHead head, Content.Source source) {
            answer = source;
            boolean lost = body.pin(); // until it is delivered, or another attempt begins
            perform(attempt.answered(head, lost, now()));
        }

        @Override
        public void switched(ResponseHead head, UpstreamCall from) {
            switched = from;
            perform(attempt.answered(head, now()));
        }

        @Override
        public void failed(ProxyFailure failure) {
            perform(attempt.failed(failure, now()));
        }

        @Override
        public void requestFailed(Throwable cause) {
            bodyBroke(cause);
        }
    }

    /** A reply of ours has been written, or could not be. */
    private final class ReplyWritten implements Callback {
        @Override
        public void succeeded() {
            clocks.clientSend().stop();
            delivered();
        }

        @Override
        public void failed(Throwable cause) {
            clocks.clientSend().stop();
            clientBroke(cause);
        }

        @Override
        public InvocationType getInvocationType() {
            return InvocationType.NON_BLOCKING;
        }
    }
}
