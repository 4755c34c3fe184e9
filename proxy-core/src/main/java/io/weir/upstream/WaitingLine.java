package io.weir.upstream;

import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.jspecify.annotations.Nullable;

/**
 * The exchanges that wait for a slot, first come first served. A slot is granted, never offered: it is taken on behalf of
 * whoever waits first and can use it, so that nobody who comes later gets there before. Guarded by the pool's lock, apart
 * from the wake-ups, which must not run under it.
 */
final class WaitingLine {
    private final Set<Ticket> waiting = new LinkedHashSet<>();
    private final Queue<Runnable> wakeUps = new ConcurrentLinkedQueue<>();

    int length() {
        return waiting.size();
    }

    /** How many wait for that pool; after a reload others may wait for the one before. */
    int length(PoolState pool) {
        int length = 0;
        for (Ticket ticket : waiting) {
            length += ticket.pool() == pool ? 1 : 0;
        }
        return length;
    }

    void add(Ticket ticket) {
        waiting.add(ticket);
    }

    void remove(Ticket ticket) {
        waiting.remove(ticket);
    }

    /** Grants what slots there are. */
    void serve(long now) {
        if (waiting.isEmpty()) {
            return;
        }
        PoolState crowded = null;
        for (Iterator<Ticket> inOrder = waiting.iterator(); inOrder.hasNext(); ) {
            Ticket ticket = inOrder.next();
            if (ticket.pool() == crowded) {
                continue;
            }
            if (ticket.settle(now)) {
                inOrder.remove();
                wake(ticket);
            } else if (!ticket.pool().hasRoom(now)) {
                // Whoever waits for the same pool would not fare better. After a reload others may wait for another.
                crowded = ticket.pool();
            }
        }
    }

    /** That ticket has got what it waits for. */
    void wake(Ticket ticket) {
        wakeUps.add(ticket.wake());
    }

    /** The next wake-up to run, without any lock; null if there is none. */
    @Nullable
    Runnable nextWakeUp() {
        return wakeUps.poll();
    }
}
