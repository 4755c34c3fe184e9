package io.weir.jetty.exchange;

import io.weir.Exchange;
import io.weir.http.ProxyError;
import io.weir.http.ResponseHead;
import io.weir.http.Traffic;
import io.weir.jetty.tunnel.Passage;
import io.weir.jetty.tunnel.Tunnel;
import io.weir.jetty.upstream.UpstreamCall;
import io.weir.jetty.websocket.WebSocketBridge;
import io.weir.log.WebSocketSummary;
import io.weir.route.WebSocketPolicy;
import org.eclipse.jetty.io.EndPoint;
import org.jspecify.annotations.Nullable;

/** An exchange's connections switched to another protocol, until both have ended. */
final class Switch implements Passage.Listener {
    private final ExchangeRunner runner;
    private final Exchange exchange;
    private final Downstream downstream;
    private final Switching switching;
    private volatile @Nullable Passage open;

    Switch(ExchangeRunner runner, Exchange exchange, Downstream downstream, Switching switching) {
        this.runner = runner;
        this.exchange = exchange;
        this.downstream = downstream;
        this.switching = switching;
    }

    /** Sends the head of the switch to the client, and passes bytes both ways from then on. */
    void tunnel(ResponseHead head, UpstreamCall call) {
        EndPoint upstream = takeOver(call);
        if (upstream == null) {
            return;
        }
        boolean webSocket = "websocket".equals(head.header("Upgrade"));
        Tunnel tunnel = downstream.tunnelTo(upstream, exchange.timeouts().tunnel(), webSocket, this);
        open(tunnel);
        upstream.upgrade(tunnel.upstreamConnection());
        if (runner.isOver()) {
            drop(tunnel);
        } else {
            downstream.switchTo(head, tunnel.clientConnection(), runner::clientBroke);
        }
    }

    /** Sends the head of the switch to the client, and passes messages both ways under that policy from then on. */
    void bridge(ResponseHead head, WebSocketPolicy policy, UpstreamCall call) {
        EndPoint upstream = takeOver(call);
        if (upstream == null) {
            return;
        }
        WebSocketBridge bridge = downstream.bridge(
                policy, exchange.request(), exchange.timeouts().tunnel(), exchange::messageHookFailed, this);
        open(bridge);
        downstream.openUpstream(bridge, upstream, switching.bridges());
        if (runner.isOver()) {
            drop(bridge);
        } else {
            downstream.switchTo(head, bridge, switching.bridges(), runner::clientBroke);
        }
    }

    /** Whether the client's connection is no longer HTTP's: then closing this is all that ends it. */
    boolean hasClient() {
        Passage passage = open;
        return passage != null && passage.hasClient();
    }

    void close() {
        Passage passage = open;
        if (passage != null) {
            passage.close();
        }
    }

    /**
     * Last word on the exchange, for the core.
     *
     * @param bodyReceived of the request, before the switch
     */
    void finish(long bodyReceived, long now) {
        Passage passage = open;
        long bytes = 0;
        WebSocketSummary webSocket = null;
        if (passage != null) {
            switching.passages().remove(passage);
            bytes = passage.bytesToClient();
            webSocket = passage.webSocket();
        }
        exchange.finished(new Traffic(bytes, downstream.bytesSent(bytes), bodyReceived), webSocket, now);
    }

    // ---- what passes tells ----

    @Override
    public void closed() {
        runner.switchedEnded();
    }

    @Override
    public void broke(boolean byClient, Throwable cause) {
        // That one of two has left says nothing about the upstream's health: it had answered well.
        long now = ExchangeRunner.now();
        runner.perform(
                byClient
                        ? exchange.clientGone(now)
                        : exchange.failed(ProxyError.CONNECTION_TERMINATED, "the tunnel broke: " + cause, now));
    }

    @Override
    public void expired() {
        runner.perform(exchange.expired(Exchange.Clock.TUNNEL, ExchangeRunner.now()));
    }

    // ---- helpers ----

    private @Nullable EndPoint takeOver(UpstreamCall call) {
        EndPoint upstream = call.takeOver();
        if (upstream == null) {
            runner.perform(
                    exchange.failed(ProxyError.CONNECTION_TERMINATED, "the upstream is gone", ExchangeRunner.now()));
        }
        return upstream;
    }

    /** The exchange ended while this was being opened; its last word may have come before. */
    private void drop(Passage late) {
        late.close();
        switching.passages().remove(late);
    }

    private void open(Passage passage) {
        open = passage;
        switching.passages().add(passage);
    }
}
