package io.weir.jetty.exchange;

import io.weir.Exchange;
import io.weir.jetty.server.Clock;
import io.weir.upstream.Timeouts;
import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/** The clocks and timers of one exchange. What they set off runs on the executor, not on the scheduler's thread. */
final class ExchangeClocks {
    private final Scheduler scheduler;
    private final Executor executor;
    private final Consumer<Exchange.Clock> expired;
    private final Clock clientSend;
    private final Clock clientBody;
    private final @Nullable Duration totalLimit;
    private Scheduler.@Nullable Task total;
    private Scheduler.@Nullable Task timer;
    private Scheduler.@Nullable Task pause;
    private boolean closed;

    /** {@code expired} is told which clock ran out. */
    ExchangeClocks(Scheduler scheduler, Executor executor, Timeouts timeouts, Consumer<Exchange.Clock> expired) {
        this.scheduler = scheduler;
        this.executor = executor;
        this.expired = expired;
        clientSend = new Clock(scheduler, executor, this::clientSendExpired);
        clientBody = new Clock(scheduler, executor, this::clientBodyExpired);
        totalLimit = timeouts.total();
    }

    /** Starts the {@code total} clock. */
    void startTotal() {
        if (totalLimit != null) {
            total = schedule(totalLimit.toNanos(), () -> expired.accept(Exchange.Clock.TOTAL));
        }
    }

    /** Runs while the client is to take bytes. */
    Clock clientSend() {
        return clientSend;
    }

    /** Runs while the client is to send bytes. */
    Clock clientBody() {
        return clientBody;
    }

    /** Runs {@code task} once after that time; takes the place of the task before. */
    synchronized void after(long nanos, Runnable task) {
        if (closed) {
            return;
        }
        cancel(timer);
        timer = schedule(nanos, task);
    }

    /** As {@link #after}, for a pause: one that begins late, when what follows it has begun, must not stop that one's timer. */
    synchronized void pause(long nanos, Runnable task) {
        if (closed) {
            return;
        }
        cancel(pause);
        pause = schedule(nanos, task);
    }

    /** Stops all for good. */
    synchronized void close() {
        closed = true;
        clientSend.close();
        clientBody.close();
        cancel(total);
        cancel(timer);
        cancel(pause);
    }

    private void clientSendExpired() {
        if (clientSend.hasExpired()) {
            expired.accept(Exchange.Clock.CLIENT_SEND);
        }
    }

    private void clientBodyExpired() {
        if (clientBody.hasExpired()) {
            expired.accept(Exchange.Clock.CLIENT_BODY);
        }
    }

    private Scheduler.Task schedule(long nanos, Runnable task) {
        return scheduler.schedule(() -> executor.execute(task), Math.max(0, nanos), TimeUnit.NANOSECONDS);
    }

    private static void cancel(Scheduler.@Nullable Task task) {
        if (task != null) {
            task.cancel();
        }
    }
}
