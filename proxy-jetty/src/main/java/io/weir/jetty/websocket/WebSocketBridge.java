package io.weir.jetty.websocket;

import io.weir.body.MessageHook;
import io.weir.http.RequestHead;
import io.weir.jetty.server.Clock;
import io.weir.jetty.tunnel.Passage;
import io.weir.log.WebSocketSummary;
import io.weir.route.WebSocketPolicy;
import java.io.EOFException;
import java.time.Duration;
import java.util.function.Consumer;
import org.eclipse.jetty.server.Components;
import org.eclipse.jetty.websocket.api.Callback;
import org.eclipse.jetty.websocket.api.Frame;
import org.eclipse.jetty.websocket.api.exceptions.CloseException;
import org.eclipse.jetty.websocket.core.CloseStatus;
import org.jspecify.annotations.Nullable;

/**
 * Passes messages between a client's and an upstream's WebSocket under a {@link WebSocketPolicy}.
 *
 * <pre>
 *   client {@link BridgeEnd} ── frames ─▶ {@link Course} up ──▶ upstream end
 *       end       ◀─ course down ◀───────  end
 * </pre>
 *
 * <p>A close frame is passed on like all else, with its code and reason, and answered when the other side has answered; a
 * side that goes without one drops the other. Pings and pongs of the two pass, too; those of the bridge are its own.
 */
public final class WebSocketBridge implements Passage {
    /** How long one side may take to close after the other has. */
    private static final Duration CLOSING = Duration.ofSeconds(5);

    private final WebSocketPolicy policy;
    private final Duration patience;
    private final Consumer<Throwable> hookFailed;
    private final Listener listener;
    private final Clock clock;
    private final @Nullable Pings pings;
    private final BridgeEnd client = new BridgeEnd(this, true);
    private final BridgeEnd upstream = new BridgeEnd(this, false);
    private final Course up;
    private final Course down;
    private volatile boolean goingAway;

    // Guarded by this.
    private int open;
    private boolean closing;
    private boolean closingBoth; // on this proxy's own account
    private boolean ended;
    private @Nullable BridgeEnd brokenEnd;
    private @Nullable Throwable breakage;

    /**
     * One that has neither side yet.
     *
     * @param request as the client sent it, for the hook
     * @param patience how long neither side may say anything
     * @param hookFailed is told what came out of the hook in place of an answer
     */
    public WebSocketBridge(
            WebSocketPolicy policy,
            RequestHead request,
            Duration patience,
            Components components,
            Consumer<Throwable> hookFailed,
            Listener listener) {
        this.policy = policy;
        this.patience = patience;
        this.hookFailed = hookFailed;
        this.listener = listener;
        clock = new Clock(components.getScheduler(), components.getExecutor(), this::clockExpired);
        Duration silence = policy.pings();
        pings = silence == null ? null : new Pings(this, silence, components);
        up = course(client, upstream, request);
        down = course(upstream, client, request);
    }

    private Course course(BridgeEnd from, BridgeEnd to, RequestHead request) {
        MessageHook hook = policy.hook();
        long limit = policy.maxMessage();
        return hook == null
                ? new FrameCourse(this, from, to, limit)
                : new HookCourse(this, from, to, limit, hook, request);
    }

    BridgeEnd client() {
        return client;
    }

    BridgeEnd upstream() {
        return upstream;
    }

    // ---- for the exchange ----

    @Override
    public long bytesToClient() {
        return client.bytesTaken();
    }

    @Override
    public boolean hasClient() {
        return client.isOpened();
    }

    @Override
    public WebSocketSummary webSocket() {
        return new WebSocketSummary(client.messages(), upstream.messages(), client.closeCode(), upstream.closeCode());
    }

    @Override
    public void goAway() {
        goingAway = true;
        synchronized (this) {
            if (open < 2 || closing) {
                return;
            }
        }
        closeBoth(new CloseStatus(CloseStatus.SHUTDOWN));
    }

    @Override
    public void close() {
        end();
    }

    // ---- what the ends tell ----

    void opened(BridgeEnd end) {
        boolean late;
        synchronized (this) {
            late = ended;
            if (++open < 2 && !late) {
                return;
            }
        }
        if (late) {
            end.drop();
            return;
        }
        active();
        if (pings != null) {
            pings.start();
        }
        client.ask();
        upstream.ask();
        if (goingAway) {
            goAway();
        }
    }

    /** Something has come. */
    void active() {
        synchronized (this) {
            if (!closing) {
                clock.start(patience);
            }
        }
    }

    void data(BridgeEnd from, Frame frame, Callback callback) {
        Course course = null;
        synchronized (this) {
            if (!closingBoth) {
                course = from == client ? up : down;
            }
        }
        if (course != null) {
            course.take(frame, callback);
        } else {
            callback.succeed(); // nobody is left to send it to
            from.ask();
        }
    }

    /** A ping or pong goes on. */
    void pass(BridgeEnd from, Frame frame, Callback callback) {
        other(from).send(frame.getOpCode(), true, frame.getPayload(), () -> {
            callback.succeed();
            from.ask();
        });
    }

    /** A close frame has come. Its answer waits for the other side's, unless this is that one. */
    void closing(BridgeEnd from, CloseStatus status, Callback answer) {
        BridgeEnd to = other(from);
        boolean both;
        synchronized (this) {
            from.closeReceived(status, answer);
            both = to.hasSentClose() || to.isOver() || closingBoth;
        }
        startClosing();
        to.close(status);
        if (both) {
            to.answer();
            from.answer();
        }
    }

    void tooLarge(BridgeEnd from) {
        refuse(CloseStatus.MESSAGE_TOO_LARGE, "a message of more than " + policy.maxMessage() + " bytes", from);
    }

    void notUtf8(BridgeEnd from) {
        refuse(CloseStatus.BAD_PAYLOAD, "a text message that is not UTF-8", from);
    }

    void hookFailed(BridgeEnd from, Throwable thrown) {
        hookFailed.accept(thrown);
        closeBoth(new CloseStatus(CloseStatus.SERVER_ERROR));
        from.ask();
    }

    /** An end is no more. */
    void ended(BridgeEnd end) {
        BridgeEnd other = other(end);
        boolean orderly;
        boolean both;
        synchronized (this) {
            if (!end.end()) {
                return;
            }
            both = other.isOver();
            orderly = end.isClosing() || brokenEnd != null;
        }
        end.answer();
        other.answer(); // with its own code: nobody is left to give another
        if (both) {
            report();
        } else if (orderly) {
            startClosing();
        } else if (end.cause() instanceof CloseException wrong) {
            giveUp(end, wrong); // Jetty has told it what it did wrong
        } else {
            broken(end, end.cause());
            report();
        }
    }

    // ---- ways to end ----

    private void refuse(int code, String what, BridgeEnd from) {
        closeBoth(new CloseStatus(code, what + " from the " + (from.isClient() ? "client" : "upstream")));
        from.ask(); // for its close
    }

    private void closeBoth(CloseStatus status) {
        synchronized (this) {
            closingBoth = true;
        }
        startClosing();
        client.close(status);
        upstream.close(status);
    }

    private void startClosing() {
        synchronized (this) {
            if (closing || ended) {
                return;
            }
            closing = true;
            clock.start(CLOSING);
        }
    }

    /** Whether nothing is to be expected of either end but that it closes. */
    synchronized boolean isClosing() {
        return closing || ended;
    }

    /** One end is of no use any more; the other is told. */
    void giveUp(BridgeEnd end, Throwable cause) {
        broken(end, cause);
        startClosing();
        other(end).close(new CloseStatus(CloseStatus.SHUTDOWN));
        end.drop();
    }

    private synchronized void broken(BridgeEnd end, @Nullable Throwable cause) {
        if (brokenEnd == null) {
            brokenEnd = end;
            breakage = cause;
        }
    }

    private void report() {
        if (!end()) {
            return;
        }
        BridgeEnd end;
        Throwable cause;
        synchronized (this) {
            end = brokenEnd;
            cause = breakage;
        }
        if (end == null) {
            listener.closed();
        } else {
            listener.broke(end.isClient(), cause == null ? new EOFException("no close frame") : cause);
        }
    }

    private void clockExpired() {
        boolean late;
        synchronized (this) {
            if (!clock.hasExpired()) {
                return;
            }
            late = closing;
        }
        if (late) {
            report();
        } else if (end()) {
            listener.expired();
        }
    }

    private boolean end() {
        synchronized (this) {
            if (ended) {
                return false;
            }
            ended = true;
        }
        clock.close();
        if (pings != null) {
            pings.close();
        }
        client.drop();
        upstream.drop();
        return true;
    }

    private BridgeEnd other(BridgeEnd end) {
        return end == client ? upstream : client;
    }
}
