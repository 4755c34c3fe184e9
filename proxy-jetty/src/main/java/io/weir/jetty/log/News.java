package io.weir.jetty.log;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/** How often an operator hears of what goes wrong again and again: once a second. */
final class News {
    static final long NANOS = Duration.ofSeconds(1).toNanos();

    private final LongSupplier clock;
    private final AtomicLong toldAt;

    /** At once for the first time. The clock is of monotonic nanoseconds. */
    News(LongSupplier clock) {
        this.clock = clock;
        toldAt = new AtomicLong(clock.getAsLong() - NANOS);
    }

    /** Whether it is to be told now; true for one of those who ask at the same time. */
    boolean isDue() {
        long now = clock.getAsLong();
        long before = toldAt.get();
        return now - before >= NANOS && toldAt.compareAndSet(before, now);
    }
}
