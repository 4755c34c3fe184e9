package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.Explanation;
import io.weir.ProxyConfig;
import io.weir.ProxyListener;
import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.jetty.JettyProxyServer;
import io.weir.log.AttemptFailure;
import io.weir.log.ExchangeSummary;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Leaks;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.upstream.Balancer;
import io.weir.upstream.BalancingStrategy;
import io.weir.upstream.Candidates;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.util.component.Graceful;

/**
 * A proxy on a free port whose pool is the test's to set up. Closing it checks what must hold after whatever happened:
 * every slot and every buffer is back, and the threads have ended.
 */
final class WiredProxy implements AutoCloseable {

    static final String GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

    private final Edge edge = Edge.current();
    private final ArrayByteBufferPool.Tracking buffers = new ArrayByteBufferPool.Tracking();
    private final Slots slots = new Slots();
    private final Record record = new Record();
    private final JettyProxyServer server;
    private boolean forgivesUnreleasedBuffers;

    private WiredProxy(UnaryOperator<UpstreamPool.Builder> upstreams, Settings settings, int selectors) {
        UpstreamPool pool =
                upstreams.apply(UpstreamPool.named("app").balancing(slots)).build();
        ProxyConfig config =
                settings.apply(ProxyConfig.builder().listener(record), pool).build();
        server = JettyProxyServer.builder(config)
                .listen(edge.listener())
                .buffers(buffers)
                .selectors(selectors)
                .start();
    }

    /** What a test adds to a configuration. */
    interface Settings {
        ProxyConfig.Builder apply(ProxyConfig.Builder config, UpstreamPool pool);
    }

    /** With that upstream, and all settings at their defaults. */
    static WiredProxy to(String url) {
        return to(pool -> pool.upstream(url));
    }

    /** With those upstreams. */
    static WiredProxy to(UnaryOperator<UpstreamPool.Builder> upstreams) {
        return to(upstreams, config -> config);
    }

    /** With those upstreams, and settings of the proxy's. */
    static WiredProxy to(UnaryOperator<UpstreamPool.Builder> upstreams, UnaryOperator<ProxyConfig.Builder> settings) {
        return routing(
                upstreams,
                (config, pool) -> settings.apply(config).route(Route.any().to(pool)));
    }

    /** With routes of the test's. */
    static WiredProxy routing(UnaryOperator<UpstreamPool.Builder> upstreams, Settings settings) {
        return new WiredProxy(upstreams, settings, 1);
    }

    /** With several threads that serve sockets, so that the two sides of an exchange meet on different ones. */
    static WiredProxy onSelectors(int selectors, UnaryOperator<UpstreamPool.Builder> upstreams) {
        return new WiredProxy(
                upstreams, (config, pool) -> config.route(Route.any().to(pool)), selectors);
    }

    int port() {
        return server.port();
    }

    RawClient client() {
        return client(0);
    }

    /** One with a small receive buffer: a reader that stops is felt after that many bytes. */
    RawClient client(int receiveBufferBytes) {
        return edge.client(port(), receiveBufferBytes);
    }

    /** One request on a connection of its own. */
    RawResponse exchange(String request) {
        try (RawClient client = client()) {
            client.send(request);
            return request.startsWith("HEAD ") ? client.readHead() : client.readResponse();
        }
    }

    Explanation explain(RequestHead head) {
        return server.explain(head);
    }

    void reload(ProxyConfig config) {
        server.reload(config);
    }

    /** Stops the server, whatever still runs after that time; closing this goes on to check what must hold. */
    void stop(Duration grace) {
        server.stop(grace);
    }

    /** Whether a stop has begun, and everybody has been told. */
    boolean isStopping() {
        return server.server().isStopping()
                && server.server().getContainedBeans(Graceful.class).stream().allMatch(Graceful::isShutdown);
    }

    /** The exchange of that number, counted from 1 in the order of their ends, once it has ended. */
    ExchangeSummary awaitEnded(int number) {
        Await.until(() -> number + " exchanges end; ended: " + record.ended, () -> record.ended.size() >= number);
        return record.ended.get(number - 1);
    }

    /** What went wrong with the exchange of that number, once it has ended; null if nothing did. */
    ProxyError awaitError(int number) {
        return awaitEnded(number).outcome().error();
    }

    /** What went wrong with exchanges that have ended so far. */
    List<ProxyError> errors() {
        return record.ended.stream()
                .map(ended -> ended.outcome().error())
                .filter(Objects::nonNull)
                .toList();
    }

    /** The failed attempts so far. */
    List<AttemptFailure> failures() {
        return record.failures;
    }

    /** The first failed attempt. */
    AttemptFailure awaitFailure() {
        Await.until("an attempt fails", () -> !record.failures.isEmpty());
        return record.failures.get(0);
    }

    /** Exchanges that the pool counts at its upstreams now. */
    int slotsTaken() {
        return slots.taken();
    }

    /** For what makes Jetty itself forget a buffer. */
    void forgiveUnreleasedBuffers() {
        forgivesUnreleasedBuffers = true;
    }

    @Override
    public void close() {
        try {
            Await.until(() -> slotsTaken() + " slots come back", () -> slotsTaken() == 0);
        } finally {
            server.close();
        }
        if (!forgivesUnreleasedBuffers) {
            Leaks.assertNone(buffers);
        }
        assertThat(server.server().getThreadPool().getThreads()).isZero();
    }

    /** Round robin that lets the test see the slots. */
    private static final class Slots implements BalancingStrategy {

        private final List<Candidates> groups = new CopyOnWriteArrayList<>();

        @Override
        public Balancer start(Candidates group, RandomGenerator random) {
            groups.add(group);
            return BalancingStrategy.roundRobin().start(group, random);
        }

        int taken() {
            int taken = 0;
            for (Candidates group : groups) {
                for (int i = 0; i < group.size(); i++) {
                    taken += group.inFlight(i);
                }
            }
            return taken;
        }
    }

    private static final class Record implements ProxyListener {

        private final List<ExchangeSummary> ended = new CopyOnWriteArrayList<>();
        private final List<AttemptFailure> failures = new CopyOnWriteArrayList<>();

        @Override
        public void exchangeFinished(ExchangeSummary exchange) {
            ended.add(exchange);
        }

        @Override
        public void attemptFailed(AttemptFailure failure) {
            failures.add(failure);
        }
    }
}
