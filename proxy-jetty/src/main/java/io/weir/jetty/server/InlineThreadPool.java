package io.weir.jetty.server;

import java.util.ArrayDeque;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.util.thread.Invocable.InvocationType;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.jspecify.annotations.Nullable;

/**
 * A thread pool that lets an HTTP/1 connection go on where its answer ended.
 *
 * <p>When an answer is completed outside the call of the handler, as a proxy always does, Jetty dispatches the
 * connection to its pool to look for the next request: a wake-up and a context switch for every exchange. This pool
 * runs such a continuation on the calling thread instead. All other tasks are dispatched as usual.
 *
 * <p>Two things must hold for that:
 * <ul>
 *   <li>The whole handler tree of the connection's server is {@link InvocationType#NON_BLOCKING}, since the continuation
 *       may call the handler of the next request, on a selector's thread. A single handler that may block, or a server
 *       that is dynamic, sends every continuation to the pool.
 *   <li>The caller is a thread of this pool. A stopped pool has none, and rejects the task as any pool does.
 * </ul>
 *
 * <p>A continuation that is handed in while another one runs waits for its turn on the same thread, so the stack does
 * not grow; after {@value #MOST_IN_A_ROW} in a row the rest is dispatched, so that the other connections of that
 * thread get theirs. Since the next request may begin before the callback that ended the last one returns, answers must
 * be completed outside of locks.
 */
public final class InlineThreadPool extends QueuedThreadPool {
    static final int MOST_IN_A_ROW = 32;

    // Only the threads of this pool have one.
    private final ThreadLocal<@Nullable Continuations> continuations = new ThreadLocal<>();

    public InlineThreadPool(int maxThreads, int minThreads) {
        super(maxThreads, minThreads);
    }

    @Override
    public Thread newThread(Runnable worker) {
        return super.newThread(() -> {
            continuations.set(new Continuations());
            worker.run();
        });
    }

    @Override
    public void execute(Runnable task) {
        Continuations here = isContinuation(task) ? continuations.get() : null;
        if (here == null || !here.admit(task)) {
            super.execute(task);
        }
    }

    // Of all that is executed, only an HTTP/1 connection is a task and the description of a connection at once.
    private static boolean isContinuation(Runnable task) {
        return task instanceof ConnectionMetaData connection
                && connection.getConnector().getServer().getInvocationType() == InvocationType.NON_BLOCKING;
    }

    /** What one thread has to go on with. */
    private final class Continuations {
        private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
        private boolean running;
        private int admitted;

        /** Runs the continuation, or queues it behind the one that is running; false if it is one too many. */
        boolean admit(Runnable continuation) {
            if (admitted == MOST_IN_A_ROW) {
                return false;
            }
            admitted++;
            waiting.add(continuation);
            if (!running) {
                runAll();
            }
            return true;
        }

        private void runAll() {
            running = true;
            try {
                for (Runnable next = waiting.poll(); next != null; next = waiting.poll()) {
                    next.run();
                }
            } finally {
                running = false;
                admitted = 0;
                waiting.forEach(InlineThreadPool.super::execute); // some are left only if one has thrown
                waiting.clear();
            }
        }
    }
}
