package io.weir.bars;

import java.time.Duration;
import java.util.concurrent.Callable;

/** Runs a bar as a program: 0 if it is reached, 1 if it is missed, 2 if it could not be measured or took too long. */
final class Bar {
    private Bar() {}

    /** Runs it and ends this JVM; what it started ends with it. */
    static void run(Duration limit, Callable<Boolean> bar) {
        Thread watchdog = new Thread(() -> endAfter(limit), "watchdog");
        watchdog.setDaemon(true);
        watchdog.start();
        int status = 2;
        try {
            status = bar.call() ? 0 : 1;
        } catch (Exception | AssertionError e) {
            e.printStackTrace();
        }
        System.exit(status);
    }

    private static void endAfter(Duration limit) {
        try {
            Thread.sleep(limit.toMillis());
        } catch (InterruptedException e) {
            return;
        }
        System.err.println("not done within " + limit);
        System.exit(2);
    }
}
