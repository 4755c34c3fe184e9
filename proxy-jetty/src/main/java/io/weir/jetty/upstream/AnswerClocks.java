package io.weir.jetty.upstream;

import io.weir.jetty.server.Clock;
import io.weir.upstream.Timeouts;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * The clocks that a trickle does not put off: {@code responseHead} and {@code firstByte} of one attempt. They are off by
 * default, so most calls share the one that does nothing.
 */
final class AnswerClocks {
    /** Whose answer it is. */
    interface Owner {
        /** One of its clocks ran out, if it still {@link Clock#hasExpired has}. */
        void answerExpired(Clock clock, String name, Duration value);
    }

    private static final AnswerClocks OFF = new AnswerClocks(null, null);

    private final @Nullable Limit head;
    private final @Nullable Limit firstByte;

    private AnswerClocks(@Nullable Limit head, @Nullable Limit firstByte) {
        this.head = head;
        this.firstByte = firstByte;
    }

    static AnswerClocks of(Timeouts timeouts, Scheduler scheduler, Executor executor, Owner owner) {
        Duration headValue = timeouts.responseHead();
        Duration byteValue = timeouts.firstByte();
        if (headValue == null && byteValue == null) {
            return OFF;
        }
        return new AnswerClocks(
                headValue == null ? null : new Limit("responseHead", headValue, scheduler, executor, owner),
                byteValue == null ? null : new Limit("firstByte", byteValue, scheduler, executor, owner));
    }

    /** The attempt begins. A request with a body has its time from the body's end on. */
    void begun(boolean hasBody) {
        if (firstByte != null && !hasBody) {
            firstByte.start();
        }
    }

    /** The request is sent. */
    void sent(boolean hasBody, boolean headHasCome) {
        if (head != null && !headHasCome) {
            head.start();
        }
        if (firstByte != null && hasBody) {
            firstByte.start();
        }
    }

    /** The final head has come. */
    void headCame() {
        if (head != null) {
            head.clock.stop();
        }
    }

    /** The first byte has come, or the attempt is over. */
    void close() {
        if (head != null) {
            head.clock.close();
        }
        if (firstByte != null) {
            firstByte.clock.close();
        }
    }

    /** A clock and what it allows. */
    private static final class Limit {
        private final Duration value;
        private final Clock clock;

        Limit(String name, Duration value, Scheduler scheduler, Executor executor, Owner owner) {
            this.value = value;
            clock = new Clock(scheduler, executor, () -> expired(name, owner));
        }

        void start() {
            clock.start(value);
        }

        private void expired(String name, Owner owner) {
            owner.answerExpired(clock, name, value);
        }
    }
}
