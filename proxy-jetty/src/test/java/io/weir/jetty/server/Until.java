package io.weir.jetty.server;

import static org.assertj.core.api.Assertions.fail;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Waits for the outside world: for a condition, with a deadline that only a failing test meets. */
final class Until {
    static final Duration DEADLINE = Duration.ofSeconds(10);

    private Until() {}

    static void until(String what, Callable<Boolean> condition) throws Exception {
        long end = System.nanoTime() + DEADLINE.toNanos();
        while (!condition.call()) {
            if (System.nanoTime() > end) {
                fail("not within " + DEADLINE + ": " + what);
            }
            Thread.onSpinWait();
            Thread.yield();
        }
    }
}
