package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.middleware.ConnectionLimit;
import io.weir.middleware.Middleware;
import io.weir.middleware.Verdict;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** However exchanges end, a limit on how many run gets each place back once: no fewer, no more. */
class LimitedExchangesTest {
    private static final int LIMIT = 3;

    private final CompletableFuture<Verdict> never = new CompletableFuture<>();

    @Test
    void everyEndingGivesOnePlaceBackOnce() {
        for (int seed = 0; seed < 2_000; seed++) {
            Random random = new Random(seed);
            Middleware second = random.nextInt(4) == 0
                    ? Middleware.gate(r -> Verdict.later(never))
                    : random.nextInt(4) == 0
                            ? Middleware.gate(r -> {
                                throw new IllegalStateException("boom");
                            })
                            : Middleware.gate(Verdict::proceed);
            Bench bench = Bench.of(ProxyConfig.builder()
                    .use(ConnectionLimit.of(LIMIT))
                    .use(second)
                    .route(Route.any().to(UpstreamPool.of("app", "http://a"))));
            List<Exchange> running = new ArrayList<>();
            for (int i = 0; i < 20; i++) {
                Exchange exchange = bench.get("/");
                Decision decision = exchange.begin(i);
                boolean refused = decision instanceof Decision.Answer answer
                        && answer.reply().status() == 503;
                assertThat(refused).as("seed %s", seed).isEqualTo(running.size() == LIMIT);
                if (refused) {
                    exchange.finished(0, i);
                } else {
                    running.add(exchange);
                    live(decision, random, i);
                }
                while (!running.isEmpty() && random.nextInt(3) == 0) {
                    end(running.remove(random.nextInt(running.size())), random, i);
                }
            }
            running.forEach(exchange -> exchange.finished(0, 100));
            for (int i = 0; i < LIMIT; i++) {
                assertThat(free(bench)).as("seed %s", seed).isTrue();
                bench.get("/").begin(101);
            }
            assertThat(free(bench)).as("seed %s", seed).isFalse();
        }
    }

    private static boolean free(Bench bench) {
        return bench.proxy
                .explain(RequestHead.get("/", "localhost"), 101)
                .gates()
                .get(0)
                .equals("ConnectionLimit: lets pass");
    }

    private static void live(Decision decision, Random random, long now) {
        if (decision instanceof Decision.Forward forward) {
            switch (random.nextInt(4)) {
                case 0 -> forward.attempt().answered(ResponseHead.of(200), now);
                case 1 -> forward.attempt().failed(Failures.refused(), now);
                case 2 -> {
                    forward.attempt().answered(ResponseHead.of(200), now);
                    forward.attempt().failed(Failures.refused(), now);
                }
                default -> {}
            }
        }
    }

    private static void end(Exchange exchange, Random random, long now) {
        switch (random.nextInt(4)) {
            case 0 -> exchange.clientGone(now);
            case 1 -> exchange.expired(Exchange.Clock.TOTAL, now);
            case 2 -> exchange.failed(ProxyError.BODY_TOO_LARGE, "", now);
            default -> {}
        }
        exchange.finished(0, now);
        if (random.nextBoolean()) {
            exchange.finished(0, now);
            exchange.clientGone(now);
        }
    }
}
