package io.weir.jetty.server;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A clock that is started and stopped for every operation. Both cost next to nothing: a wake-up that was scheduled for an
 * earlier start stays, and when it comes it looks how far the clock has been put off meanwhile.
 *
 * <p>When time is up {@code onExpired} runs on the executor. It may come too late: it has to ask {@link #hasExpired} first,
 * under the lock that guards starting and stopping.
 */
public final class Clock implements Runnable {
    private static final long STOPPED = Long.MAX_VALUE;

    private final Scheduler scheduler;
    private final Executor executor;
    private final Runnable onExpired;
    private volatile long deadline = STOPPED;
    private volatile long wakeUp = STOPPED;
    private volatile Scheduler.@Nullable Task task;
    private volatile boolean closed;

    /** A clock that stands still. */
    public Clock(Scheduler scheduler, Executor executor, Runnable onExpired) {
        this.scheduler = scheduler;
        this.executor = executor;
        this.onExpired = onExpired;
    }

    /** Starts it, or starts it again. */
    public void start(Duration duration) {
        long delay = nanos(duration);
        long at = System.nanoTime() + delay;
        deadline = at;
        if (wakeUp == STOPPED || wakeUp - at > 0) {
            schedule(at, delay);
        }
    }

    /** Stops it. */
    public void stop() {
        deadline = STOPPED;
    }

    /** Whether it has been started, not stopped since, and its time is up. */
    public boolean hasExpired() {
        long at = deadline;
        return at != STOPPED && at - System.nanoTime() <= 0;
    }

    /** Stops it for good. */
    public void close() {
        closed = true;
        deadline = STOPPED;
        Scheduler.Task pending = task;
        if (pending != null) {
            pending.cancel();
        }
    }

    /** A wake-up has come; the scheduler calls this. */
    @Override
    public void run() {
        wakeUp = STOPPED;
        long at = deadline;
        if (at == STOPPED) {
            return;
        }
        long left = at - System.nanoTime();
        if (left <= 0) {
            executor.execute(onExpired);
        } else if (wakeUp == STOPPED) {
            schedule(at, left);
        }
    }

    private void schedule(long at, long delay) {
        Scheduler.Task before = task;
        if (before != null && wakeUp != STOPPED) {
            before.cancel();
        }
        if (closed) {
            return;
        }
        wakeUp = at;
        task = scheduler.schedule(this, delay, TimeUnit.NANOSECONDS);
    }

    /** The nanoseconds of a duration, of which one of centuries stands for "never" and must not wrap round. */
    public static long nanos(Duration duration) {
        return duration.toSeconds() > 1_000_000_000L ? Long.MAX_VALUE / 4 : duration.toNanos();
    }
}
