package io.weir.testkit;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class AwaitTest {

    @Test
    void theConditionIsAskedUntilItHolds() {
        AtomicInteger asked = new AtomicInteger();

        Await.until("asked three times", () -> asked.incrementAndGet() == 3);

        assertThat(asked).hasValue(3);
    }

    @Test
    void anInterruptEndsTheWaitAndIsKept() {
        Thread.currentThread().interrupt();

        assertThatThrownBy(() -> Await.until("never", () -> false)).hasMessage("interrupted while waiting: never");
        assertThatThrownBy(() -> Await.on("never", new CountDownLatch(1)))
                .hasMessage("interrupted while waiting: never");
        assertThat(Thread.interrupted()).isTrue();
    }
}
