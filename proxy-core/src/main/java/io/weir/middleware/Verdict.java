package io.weir.middleware;

import io.weir.http.Reply;
import io.weir.http.RequestHead;
import java.util.concurrent.CompletionStage;
import java.util.function.Supplier;

/** What a middleware says about a request. */
public sealed interface Verdict {
    /** The request goes on, perhaps changed. A changed path is not routed again. */
    record Proceed(RequestHead request) implements Verdict {}

    /** The request ends here with that reply. */
    record Answer(Reply reply) implements Verdict {}

    /** The verdict comes later; the exchange pauses, no thread waits. */
    record Later(CompletionStage<? extends Verdict> stage) implements Verdict {}

    /**
     * The exchange pauses until that time, then goes by the verdict that it asks for. {@code until} is in nanoseconds, as
     * {@link RequestContext#now}; a time that has passed does not pause at all.
     */
    record Pause(long until, Supplier<Verdict> then) implements Verdict {}

    /** Lets the request go on. */
    static Verdict proceed(RequestHead request) {
        return new Proceed(request);
    }

    /** Ends the request with that reply. */
    static Verdict answer(Reply reply) {
        return new Answer(reply);
    }

    /** Says it later. A stage that fails is a 500. */
    static Verdict later(CompletionStage<? extends Verdict> stage) {
        return new Later(stage);
    }

    /** Says it when that time has come, and not before. {@code then} is asked once; it must not block. */
    static Verdict pause(long until, Supplier<Verdict> then) {
        return new Pause(until, then);
    }
}
