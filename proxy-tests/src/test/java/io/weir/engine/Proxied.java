package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.ProxyListener;
import io.weir.jetty.JettyProxyServer;
import io.weir.log.AttemptFailure;
import io.weir.log.ExchangeSummary;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.H2Client;
import io.weir.testkit.Leaks;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.HealthTransition;
import io.weir.upstream.UpstreamPool;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.UnaryOperator;
import org.eclipse.jetty.io.ArrayByteBufferPool;

/**
 * A proxy on a free port in front of one scripted upstream. Closing it checks what must hold after every exchange, good or
 * bad: no script has failed, every buffer is back, the proxy's threads have ended.
 *
 * <p>The pool has a second upstream, which no test means to use: a retry that should not be shows there.
 */
final class Proxied implements AutoCloseable {

    private final ScriptedUpstream upstream;
    private final ScriptedUpstream other =
            ScriptedUpstream.answering("HTTP/1.1 299 Retried\r\nContent-Length: 0\r\n\r\n");
    private final Edge edge = Edge.current();
    private final ArrayByteBufferPool.Tracking buffers = new ArrayByteBufferPool.Tracking();
    private final Record record = new Record();
    private final JettyProxyServer server;

    private Proxied(ScriptedUpstream upstream, UnaryOperator<ProxyConfig.Builder> settings) {
        this.upstream = upstream;
        UpstreamPool pool = UpstreamPool.named("app")
                .upstream(upstream.uri())
                .upstream(other.uri(), settingsOfOther -> settingsOfOther.backup())
                .build();
        ProxyConfig.Builder config =
                ProxyConfig.builder().listener(record).route(Route.any().to(pool));
        server = JettyProxyServer.builder(settings.apply(config).build())
                .listen(edge.listener())
                .buffers(buffers)
                .start();
    }

    /** In front of an upstream with these scripts, as {@link ScriptedUpstream#of} takes them. */
    static Proxied to(ScriptedUpstream.Script... scripts) {
        return to(ScriptedUpstream.of(scripts));
    }

    /** In front of that upstream, which is closed together with the proxy. */
    static Proxied to(ScriptedUpstream upstream) {
        return new Proxied(upstream, UnaryOperator.identity());
    }

    /** The same with settings of the proxy's. */
    static Proxied to(ScriptedUpstream upstream, UnaryOperator<ProxyConfig.Builder> settings) {
        return new Proxied(upstream, settings);
    }

    ScriptedUpstream upstream() {
        return upstream;
    }

    int port() {
        return server.port();
    }

    RawClient client() {
        return client(0);
    }

    /** One request on a connection of its own. */
    RawResponse exchange(String request) {
        try (RawClient client = client()) {
            return client.send(request).readResponse();
        }
    }

    /** One with a small receive buffer: a reader that stops is felt after that many bytes. */
    RawClient client(int receiveBufferBytes) {
        return edge.client(port(), receiveBufferBytes);
    }

    H2Client h2Client() {
        return h2Client(64 * 1024, 64 * 1024);
    }

    /** One with flow-control windows of those sizes. */
    H2Client h2Client(int windowBytes, int connectionWindowBytes) {
        return edge.h2Client(port(), windowBytes, connectionWindowBytes);
    }

    /** The exchange of that number, counted from 1 in the order of their ends, once it has ended. */
    ExchangeSummary awaitEnded(int number) {
        Await.until(() -> number + " exchanges end; ended: " + record.ended, () -> record.ended.size() >= number);
        return record.ended.get(number - 1);
    }

    /** Until the server has closed all its connections to clients. */
    void awaitNoClients() {
        Await.until(
                "no client is connected",
                () -> Arrays.stream(server.server().getConnectors())
                        .allMatch(connector -> connector.getConnectedEndPoints().isEmpty()));
    }

    /** What was said against the upstream: failed attempts and ejections. */
    List<String> complaints() {
        return record.complaints;
    }

    @Override
    public void close() {
        server.close();
        int retries = other.connectionCount();
        upstream.close();
        other.close();
        Leaks.assertNone(buffers);
        assertThat(server.server().getThreadPool().getThreads()).isZero();
        assertThat(retries).as("retries").isZero();
    }

    private static final class Record implements ProxyListener {

        private final List<ExchangeSummary> ended = new CopyOnWriteArrayList<>();
        private final List<String> complaints = new CopyOnWriteArrayList<>();

        @Override
        public void exchangeFinished(ExchangeSummary exchange) {
            ended.add(exchange);
        }

        @Override
        public void attemptFailed(AttemptFailure failure) {
            complaints.add(failure.line());
        }

        @Override
        public void upstreamEjected(HealthTransition transition) {
            complaints.add(transition.line());
        }
    }
}
