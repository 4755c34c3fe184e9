package io.weir.jetty.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.ProxyListener;
import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.log.AccessLog;
import io.weir.log.ExchangeSummary;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class AccessLogsTest {

    @Test
    void aConditionThatAlwaysFailsIsToldOfOnceASecond() {
        AtomicBoolean fails = new AtomicBoolean();
        ExchangeSummary exchange =
                exchangeOf(AccessLog.format("$status always-fails").when(any -> {
                    if (fails.get()) {
                        throw new IllegalStateException("out of order");
                    }
                    return false;
                }));
        fails.set(true); // from here on, so that the server says nothing of it
        AtomicLong clock = new AtomicLong(42);
        AccessLogs logs = new AccessLogs(clock::get);
        try (LogCapture warnings = LogCapture.of(AccessLogs.class.getName())) {
            for (int i = 0; i < 5; i++) {
                logs.write(exchange);
            }
            clock.addAndGet(News.NANOS - 1);
            logs.write(exchange);
            assertThat(warnings.lines("always-fails to logger")).hasSize(1);

            clock.addAndGet(1);
            logs.write(exchange);
            logs.write(exchange);

            assertThat(warnings.lines("always-fails to logger"))
                    .satisfiesExactly(
                            first -> {
                                assertThat(first.message()).contains("failed, 1 lines lost since");
                                assertThat(first.cause()).contains("out of order");
                            },
                            second -> assertThat(second.message()).contains("failed, 6 lines lost since"));
        }
    }

    /** One that has ended and belongs into that log. */
    private static ExchangeSummary exchangeOf(AccessLog log) {
        List<ExchangeSummary> ended = new CopyOnWriteArrayList<>();
        ProxyListener listener = new ProxyListener() {
            @Override
            public void exchangeFinished(ExchangeSummary exchange) {
                ended.add(exchange);
            }
        };
        try (JettyProxyServer weir = JettyProxyServer.builder(ProxyConfig.builder()
                        .accessLog(log)
                        .listener(listener)
                        .route(Route.any().answer(Reply.status(204)))
                        .build())
                .listen("127.0.0.1", 0)
                .start()) {
            RawClient.exchange(weir.port(), "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
            Await.until("the exchange has ended", () -> !ended.isEmpty());
        }
        return ended.get(0);
    }
}
