package io.weir.jetty.listen;

import java.io.IOException;
import java.nio.ByteBuffer;
import org.eclipse.jetty.io.AbstractConnection;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.util.BufferUtil;
import org.jspecify.annotations.Nullable;

/**
 * Reads the beginning of a connection until it is known who goes on. What was read beyond that is handed on.
 */
abstract class FirstBytes extends AbstractConnection implements Connection.UpgradeFrom, Connection.UpgradeTo {
    final Connector connector;
    private final ByteBuffer bytes;

    /**
     * Reads so many bytes at most.
     *
     * <p>The buffer is of the heap: it lives for a moment, and unlike a pooled one it need not be given back however the
     * connection ends.
     */
    FirstBytes(Connector connector, EndPoint endPoint, int limit) {
        super(endPoint, connector.getExecutor());
        this.connector = connector;
        bytes = BufferUtil.allocate(limit);
    }

    /**
     * Looks at what there is, which it may consume. Once it knows enough it upgrades the end point, or closes it.
     *
     * @return whether it knew enough
     */
    abstract boolean look(ByteBuffer bytes) throws IOException;

    @Override
    public void onOpen() {
        super.onOpen();
        onFillable();
    }

    @Override
    public void onFillable() {
        try {
            while (!bytes.hasRemaining() || !look(bytes)) {
                if (BufferUtil.space(bytes) == 0) {
                    throw new IOException("too long");
                }
                int filled = getEndPoint().fill(bytes);
                if (filled < 0) {
                    getEndPoint().close();
                    return;
                }
                if (filled == 0) {
                    fillInterested();
                    return;
                }
            }
        } catch (IOException e) {
            getEndPoint().close(e);
        }
    }

    @Override
    public void onUpgradeTo(ByteBuffer buffer) {
        BufferUtil.append(bytes, buffer);
    }

    @Override
    public @Nullable ByteBuffer onUpgradeFrom() {
        return bytes.hasRemaining() ? bytes : null;
    }
}
