package io.weir.upstream;

/**
 * Counts a pool's running exchanges and how many of them are retries, so that retries stay a share of the load. It survives
 * a reload, and the policy of each question is the asker's. Thread-safe.
 */
public final class RetryBudget {
    private int exchanges;
    private int retries;

    RetryBudget() {}

    /** An exchange comes to the pool. It {@link #leave}s exactly once. */
    public synchronized void enter() {
        exchanges++;
    }

    /** An exchange has left. */
    public synchronized void leave() {
        exchanges--;
    }

    /** Lets an exchange that has entered become a retry, if the policy has room. Then it must {@link #release} once. */
    public synchronized boolean take(RetryPolicy policy) {
        if (retries >= policy.budgetOf(exchanges)) {
            return false;
        }
        retries++;
        return true;
    }

    /** A retry has its answer, or has failed. */
    public synchronized void release() {
        retries--;
    }

    /** Both counts. */
    @Override
    public synchronized String toString() {
        return retries + " retries among " + exchanges + " exchanges";
    }
}
