package io.weir.jetty.upstream;

import io.weir.jetty.server.Clock;
import io.weir.upstream.Timeouts;
import java.time.Duration;
import java.util.concurrent.Executor;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * The clocks that a trickle does not put off: {@code responseHead} and {@code firstByte} of one attempt. They are off by
 * default, so most calls have none of this.
 */
final class AnswerClocks {
    /** Whose answer it is. */
    interface Owner {
        /** One of its clocks ran out, if it still {@link Clock#hasExpired has}. */
        void answerExpired(Clock clock, String name, Duration value);
    }

    private final @Nullable Duration headLimit;
    private final @Nullable Duration byteLimit;
    private final Clock head;
    private final Clock firstByte;
    private final Owner owner;

    private AnswerClocks(Timeouts timeouts, Scheduler scheduler, Executor executor, Owner owner) {
        this.owner = owner;
        headLimit = timeouts.responseHead();
        byteLimit = timeouts.firstByte();
        head = new Clock(scheduler, executor, this::headExpired);
        firstByte = new Clock(scheduler, executor, this::byteExpired);
    }

    /** Null if neither is set. */
    static @Nullable AnswerClocks of(Timeouts timeouts, Scheduler scheduler, Executor executor, Owner owner) {
        return timeouts.responseHead() == null && timeouts.firstByte() == null
                ? null
                : new AnswerClocks(timeouts, scheduler, executor, owner);
    }

    /** The attempt begins, with a request that has no body. */
    void begun() {
        if (byteLimit != null) {
            firstByte.start(byteLimit);
        }
    }

    /** The request is sent, before its answer came. */
    void sent(boolean hasBody, boolean headHasCome) {
        if (headLimit != null && !headHasCome) {
            head.start(headLimit);
        }
        if (hasBody) {
            begun();
        }
    }

    /** The final head has come. */
    void headCame() {
        head.stop();
    }

    /** The first byte has come, or the attempt is over. */
    void close() {
        head.close();
        firstByte.close();
    }

    private void headExpired() {
        if (headLimit != null) {
            owner.answerExpired(head, "responseHead", headLimit);
        }
    }

    private void byteExpired() {
        if (byteLimit != null) {
            owner.answerExpired(firstByte, "firstByte", byteLimit);
        }
    }
}
