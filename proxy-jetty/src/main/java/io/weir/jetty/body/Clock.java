package io.weir.jetty.body;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A clock that is started and stopped for every operation. Both cost next to nothing: a wake-up that was scheduled for an
 * earlier start stays, and when it comes it looks how far the clock has been put off meanwhile.
 *
 * <p>When time is up {@code onExpired} runs on the scheduler's thread. It may come too late: it has to ask
 * {@link #hasExpired} under the lock that guards starting and stopping.
 */
public final class Clock {
    private static final long STOPPED = Long.MAX_VALUE;

    private final Scheduler scheduler;
    private final Runnable onExpired;
    private volatile long deadline = STOPPED;
    private volatile long wakeUp = STOPPED;
    private volatile Scheduler.@Nullable Task task;

    /** A clock that stands still. */
    public Clock(Scheduler scheduler, Runnable onExpired) {
        this.scheduler = scheduler;
        this.onExpired = onExpired;
    }

    /** Starts it, or starts it again. */
    public void start(Duration duration) {
        long at = System.nanoTime() + duration.toNanos();
        deadline = at;
        if (wakeUp == STOPPED || wakeUp - at > 0) {
            schedule(at, duration.toNanos());
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
        deadline = STOPPED;
        Scheduler.Task pending = task;
        if (pending != null) {
            pending.cancel();
        }
    }

    private void schedule(long at, long delay) {
        Scheduler.Task before = task;
        if (before != null && wakeUp != STOPPED) {
            before.cancel();
        }
        wakeUp = at;
        task = scheduler.schedule(this::wake, delay, TimeUnit.NANOSECONDS);
    }

    private void wake() {
        wakeUp = STOPPED;
        long at = deadline;
        if (at == STOPPED) {
            return;
        }
        long left = at - System.nanoTime();
        if (left <= 0) {
            onExpired.run();
        } else if (wakeUp == STOPPED) {
            schedule(at, left);
        }
    }
}
