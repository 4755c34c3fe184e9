package io.weir.jetty.server;

import java.io.IOException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Executor;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.io.SocketChannelEndPoint;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.IO;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/**
 * A server connector whose selectors carry the connections to upstreams as well, so that both sides of an exchange have
 * their events on one thread and nothing is handed from thread to thread in between.
 *
 * <p>Clients are accepted at {@link WatchedEndPoint}s and spread over the selectors in turn. Upstream connections are
 * opened through {@link #clientConnector()}, on the selector of the thread that asks. They are no clients: neither
 * limits nor statistics nor {@link #getConnectedEndPoints()} count them.
 *
 * <p>A server may have several of these connectors. They share one client connector, and an upstream connection goes to
 * the selector of the thread that asks, whichever of them that selector belongs to. A thread that is no selector's gets
 * the next selector of the connector that was started first.
 */
public final class SharedSelectorConnector extends ServerConnector {
    private static final String SELECTOR_CONTEXT_KEY = SharedSelector.class.getName();

    private final UpstreamConnector upstreams;
    private volatile ClientClocks clientClocks = ClientClocks.DEFAULTS;
    private @Nullable UnixSocketFile unixSocket;
    private volatile @Nullable ServerSocketChannel unixChannel;

    /**
     * Not started until the server is. Zero acceptors means that the selectors accept, too; -1 lets Jetty choose either
     * number.
     */
    public SharedSelectorConnector(Server server, int acceptors, int selectors, ConnectionFactory... factories) {
        super(server, acceptors, selectors, factories);
        this.upstreams = UpstreamConnector.of(server);
    }

    /** The clocks of connections that are accepted from now on. */
    public void setClientClocks(ClientClocks clocks) {
        clientClocks = clocks;
    }

    /**
     * Opens upstream connections over TCP and Unix-domain sockets. It is started and stopped by the server, whose threads
     * and buffers it uses; what else is to be set on it must be set before that.
     *
     * <p>A connection is opened, and its promise succeeds, on the thread of its selector.
     */
    public ClientConnector clientConnector() {
        return upstreams;
    }

    /** Listens on that socket, not on a port. */
    public void setUnixSocket(UnixSocketFile socket) {
        unixSocket = socket;
    }

    @Override
    public void open() throws IOException {
        if (unixSocket == null) {
            super.open();
        } else if (unixChannel == null) {
            unixChannel = unixSocket.bind(getAcceptQueueSize());
        }
    }

    @Override
    public boolean isOpen() {
        ServerSocketChannel channel = unixChannel;
        return channel == null ? super.isOpen() : channel.isOpen();
    }

    @Override
    public void accept(int acceptorId) throws IOException {
        ServerSocketChannel channel = unixChannel;
        if (channel == null) {
            super.accept(acceptorId);
        } else if (channel.isOpen()) {
            SocketChannel accepted = channel.accept();
            accepted.configureBlocking(false);
            getSelectorManager().accept(accepted);
        }
    }

    @Override
    public void close() {
        ServerSocketChannel channel = unixChannel;
        if (unixSocket != null && channel != null && channel.isOpen()) {
            unixSocket.remove();
            IO.close(channel);
        }
        super.close();
    }

    /** An IPv4 address is one, even where a socket could serve both families. */
    @Override
    protected ServerSocketChannel openAcceptChannel() throws IOException {
        InetAddress address = getHost() == null ? null : InetAddress.getByName(getHost());
        if (!(address instanceof Inet4Address)) {
            return super.openAcceptChannel();
        }
        ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.INET);
        try {
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, getReuseAddress());
            return channel.bind(new InetSocketAddress(address, getPort()), getAcceptQueueSize());
        } catch (IOException e) {
            IO.close(channel);
            throw e;
        }
    }

    @Override
    protected SocketChannelEndPoint newEndPoint(SocketChannel channel, ManagedSelector selector, SelectionKey key) {
        WatchedEndPoint endPoint = new WatchedEndPoint(
                channel, selector, key, getScheduler(), getExecutor(), clientClocks, this::isShutdown);
        endPoint.setIdleTimeout(getIdleTimeout());
        return endPoint;
    }

    @Override
    protected SelectorManager newSelectorManager(Executor executor, Scheduler scheduler, int selectors) {
        return new SharedSelectors(executor, scheduler, selectors);
    }

    /** The selectors of one connector. An upstream's channel is known by the context of its connect, which is a map. */
    final class SharedSelectors extends ServerConnectorManager {
        private SharedSelectors(Executor executor, Scheduler scheduler, int selectors) {
            super(executor, scheduler, selectors);
        }

        @Override
        protected void doStart() throws Exception {
            super.doStart();
            upstreams.borrow(this);
        }

        @Override
        protected void doStop() throws Exception {
            upstreams.giveBack(this);
            super.doStop();
        }

        @Override
        protected ManagedSelector newSelector(int id) {
            return new SharedSelector(this, id);
        }

        @Override
        protected ManagedSelector chooseSelector() {
            return super.chooseSelector();
        }

        // Only upstreams are connected to.
        @Override
        public long getConnectTimeout() {
            return upstreams.getConnectTimeout().toMillis();
        }

        @Override
        protected void connectionSucceeded(SelectableChannel channel) {
            upstreams.selectors().connectionSucceeded(channel);
        }

        @Override
        protected void connectionFailed(SelectableChannel channel, Throwable failure, Object attachment) {
            upstreams.selectors().connectionFailed(channel, failure, attachment);
        }

        // A channel that is accepted becomes an end point on its selector's thread at once: nothing of that blocks.
        @Override
        protected void execute(Runnable task) {
            if (task instanceof ManagedSelector.SelectorUpdate) {
                task.run();
            } else {
                super.execute(task);
            }
        }

        @Override
        protected void onAccepted(SelectableChannel channel) {
            if (!isUpstream(channel)) {
                super.onAccepted(channel);
            }
        }

        @Override
        protected void onAcceptFailed(SelectableChannel channel, Throwable failure, Object attachment) {
            if (attachment instanceof Map) {
                upstreams.selectors().onAcceptFailed(channel, failure, attachment);
            } else {
                super.onAcceptFailed(channel, failure, attachment);
            }
        }

        @Override
        protected SocketChannelEndPoint newEndPoint(
                SelectableChannel channel, ManagedSelector selector, SelectionKey key) throws IOException {
            if (!(key.attachment() instanceof Map)) {
                return super.newEndPoint(channel, selector, key);
            }
            contextOf(key.attachment()).put(SELECTOR_CONTEXT_KEY, selector);
            return (SocketChannelEndPoint) upstreams.selectors().newEndPoint(channel, selector, key);
        }

        @Override
        public Connection newConnection(SelectableChannel channel, EndPoint endPoint, @Nullable Object attachment)
                throws IOException {
            return attachment instanceof Map
                    ? upstreams.selectors().newConnection(channel, endPoint, attachment)
                    : super.newConnection(channel, endPoint, attachment);
        }

        @Override
        public void connectionOpened(Connection connection, @Nullable Object attachment) {
            if (!(attachment instanceof Map)) {
                super.connectionOpened(connection, attachment);
                return;
            }
            Object selector = contextOf(attachment).get(SELECTOR_CONTEXT_KEY); // put there by newEndPoint
            ((ManagedSelector) Objects.requireNonNull(selector))
                    .submit(ignored -> upstreams.selectors().connectionOpened(connection, attachment));
        }

        @Override
        protected void endPointOpened(EndPoint endPoint) {
            if (endPoint instanceof WatchedEndPoint) {
                super.endPointOpened(endPoint);
            }
        }

        @Override
        protected void endPointClosed(EndPoint endPoint) {
            if (endPoint instanceof WatchedEndPoint) {
                super.endPointClosed(endPoint);
            }
        }

        private boolean isUpstream(SelectableChannel channel) {
            for (SharedSelector selector : getBeans(SharedSelector.class)) {
                SelectionKey key = channel.keyFor(selector.getSelector());
                if (key != null) {
                    return key.attachment() instanceof Map;
                }
            }
            return false;
        }

        @SuppressWarnings("unchecked") // as ClientConnector.connect() wants it
        private static Map<String, Object> contextOf(Object attachment) {
            return (Map<String, Object>) attachment;
        }
    }
}
