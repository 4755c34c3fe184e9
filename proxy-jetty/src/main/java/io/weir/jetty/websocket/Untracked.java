package io.weir.jetty.websocket;

import java.util.Collection;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import org.eclipse.jetty.websocket.api.Session;
import org.eclipse.jetty.websocket.api.WebSocketContainer;
import org.eclipse.jetty.websocket.api.WebSocketSessionListener;

/**
 * The container of the bridges' sessions, which keeps none. Jetty's own would close them all when the server begins to stop,
 * while the bridge says its goodbye: the second close aborts the connection before the first has left.
 */
final class Untracked implements WebSocketContainer {
    private final Executor executor;

    Untracked(Executor executor) {
        this.executor = executor;
    }

    @Override
    public Executor getExecutor() {
        return executor;
    }

    @Override
    public Collection<Session> getOpenSessions() {
        return List.of();
    }

    @Override
    public void addSessionListener(WebSocketSessionListener listener) {
        throw new UnsupportedOperationException("nobody is told of a bridge's sessions");
    }

    @Override
    public boolean removeSessionListener(WebSocketSessionListener listener) {
        return false;
    }

    @Override
    public void notifySessionListeners(Consumer<WebSocketSessionListener> consumer) {
        // There are none.
    }
}
