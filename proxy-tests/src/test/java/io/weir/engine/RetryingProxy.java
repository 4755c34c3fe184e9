package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.ProxyListener;
import io.weir.jetty.JettyProxyServer;
import io.weir.log.ExchangeSummary;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.H2Client;
import io.weir.testkit.Leaks;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.Timeouts;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.jetty.io.ArrayByteBufferPool;

/**
 * A proxy in front of several upstreams, none of which is ever ejected: the first request goes to the first. Its read clock
 * is short. Closing it checks that every buffer is back.
 */
final class RetryingProxy implements AutoCloseable {
    static final Duration READ_CLOCK = Duration.ofMillis(300);

    private final ArrayByteBufferPool.Tracking buffers = new ArrayByteBufferPool.Tracking();
    private final List<ExchangeSummary> ended = new CopyOnWriteArrayList<>();
    private final JettyProxyServer server;

    private RetryingProxy(Timeouts clocks, UpstreamPool pool) {
        ProxyListener record = new ProxyListener() {
            @Override
            public void exchangeFinished(ExchangeSummary exchange) {
                ended.add(exchange);
            }
        };
        ProxyConfig config = ProxyConfig.builder()
                .listener(record)
                .timeouts(clocks)
                .route(Route.any().to(pool))
                .build();
        server = JettyProxyServer.builder(config)
                .listen("127.0.0.1", 0)
                .buffers(buffers)
                .start();
    }

    static RetryingProxy over(RetryPolicy retry, String... upstreams) {
        Timeouts clocks = Timeouts.builder()
                .connect(Duration.ofSeconds(1))
                .read(READ_CLOCK)
                .build();
        return new RetryingProxy(clocks, pool(retry, upstreams));
    }

    /** As the other, for upstreams that answer or break, but are never silent: a busy machine sets off no clock. */
    static RetryingProxy patientlyOver(RetryPolicy retry, String... upstreams) {
        return over(pool(retry, upstreams));
    }

    /** In front of that pool. */
    static RetryingProxy over(UpstreamPool pool) {
        return new RetryingProxy(Timeouts.inherit(), pool);
    }

    private static UpstreamPool pool(RetryPolicy retry, String... upstreams) {
        UpstreamPool.Builder pool = UpstreamPool.named("app").retry(retry);
        for (String url : upstreams) {
            pool.upstream(url, u -> u.maxFails(0));
        }
        return pool.build();
    }

    RawClient client() {
        return RawClient.connect(server.port());
    }

    H2Client h2Client() {
        return H2Client.connect(server.port());
    }

    RawResponse exchange(String request) {
        return RawClient.exchange(server.port(), request);
    }

    /** The exchange of that number, counted from 1 in the order of their ends, once it has ended. */
    ExchangeSummary awaitEnded(int number) {
        Await.until(() -> number + " exchanges end; ended: " + ended, () -> ended.size() >= number);
        return ended.get(number - 1);
    }

    @Override
    public void close() {
        server.close();
        Leaks.assertNone(buffers);
        assertThat(server.server().getThreadPool().getThreads()).isZero();
    }
}
