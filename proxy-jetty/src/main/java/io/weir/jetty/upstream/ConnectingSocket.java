package io.weir.jetty.upstream;

import io.weir.upstream.Upstream;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.SocketChannel;
import java.util.Map;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ManagedSelector;
import org.eclipse.jetty.io.Transport;
import org.eclipse.jetty.util.IO;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;

/** One try to connect to an upstream, which can be given up at any moment until somebody has its connection. */
final class ConnectingSocket extends Transport.Socket {
    private final Upstream upstream;
    private final Protocol protocol;
    private @Nullable SelectableChannel channel;
    private @Nullable EndPoint connected;
    private boolean opened;
    private boolean closed;

    /** What is spoken on a socket once it is connected. */
    interface Protocol {
        /** @param context as it was given to {@code connect} */
        Connection over(UpstreamEndPoint socket, Map<String, Object> context);
    }

    ConnectingSocket(Upstream upstream, Protocol protocol) {
        this.upstream = upstream;
        this.protocol = protocol;
    }

    /** Gives it up, however far it has come. */
    void close() {
        SelectableChannel connecting;
        EndPoint open;
        synchronized (this) {
            closed = true;
            connecting = channel;
            open = connected;
            if (open != null && !opened) {
                return; // Jetty is about to open it, and warns of one that is closed
            }
        }
        if (open != null) {
            open.close();
        }
        IO.close(connecting);
    }

    private void opened(EndPoint open) {
        boolean late;
        synchronized (this) {
            opened = true;
            late = closed;
        }
        if (late) {
            open.close();
        }
    }

    @Override
    public SelectableChannel newSelectableChannel() throws IOException {
        SelectableChannel fresh =
                upstream.socket() == null ? SocketChannel.open() : SocketChannel.open(StandardProtocolFamily.UNIX);
        synchronized (this) {
            if (!closed) {
                channel = fresh;
                return fresh;
            }
        }
        IO.close(fresh);
        throw new ClosedChannelException();
    }

    @Override
    public EndPoint newEndPoint(
            Scheduler scheduler, ManagedSelector selector, SelectableChannel selectable, SelectionKey key) {
        return new UpstreamEndPoint((SocketChannel) selectable, selector, key, scheduler);
    }

    @Override
    public Connection newConnection(EndPoint endPoint, Map<String, Object> context) {
        synchronized (this) {
            connected = endPoint;
        }
        Connection connection = protocol.over((UpstreamEndPoint) endPoint, context);
        connection.addEventListener(new Connection.Listener() {
            @Override
            public void onOpened(Connection open) {
                opened(endPoint);
            }
        });
        return connection;
    }
}
