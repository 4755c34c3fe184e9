package io.weir.jetty.websocket;

import io.weir.jetty.server.Clock;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.server.Components;

/** Looks at both ends of a bridge again and again: pings one that was silent, gives up one that did not answer. */
final class Pings {
    private final WebSocketBridge bridge;
    private final Duration silence;
    private final Clock clock;

    Pings(WebSocketBridge bridge, Duration silence, Components components) {
        this.bridge = bridge;
        this.silence = silence;
        clock = new Clock(components.getScheduler(), components.getExecutor(), this::look);
    }

    void start() {
        clock.start(silence);
    }

    void close() {
        clock.close();
    }

    private void look() {
        if (bridge.isClosing() || !clock.hasExpired()) {
            return;
        }
        BridgeEnd client = bridge.client();
        BridgeEnd upstream = bridge.upstream();
        BridgeEnd dead = client.isDead() ? client : upstream.isDead() ? upstream : null;
        if (dead != null) {
            bridge.giveUp(dead, new TimeoutException("no answer to a ping within " + silence));
            return;
        }
        client.pingIfSilent();
        upstream.pingIfSilent();
        clock.start(silence);
    }
}
