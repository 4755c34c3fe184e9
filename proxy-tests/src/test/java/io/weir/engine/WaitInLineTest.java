package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.testkit.RawClient;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Requests beyond what an upstream may get at a time. */
class WaitInLineTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final String GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

    @Test
    void manyClientsAreServedOneAtATime() {
        AtomicInteger serving = new AtomicInteger();
        AtomicInteger most = new AtomicInteger();
        try (ScriptedUpstream upstream = ScriptedUpstream.of(connection -> {
                    while (true) {
                        connection.readRequest();
                        most.accumulateAndGet(serving.incrementAndGet(), Math::max);
                        serving.decrementAndGet();
                        connection.send(OK);
                    }
                });
                RetryingProxy proxy = proxy(upstream, Duration.ofMinutes(1))) {
            List<RawClient> clients = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                clients.add(proxy.client());
            }
            for (int round = 0; round < 20; round++) {
                clients.forEach(client -> client.send(GET));

                assertThat(clients).allMatch(client -> client.readResponse().status() == 200);
            }
            clients.forEach(RawClient::close);
            assertThat(most).hasValue(1);
        }
    }

    @Test
    void whoWaitsTooLongGetsA503() {
        CountDownLatch answer = new CountDownLatch(1);
        try (ScriptedUpstream upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    answer.await();
                    connection.send(OK);
                });
                RetryingProxy proxy = proxy(upstream, Duration.ofMillis(100));
                RawClient first = proxy.client();
                RawClient second = proxy.client()) {
            first.send(GET);
            upstream.awaitRequest();
            second.send(GET);

            assertThat(second.readResponse().status()).isEqualTo(503);
            answer.countDown();
            assertThat(first.readResponse().status()).isEqualTo(200);
            assertThat(List.of(proxy.awaitEnded(1), proxy.awaitEnded(2)))
                    .extracting(exchange -> exchange.outcome().error())
                    .containsExactlyInAnyOrder(ProxyError.CONNECTION_LIMIT, null);
        }
    }

    @Test
    void aClientThatGoesLeavesTheLineToTheOneBehind() {
        CountDownLatch answer = new CountDownLatch(1);
        try (ScriptedUpstream upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    answer.await();
                    connection.send(OK);
                    connection.readRequest();
                    connection.send(OK);
                });
                RetryingProxy proxy = proxy(upstream, Duration.ofMinutes(1));
                RawClient first = proxy.client();
                RawClient second = proxy.client();
                RawClient third = proxy.client()) {
            first.send(GET);
            upstream.awaitRequest();
            second.send(GET);
            third.send(GET);
            second.reset();
            assertThat(proxy.awaitEnded(1).outcome().status()).isEqualTo(499);
            answer.countDown();

            assertThat(first.readResponse().status()).isEqualTo(200);
            assertThat(third.readResponse().status()).isEqualTo(200);
        }
    }

    private static RetryingProxy proxy(ScriptedUpstream upstream, Duration patience) {
        return RetryingProxy.over(UpstreamPool.named("app")
                .upstream(upstream.uri(), u -> u.maxConnections(1))
                .queue(100, patience)
                .build());
    }
}
