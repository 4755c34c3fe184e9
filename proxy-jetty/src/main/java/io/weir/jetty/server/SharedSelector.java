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

    /** The JDK asks epoll for no more at once: of more ready sockets some are not told of yet. */
    private static final int MOST_TOLD_OF = 1024;

    private final SelectorManager lender;

    private List<Runnable> putOff = new ArrayList<>(); // guarded by this object, as are the next two
    private List<Runnable> spare = new ArrayList<>();

    /** Whose turn it is: this thread comes back to select. Null while none is, or what was put off is being done. */
    private @Nullable Thread turn;

    /** Who does what was put off. */
    private volatile @Nullable Thread ending;

    private volatile long turns;
    private boolean toldOfAll = true; // of the selector's thread only

    SharedSelector(SelectorManager lender, int id) {
        super(lender, id);
        this.lender = lender;
    }

    /** The selector that this thread has selected for last; null if it never has. */
    public static @Nullable SharedSelector ofThisThread() {
        return OF_THIS_THREAD.get();
    }

    /**
     * Runs a task at the end of the turn of this thread's selector; at once where there is none. It must not block or throw,
     * and has to bear that much may have happened meanwhile. If another thread selects by then, it runs there.
     */
    public static void atEndOfTurn(Runnable task) {
        SharedSelector here = OF_THIS_THREAD.get();
        if (here == null || !here.putOff(task)) {
            task.run();
        }
    }

    /** How many turns of this selector have ended; the last select of each told of all that was ready. */
    public long turns() {
        return turns;
    }

    /**
     * Whether a socket has had nothing to tell since that many turns had ended, if the selector was told before of an interest
     * in it. Sure only at the end of a turn, where all that was told of has been seen to, and on its thread. A turn more than
     * that is needed, for the interest may have come too late for the first.
     */
    public boolean hasHeardOut(long turn) {
        return turns > turn + 1 && isEnding();
    }

    /** Whether this thread does what was put off until the end of this selector's turn. */
    public boolean isEnding() {
        return ending == Thread.currentThread();
    }

    /** The connector's selector manager to which this belongs. */
    SelectorManager lender() {
        return lender;
    }

    @Override
    protected int select(Selector selector) throws IOException {
        OF_THIS_THREAD.set(this);
        endTurn();
        if (toldOfAll) {
            turns++;
        }
        beTurnOf(Thread.currentThread());
        int selected;
        try {
            selected = super.select(selector);
        } catch (IOException | RuntimeException | Error e) {
            beTurnOf(null); // Jetty gives the selector up
            throw e;
        }
        toldOfAll = selected < MOST_TOLD_OF && selector == getSelector();
        return selected;
    }

    @Override
    protected void doStop() throws Exception {
        try {
            super.doStop();
        } finally {
            endTurn();
        }
    }

    private synchronized void beTurnOf(@Nullable Thread thread) {
        turn = thread;
    }

    private synchronized boolean putOff(Runnable task) {
        // Jetty may have had another thread select meanwhile, and that one has looked here already.
        return turn == Thread.currentThread() && putOff.size() < MOST_PUT_OFF && putOff.add(task);
    }

    /** Does what was put off, and what comes of it at once. */
    private void endTurn() {
        List<Runnable> tasks;
        synchronized (this) {
            turn = null;
            tasks = putOff;
            putOff = spare;
            spare = tasks;
        }
        ending = Thread.currentThread();
        try {
            for (Runnable task : tasks) {
                run(task);
            }
        } finally {
            tasks.clear();
            ending = null;
        }
    }

    private static void run(Runnable task) {
        try {
            task.run();
        } catch (Throwable e) {
            LOG.warn("a task at the end of a selector's turn has failed", e); // the selector must go on
        }
    }
}
