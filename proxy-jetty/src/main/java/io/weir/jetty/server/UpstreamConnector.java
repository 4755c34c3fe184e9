package io.weir.jetty.server;

import io.weir.jetty.server.SharedSelectorConnector.SharedSelectors;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.server.Server;
import org.jspecify.annotations.Nullable;

/**
 * Opens connections to upstreams on selectors that are lent by the {@link SharedSelectorConnector}s of its server.
 *
 * <p>A lender is asked by Jetty for everything that concerns a channel on its selectors, and passes on here what
 * concerns an upstream's.
 */
final class UpstreamConnector extends ClientConnector {
    private final List<SharedSelectors> lenders = new CopyOnWriteArrayList<>();

    private UpstreamConnector(Server server) {
        setExecutor(server.getThreadPool());
        setScheduler(server.getScheduler());
        setByteBufferPool(server.getByteBufferPool());
    }

    /** The one of the given server, which starts and stops it. */
    static UpstreamConnector of(Server server) {
        UpstreamConnector present = server.getBean(UpstreamConnector.class);
        if (present != null) {
            return present;
        }
        UpstreamConnector added = new UpstreamConnector(server);
        server.addManaged(added);
        return added;
    }

    void borrow(SharedSelectors selectors) {
        lenders.add(selectors);
    }

    void giveBack(SharedSelectors selectors) {
        lenders.remove(selectors);
    }

    BorrowedSelectors selectors() {
        return (BorrowedSelectors) getSelectorManager();
    }

    @Override
    protected SelectorManager newSelectorManager() {
        return new BorrowedSelectors();
    }

    /** Treats an upstream's channel as every client connector does, but has no selector of its own to start. */
    final class BorrowedSelectors extends ClientSelectorManager {
        private BorrowedSelectors() {
            super(UpstreamConnector.this.getExecutor(), UpstreamConnector.this.getScheduler(), 1);
        }

        @Override
        protected void doStart() {}

        @Override
        protected void doStop() {}

        @Override
        protected @Nullable ManagedSelector chooseSelector() {
            SharedSelector here = SharedSelector.ofThisThread();
            if (here != null && here.isRunning() && isLent(here)) {
                return here;
            }
            return lenders.isEmpty() ? null : lenders.get(0).chooseSelector();
        }

        // The thread may have served another server before.
        private boolean isLent(SharedSelector selector) {
            for (SharedSelectors lender : lenders) {
                if (lender == selector.lender()) {
                    return true;
                }
            }
            return false;
        }

        // What follows is Jetty's, made visible to the lenders.

        @Override
        protected EndPoint newEndPoint(SelectableChannel channel, ManagedSelector selector, SelectionKey key) {
            return super.newEndPoint(channel, selector, key);
        }

        @Override
        protected void connectionFailed(SelectableChannel channel, Throwable failure, Object context) {
            super.connectionFailed(channel, failure, context);
        }

        @Override
        protected void onAcceptFailed(SelectableChannel channel, Throwable failure, Object context) {
            super.onAcceptFailed(channel, failure, context);
        }
    }
}
