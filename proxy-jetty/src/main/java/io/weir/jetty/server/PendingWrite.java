package io.weir.jetty.server;

import org.eclipse.jetty.util.Callback;

/**
 * Whether a write is still on its way. Nearly every write is through when the call of {@code write} returns, and then no
 * clock is needed for it; but an {@code IteratingCallback} that began it in {@code process()} is told only afterwards.
 */
public final class PendingWrite implements Callback {
    private final Callback then;
    private volatile boolean pending;

    /** {@code then} is told of each end; it must not block. */
    public PendingWrite(Callback then) {
        this.then = then;
    }

    /** A write begins; it is to be given what is returned. */
    public Callback begin() {
        pending = true;
        return this;
    }

    /** Whether a write has begun and not ended. */
    public boolean isPending() {
        return pending;
    }

    @Override
    public void succeeded() {
        pending = false;
        then.succeeded();
    }

    @Override
    public void failed(Throwable failure) {
        pending = false;
        then.failed(failure);
    }

    @Override
    public InvocationType getInvocationType() {
        return InvocationType.NON_BLOCKING;
    }
}
