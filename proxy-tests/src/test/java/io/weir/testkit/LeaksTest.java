package io.weir.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Set;
import java.util.concurrent.CountDownLatch;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.io.RetainableByteBuffer;
import org.junit.jupiter.api.Test;

class LeaksTest {

    @Test
    void aBufferReleasedLateIsNoLeak() {
        ArrayByteBufferPool.Tracking pool = new ArrayByteBufferPool.Tracking();
        RetainableByteBuffer buffer = pool.acquire(16, false);
        assertThat(pool.getLeaks()).hasSize(1);

        new Thread(buffer::release).start();

        Leaks.assertNone(pool);
    }

    @Test
    void onlyNewThreadsOfThatNameCount() {
        CountDownLatch first = new CountDownLatch(1);
        CountDownLatch second = new CountDownLatch(1);
        Thread before = startThread("leaks-test-first", first);
        Set<Thread> known = Leaks.threadsNamed("leaks-test-");
        assertThat(known).containsExactly(before);

        startThread("leaks-test-second", second);
        assertThat(Leaks.threadsNamed("leaks-test-")).hasSize(2);
        second.countDown();

        Leaks.assertNoNewThreadsNamed("leaks-test-", known);
        first.countDown();
        Leaks.assertNoThreadsNamed("leaks-test-");
    }

    private static Thread startThread(String name, CountDownLatch end) {
        Thread thread = new Thread(() -> Await.on("the test ends " + name, end), name);
        thread.start();
        return thread;
    }
}
