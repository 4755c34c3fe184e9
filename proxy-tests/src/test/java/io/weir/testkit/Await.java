package io.weir.testkit;

import static java.util.concurrent.TimeUnit.NANOSECONDS;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/** Waiting for the outside world: a condition with a deadline. It imitates no trap, it avoids one: sleeping. */
public final class Await {

    /** How long any wait of the kit may last before it fails the test. */
    public static final Duration DEADLINE = Duration.ofSeconds(10);

    private static final long POLL_NANOS = Duration.ofMillis(1).toNanos();

    private Await() {}

    /** Returns as soon as the condition holds, at once if it does already. */
    public static void until(String description, BooleanSupplier condition) {
        until(() -> description, condition);
    }

    /** As the other, for a description that should tell the state at the deadline. */
    public static void until(Supplier<String> description, BooleanSupplier condition) {
        long end = System.nanoTime() + DEADLINE.toNanos();
        while (!condition.getAsBoolean()) {
            if (System.nanoTime() - end > 0) {
                throw new AssertionError("not within " + DEADLINE.toSeconds() + " s: " + description.get());
            }
            if (Thread.currentThread().isInterrupted()) {
                throw new AssertionError("interrupted while waiting: " + description.get());
            }
            LockSupport.parkNanos(POLL_NANOS);
        }
    }

    /** Waits for a latch that a script or a callback counts down. */
    public static void on(String description, CountDownLatch latch) {
        try {
            if (!latch.await(DEADLINE.toNanos(), NANOSECONDS)) {
                throw new AssertionError("not within " + DEADLINE.toSeconds() + " s: " + description);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new AssertionError("interrupted while waiting: " + description, e);
        }
    }
}
