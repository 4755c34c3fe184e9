package io.weir;

import io.weir.middleware.Verdict;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * A verdict that comes later. The stage and the exchange meet here, and the second to come learns of the first: a verdict
 * that is there already is taken at once, one that comes during the pause wakes the exchange, one that nobody waits for
 * any more does nothing.
 */
final class LateVerdict {
    /** The exchange has asked and pauses. */
    private static final Object PAUSED = new Object();
    /** The exchange has ended otherwise. */
    private static final Object UNWANTED = new Object();

    /** Null, one of the two above, or what came: a {@link Verdict} or a {@link Throwable}. */
    private final AtomicReference<@Nullable Object> state = new AtomicReference<>();

    private final Runnable wake;

    LateVerdict(CompletionStage<? extends Verdict> stage, Runnable wake) {
        this.wake = wake;
        stage.whenComplete(this::arrived);
    }

    private void arrived(@Nullable Verdict verdict, @Nullable Throwable failure) {
        Object outcome =
                failure != null ? failure : verdict != null ? verdict : new NullPointerException("its verdict is null");
        if (state.getAndSet(outcome) == PAUSED) {
            wake.run(); // the lock of the exchange is not held: it was given up when the pause began
        }
    }

    /**
     * The verdict, which may be to wait once more; null if it is not there yet, and the wake-up will tell.
     *
     * @throws Throwable what the stage failed with
     */
    @Nullable
    Verdict take() throws Throwable {
        if (state.compareAndSet(null, PAUSED)) {
            return null;
        }
        Object outcome = state.get();
        if (outcome instanceof Verdict verdict) {
            return verdict;
        }
        if (outcome instanceof Throwable failure) {
            Throwable cause = failure.getCause();
            throw failure instanceof CompletionException && cause != null ? cause : failure;
        }
        return null;
    }

    /** Nobody waits any more: there will be no wake-up. */
    void forget() {
        state.set(UNWANTED);
    }
}
