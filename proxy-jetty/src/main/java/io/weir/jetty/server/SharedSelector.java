package io.weir.jetty.server;

import java.io.IOException;
import java.nio.channels.Selector;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.jspecify.annotations.Nullable;

/** A selector that is known to the thread which selects for it. */
public final class SharedSelector extends ManagedSelector {
    private static final ThreadLocal<@Nullable SharedSelector> OF_THIS_THREAD = new ThreadLocal<>();

    private final SelectorManager lender;

    SharedSelector(SelectorManager lender, int id) {
        super(lender, id);
        this.lender = lender;
    }

    /** The selector that this thread has selected for last; null if it never has. */
    public static @Nullable SharedSelector ofThisThread() {
        return OF_THIS_THREAD.get();
    }

    /** The connector's selector manager to which this belongs. */
    SelectorManager lender() {
        return lender;
    }

    @Override
    protected int select(Selector selector) throws IOException {
        OF_THIS_THREAD.set(this);
        return super.select(selector);
    }
}
