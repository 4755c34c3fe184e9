package io.weir.jetty.upstream;

import io.weir.Probe;
import io.weir.http.ProxyFailure;
import io.weir.http.ResponseHead;
import io.weir.jetty.body.RequestBody;
import io.weir.jetty.server.Clock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * One probe on its way, under a clock for the whole of it. It ends once: with an answer, of whose body it reads as much as is
 * asked for, with a failure, when its time is up, or cancelled, which nobody hears of.
 */
final class ProbeRun implements UpstreamListener {
    private final Probe probe;
    private final Consumer<ProbeRun> whenEnded;
    private final StringBuilder body = new StringBuilder();
    private @Nullable Clock clock;
    private @Nullable UpstreamCall call;
    private boolean ended;

    ProbeRun(Probe probe, Consumer<ProbeRun> whenEnded) {
        this.probe = probe;
        this.whenEnded = whenEnded;
    }

    void start(UpstreamTransport transport, Scheduler scheduler, Executor executor) {
        Clock limit = new Clock(scheduler, executor, this::expired);
        synchronized (this) {
            if (ended) {
                return;
            }
            clock = limit;
            limit.start(probe.rule().timeout());
        }
        UpstreamCall sent = transport.send(probe, RequestBody.none(limit), this);
        boolean over;
        synchronized (this) {
            call = sent;
            over = ended;
        }
        if (over) {
            sent.cancel(new IOException("the probe is over"));
        }
    }

    void cancel() {
        end();
    }

    @Override
    public void connected() {}

    @Override
    public void reused() {}

    @Override
    public void informed(ResponseHead head) {}

    @Override
    public void answered(ResponseHead head, Content.Source source) {
        if (probe.rule().bodyBytes() == 0) {
            answered(head.status());
        } else {
            read(head.status(), source);
        }
    }

    private void read(int status, Content.Source source) {
        int most = probe.rule().bodyBytes();
        while (true) {
            Content.Chunk chunk = source.read();
            if (chunk == null) {
                source.demand(() -> read(status, source));
                return;
            }
            if (Content.Chunk.isFailure(chunk)) {
                failed("after " + status + ": " + chunk.getFailure().getMessage());
                return;
            }
            byte[] bytes = new byte[Math.min(chunk.remaining(), most - body.length())];
            chunk.getByteBuffer().get(bytes);
            body.append(new String(bytes, StandardCharsets.ISO_8859_1));
            boolean last = chunk.isLast() || body.length() == most;
            chunk.release();
            if (last) {
                answered(status);
                return;
            }
        }
    }

    private void answered(int status) {
        if (end()) {
            probe.answered(status, body.toString(), System.nanoTime());
        }
    }

    /** It never asks for that. */
    @Override
    public void switched(ResponseHead head, UpstreamCall call) {
        call.cancel(new IOException("nobody had asked"));
        failed("switched protocols");
    }

    @Override
    public void failed(ProxyFailure failure) {
        failed(failure.error().token() + ": " + failure.detail());
    }

    @Override
    public void requestFailed(Throwable cause) {
        failed(String.valueOf(cause.getMessage()));
    }

    private void failed(String cause) {
        if (end()) {
            probe.failed(cause, System.nanoTime());
        }
    }

    private void expired() {
        Clock running;
        synchronized (this) {
            running = clock;
        }
        if (running != null && running.hasExpired()) {
            failed("no answer within " + probe.rule().timeout());
        }
    }

    /** Whatever is left of the answer is not read: the connection closes. */
    private boolean end() {
        UpstreamCall open;
        synchronized (this) {
            if (ended) {
                return false;
            }
            ended = true;
            if (clock != null) {
                clock.close();
            }
            open = call;
        }
        whenEnded.accept(this);
        if (open != null) {
            open.cancel(new IOException("the probe is over"));
        }
        return true;
    }
}
