package io.weir.testkit;

import static java.util.stream.Collectors.toSet;

import java.util.Set;
import org.eclipse.jetty.io.ArrayByteBufferPool;

/**
 * What must be gone once the work is done: pooled buffers and threads. The trap: both come back a moment *after* the
 * last byte reached the client, so a plain assertion fails now and then; here they get until the deadline.
 */
public final class Leaks {

    private Leaks() {}

    /** Every buffer that was taken from the pool has been given back; otherwise tells where the others were taken. */
    public static void assertNone(ArrayByteBufferPool.Tracking pool) {
        Await.until(
                () -> pool.getLeaks().size() + " buffers were never released: " + pool.dumpLeaks(),
                () -> pool.getLeaks().isEmpty());
    }

    /** The live threads whose name starts so. */
    public static Set<Thread> threadsNamed(String prefix) {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.isAlive() && thread.getName().startsWith(prefix))
                .collect(toSet());
    }

    /** No thread of that name is alive. */
    public static void assertNoThreadsNamed(String prefix) {
        assertNoNewThreadsNamed(prefix, Set.of());
    }

    /** No thread of that name is alive that was not {@code before}. */
    public static void assertNoNewThreadsNamed(String prefix, Set<Thread> before) {
        Await.until(
                () -> "threads named " + prefix + "* end; alive: " + newThreads(prefix, before),
                () -> newThreads(prefix, before).isEmpty());
    }

    private static Set<Thread> newThreads(String prefix, Set<Thread> before) {
        Set<Thread> threads = threadsNamed(prefix);
        threads.removeAll(before);
        return threads;
    }
}
