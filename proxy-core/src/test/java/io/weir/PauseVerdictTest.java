package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.Reply;
import io.weir.middleware.Middleware;
import io.weir.middleware.Verdict;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** A verdict that waits for a time holds its exchange until then. */
class PauseVerdictTest {
    private final AtomicInteger asked = new AtomicInteger();

    @Test
    void anExchangeGoesOnWhenTheTimeHasCome() {
        Exchange exchange = bench(pausing(100)).get("/");

        assertThat(exchange.begin(0)).isEqualTo(new Decision.Pause(100));
        assertThat(exchange.resumed(99)).isEqualTo(new Decision.Pause(100));
        Bench.forwarded(exchange.resumed(100));

        assertThat(asked).hasValue(1);
    }

    @Test
    void aTimeThatHasPassedPausesNothing() {
        Bench.forwarded(bench(pausing(-1)).get("/").begin(0));
    }

    @Test
    void whatComesAfterThePauseMayBeAnythingAgain() {
        CompletableFuture<Verdict> late = new CompletableFuture<>();
        Bench bench = bench(Middleware.gate(r -> Verdict.pause(10, () -> Verdict.later(late))));
        Exchange exchange = bench.get("/");

        assertThat(exchange.begin(0)).isEqualTo(new Decision.Pause(10));
        assertThat(exchange.resumed(10)).isEqualTo(new Decision.Pause(Long.MAX_VALUE));
        late.complete(Verdict.pause(30, () -> Verdict.answer(Reply.status(429))));
        assertThat(bench.wakeUps).hasValue(1);
        assertThat(exchange.resumed(20)).isEqualTo(new Decision.Pause(30));
        assertThat(Bench.answered(exchange.resumed(30)).status()).isEqualTo(429);
    }

    @Test
    void theNextMiddlewareIsAskedAfterThePause() {
        AtomicInteger next = new AtomicInteger();
        Exchange exchange = bench(pausing(5), Middleware.gate(r -> {
                    next.incrementAndGet();
                    return Verdict.proceed(r);
                }))
                .get("/");

        exchange.begin(0);
        assertThat(next).hasValue(0);
        exchange.resumed(5);

        assertThat(next).hasValue(1);
    }

    @Test
    void anExchangeThatEndsMeanwhileIsNotAskedAgain() {
        Exchange exchange = bench(pausing(5)).get("/");
        exchange.begin(0);

        exchange.clientGone(1);

        assertThat(exchange.resumed(5)).isInstanceOf(Decision.Nothing.class);
        assertThat(asked).hasValue(0);
    }

    private Middleware pausing(long until) {
        return Middleware.gate(r -> Verdict.pause(until, () -> {
            asked.incrementAndGet();
            return Verdict.proceed(r);
        }));
    }

    private static Bench bench(Middleware... middleware) {
        ProxyConfig.Builder config = ProxyConfig.builder().route(Route.any().to(UpstreamPool.of("app", "http://a")));
        for (Middleware one : middleware) {
            config.use(one);
        }
        return Bench.of(config);
    }
}
