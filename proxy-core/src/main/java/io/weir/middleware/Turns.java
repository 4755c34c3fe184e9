package io.weir.middleware;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Has work done on an executor, a few pieces at a time; the rest waits in line. So a flood of it leaves threads to others. */
final class Turns {
    private final int atOnce;
    private final int maxWaiting;
    private final Queue<Runnable> waiting = new ArrayDeque<>();
    private int running;

    Turns(int atOnce, int maxWaiting) {
        this.atOnce = atOnce;
        this.maxWaiting = maxWaiting;
    }

    /** Has it done; null if too much waits already. */
    <T> @Nullable CompletionStage<T> take(Supplier<T> work, Executor executor) {
        CompletableFuture<T> done = new CompletableFuture<>();
        Runnable turn = () -> {
            try {
                done.complete(work.get());
            } catch (Throwable e) {
                done.completeExceptionally(e);
            }
        };
        synchronized (this) {
            if (running == atOnce) {
                return waiting.size() < maxWaiting && waiting.add(turn) ? done : null;
            }
            running++;
        }
        try {
            executor.execute(() -> work(turn));
        } catch (RuntimeException e) {
            synchronized (this) {
                running--;
            }
            throw e;
        }
        return done;
    }

    private void work(Runnable first) {
        Runnable turn = first;
        while (turn != null) {
            turn.run();
            synchronized (this) {
                turn = waiting.poll();
                if (turn == null) {
                    running--;
                }
            }
        }
    }
}
