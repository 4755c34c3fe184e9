package io.weir.jetty.server;

import java.io.IOException;
import java.nio.channels.Selector;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A selector that is known to the thread which selects for it, and which puts off until the end of a turn what can wait.
 *
 * <p>A turn is what comes of one select: all sockets that it found ready are seen to, one after the other. Writes at the end
 * of the turn and not in between cost less under load: a peer on the same machine, which sleeps when there is nothing to do,
 * is woken once for many messages instead of once for each, and waking is the dearest part of writing a small one. Where
 * one socket only is ready nothing is delayed.
 */
public final class SharedSelector extends ManagedSelector {
    private static final Logger LOG = LoggerFactory.getLogger(SharedSelector.class);
    private static final ThreadLocal<@Nullable SharedSelector> OF_THIS_THREAD = new ThreadLocal<>();

    /** What is put off holds on to its buffers, so it must not become much. */
    private static final int MOST_PUT_OFF = 64;

    private final SelectorManager lender;
    private List<Runnable> putOff = new ArrayList<>(); // guarded by this object, as is the next

    /** Whose turn it is: this thread comes back to select. Null while none is, or what was put off is being done. */
    private @Nullable Thread turn;

    /** Takes the place of what is put off while that is being done. */
    private List<Runnable> done = new ArrayList<>();

    /** Who does what was put off. */
    private volatile @Nullable Thread ending;

    private volatile long turns;

    SharedSelector(SelectorManager lender, int id) {
        super(lender, id);
        this.lender = lender;
    }

    /** The selector that this thread has selected for last; null if it never has. */
    public static @Nullable SharedSelector ofThisThread() {
        return OF_THIS_THREAD.get();
    }

    /**
     * Runs a task on this thread: at the end of its selector's turn if there is one, at once otherwise. It must not block, and
     * has to bear that much may have happened meanwhile.
     */
    public static void atEndOfTurn(Runnable task) {
        SharedSelector here = OF_THIS_THREAD.get();
        if (here == null || !here.putOff(task)) {
            task.run();
        }
    }

    /** Counts this selector's turns. */
    public long turns() {
        return turns;
    }

    /**
     * Whether a socket in which this selector was interested when the turn of that number ended has had nothing to tell
     * until this one began. Sure only at the end of a turn, where all that was told of has been seen to, and on its thread.
     */
    public boolean hasHeardOut(long turn) {
        return turns > turn && ending == Thread.currentThread();
    }

    /** The connector's selector manager to which this belongs. */
    SelectorManager lender() {
        return lender;
    }

    @Override
    protected int select(Selector selector) throws IOException {
        OF_THIS_THREAD.set(this);
        endTurn(Thread.currentThread());
        return super.select(selector);
    }

    @Override
    protected void doStop() throws Exception {
        super.doStop();
        endTurn(null);
    }

    private boolean putOff(Runnable task) {
        synchronized (this) {
            // Jetty may have had another thread select meanwhile, and that one has looked here already.
            return turn == Thread.currentThread() && putOff.size() < MOST_PUT_OFF && putOff.add(task);
        }
    }

    /** Does what was put off, and what comes of it at once; then it is that thread's turn. */
    private void endTurn(@Nullable Thread next) {
        List<Runnable> tasks;
        synchronized (this) {
            turn = null;
            tasks = putOff;
            putOff = done;
            done = tasks;
        }
        ending = Thread.currentThread();
        for (Runnable task : tasks) {
            try {
                task.run();
            } catch (Throwable e) {
                LOG.warn("a task at the end of a selector's turn has failed", e); // the selector must go on
            }
        }
        tasks.clear();
        ending = null;
        turns++;
        synchronized (this) {
            turn = next;
        }
    }
}
