package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.middleware.Middleware;
import io.weir.middleware.RequestContext;
import io.weir.middleware.Verdict;
import io.weir.route.Route;
import io.weir.upstream.PoolState;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamState;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/**
 * What holds whatever is reported in whatever order: slots come back exactly once, an exchange has one head and one end.
 * A failure names its seed.
 */
class ExchangePropertyTest {
    private static final int THREADS = 4;

    @Test
    void anyOrderOfReportsGivesEachSlotBackAndHandsOutOneHead() {
        for (int seed = 0; seed < 5_000; seed++) {
            Life life = new Life(seed);
            Random random = new Random(seed);
            int steps = random.nextInt(40);
            for (int i = 0; i < steps; i++) {
                life.report(random);
                life.checkSlots();
            }
            life.end();
        }
    }

    @Test
    void reportsFromSeveralThreadsGiveEachSlotBackAndHandOutOneHead() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            CyclicBarrier start = new CyclicBarrier(THREADS);
            for (int seed = 0; seed < 1_000; seed++) {
                Life life = new Life(seed);
                life.perform(life.exchange.begin(life.tick()));
                List<Callable<Void>> reporters = new ArrayList<>();
                for (int thread = 0; thread < THREADS; thread++) {
                    Random random = new Random(31L * seed + thread);
                    reporters.add(() -> {
                        start.await();
                        for (int i = 0; i < 12; i++) {
                            life.report(random);
                        }
                        return null;
                    });
                }
                for (Future<Void> reporter : threads.invokeAll(reporters)) {
                    reporter.get();
                }
                life.checkSlots();
                life.end();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    @Test
    void manyExchangesOnOnePoolShareItsSlotsWithoutLoss() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(THREADS);
        try {
            for (int seed = 0; seed < 10; seed++) {
                Bench bench = Bench.of(crowded(new Random(seed)));
                List<Callable<Void>> clients = new ArrayList<>();
                for (int thread = 0; thread < THREADS; thread++) {
                    Random random = new Random(31L * seed + thread);
                    clients.add(() -> {
                        List<Life> lives = new ArrayList<>();
                        for (int i = 0; i < 100; i++) {
                            lives.add(new Life(bench, random));
                            for (int step = 0; step < 30; step++) {
                                lives.get(random.nextInt(lives.size())).report(random);
                            }
                            if (lives.size() == 3) {
                                lives.remove(random.nextInt(3)).exchange.finished(0, 1_000);
                            }
                        }
                        lives.forEach(life -> life.exchange.finished(0, 1_000));
                        return null;
                    });
                }
                for (Future<Void> client : threads.invokeAll(clients)) {
                    client.get();
                }

                PoolState pool = bench.proxy.pools().get("app");
                assertThat(bench.finished).hasSize(THREADS * 100);
                assertThat(pool.upstreams().values()).as("seed " + seed).allMatch(state -> state.inFlight() == 0);
                assertThat(pool.retryBudget()).hasToString("0 retries among 0 exchanges");
                assertThat(Life.WOKEN_UNDER_A_LOCK).isEmpty();
            }
        } finally {
            threads.shutdownNow();
        }
    }

    /** Three upstreams with few slots, a short line, and every kind of retry. */
    private static UpstreamPool crowded(Random random) {
        UpstreamPool.Builder pool = UpstreamPool.named("app")
                .queue(1 + random.nextInt(4), Duration.ofNanos(10))
                .retry(retry(random).withBudget(20, 2));
        for (String url : List.of("http://a", "http://b", "http://c")) {
            int slots = random.nextInt(3);
            pool.upstream(url, u -> u.maxFails(0).maxConnections(1 + slots));
        }
        return pool.build();
    }

    private static RetryPolicy retry(Random random) {
        RetryPolicy retry = RetryPolicy.defaults();
        if (random.nextBoolean()) {
            retry = retry.withStatuses(503, 404);
        }
        if (random.nextBoolean()) {
            retry = retry.withBackOff(Duration.ofNanos(1), Duration.ofNanos(4));
        }
        if (random.nextInt(3) == 0) {
            retry = retry.withTries(random.nextInt(4));
        }
        return random.nextInt(3) == 0 ? retry.withTime(Duration.ofNanos(20)) : retry;
    }

    /** One exchange, everything that was ever forwarded for it, and what has been handed out. */
    private static final class Life {
        private static final String[] METHODS = {"GET", "PUT", "POST"};
        private static final int[] STATUSES = {200, 204, 404, 500, 503, 101};

        static final List<Exchange> WOKEN_UNDER_A_LOCK = new CopyOnWriteArrayList<>();
        private static final ThreadLocal<Exchange> REPORTED_TO = new ThreadLocal<>();

        private final String name;
        private final Bench bench;
        private final int poolSize;
        private final List<CompletableFuture<Verdict>> verdicts = new CopyOnWriteArrayList<>();
        private final List<Attempt> attempts = new CopyOnWriteArrayList<>();
        private final List<Decision> decisions = new CopyOnWriteArrayList<>();
        private final AtomicLong clock = new AtomicLong();
        private final List<UpstreamState> upstreams;
        final Exchange exchange;

        Life(int seed) {
            Random random = new Random(~seed);
            name = "seed " + seed;
            poolSize = 1 + random.nextInt(4);
            ProxyConfig.Builder config = ProxyConfig.builder().route(Route.any().to(pool(random, poolSize)));
            for (int i = random.nextInt(3); i > 0; i--) {
                config.use(middleware(random.nextInt(8)));
            }
            bench = Bench.of(config);
            upstreams = List.copyOf(bench.proxy.pools().get("app").upstreams().values());
            exchange = bench.open(METHODS[random.nextInt(METHODS.length)], "/");
        }

        Life(Bench bench, Random random) {
            name = "shared pool";
            this.bench = bench;
            poolSize = 3;
            upstreams = List.copyOf(bench.proxy.pools().get("app").upstreams().values());
            RequestHead head = RequestHead.builder(METHODS[random.nextInt(METHODS.length)], "/")
                    .build();
            exchange = bench.proxy.open(head, 0, 0, Life::woken);
            REPORTED_TO.set(exchange);
            perform(exchange.begin(tick()));
        }

        private static void woken() {
            Exchange exchange = REPORTED_TO.get();
            if (exchange != null && Thread.holdsLock(exchange)) {
                WOKEN_UNDER_A_LOCK.add(exchange);
            }
        }

        long tick() {
            return clock.incrementAndGet();
        }

        /** One report at random, of the exchange or of an attempt, the superseded included. */
        void report(Random random) {
            long now = tick();
            REPORTED_TO.set(exchange);
            Attempt attempt = attempts.isEmpty() ? null : attempts.get(random.nextInt(attempts.size()));
            if (attempt != null && random.nextInt(4) > 0) {
                attempt = random.nextBoolean() ? attempts.get(attempts.size() - 1) : attempt;
                switch (random.nextInt(10)) {
                    case 0 -> attempt.connected(now);
                    case 1 -> perform(attempt.informed(ResponseHead.of(103), now));
                    case 2, 3 -> {
                        ResponseHead head = ResponseHead.of(STATUSES[random.nextInt(STATUSES.length)]);
                        perform(attempt.answered(head, random.nextInt(4) == 0, now));
                    }
                    case 4 -> attempt.finished(now);
                    default -> perform(attempt.failed(failure(random), now));
                }
                return;
            }
            switch (random.nextInt(16)) {
                case 0 -> perform(exchange.clientGone(now));
                case 1 -> perform(exchange.expired(Exchange.Clock.values()[random.nextInt(3)], now));
                case 2 -> perform(exchange.failed(ProxyError.BODY_TOO_LARGE, "too large", now));
                case 3 -> exchange.finished(0, now);
                case 4, 5, 6, 7 -> perform(exchange.begin(now));
                case 8, 9, 10, 11 -> decide(random);
                default -> perform(exchange.resumed(now));
            }
        }

        void perform(Decision decision) {
            if (decision instanceof Decision.Forward forward) {
                attempts.add(forward.attempt());
            }
            decisions.add(decision);
        }

        /** An exchange has one slot at most. (Asserted only when wrong: this runs after every report.) */
        void checkSlots() {
            int taken = 0;
            for (UpstreamState state : upstreams) {
                int inFlight = state.inFlight();
                taken = inFlight < 0 ? -100 : taken + inFlight;
            }
            if (taken < 0 || taken > 1) {
                throw new AssertionError(name + ": slots " + upstreams);
            }
        }

        void end() {
            exchange.finished(0, tick());
            int handedOut = decisions.size();
            Random random = new Random(0);
            for (int i = 0; i < 10; i++) {
                report(random);
            }
            exchange.finished(0, tick());

            assertThat(decisions.subList(handedOut, decisions.size()))
                    .as(name)
                    .allMatch(decision -> decision instanceof Decision.Nothing);
            assertThat(count(Decision.Answer.class) + count(Decision.Deliver.class))
                    .as(name)
                    .isLessThanOrEqualTo(1);
            assertThat(count(Decision.Abort.class)).as(name).isLessThanOrEqualTo(1);
            assertThat(count(Decision.Forward.class)).as(name).isLessThanOrEqualTo(2L * poolSize);
            assertThat(bench.finished).as(name).hasSize(1);
            assertThat(bench.finished.get(0).attempts()).as(name).hasSize(attempts.size());
            assertThat(bench.wakeUps.get()).as(name).isLessThanOrEqualTo(verdicts.size());
            assertThat(bench.proxy.pools().get("app").retryBudget()).hasToString("0 retries among 0 exchanges");
            for (UpstreamState state :
                    bench.proxy.pools().get("app").upstreams().values()) {
                assertThat(state.inFlight()).as(name).isZero();
            }
        }

        private long count(Class<? extends Decision> kind) {
            return decisions.stream().filter(kind::isInstance).count();
        }

        private void decide(Random random) {
            if (verdicts.isEmpty()) {
                return;
            }
            CompletableFuture<Verdict> verdict = verdicts.get(random.nextInt(verdicts.size()));
            switch (random.nextInt(6)) {
                case 0 -> verdict.complete(Verdict.answer(Reply.status(403)));
                case 1 -> verdict.completeExceptionally(new IllegalStateException("boom"));
                case 2 -> verdict.complete(null);
                default -> verdict.complete(Verdict.proceed(exchange.request()));
            }
        }

        private Middleware middleware(int kind) {
            return new Middleware() {
                @Override
                public Verdict onRequest(RequestHead request, RequestContext context) {
                    if (kind == 0) {
                        throw new IllegalStateException("boom");
                    }
                    if (kind > 4) {
                        return Verdict.proceed(request);
                    }
                    CompletableFuture<Verdict> verdict = new CompletableFuture<>();
                    verdicts.add(verdict);
                    return Verdict.later(verdict);
                }

                @Override
                public ResponseHead onResponse(ResponseHead response, RequestContext context) {
                    if (kind == 5) {
                        throw new IllegalStateException("boom");
                    }
                    if (kind < 3) {
                        verdicts.forEach(verdict -> verdict.complete(Verdict.proceed(context.original())));
                    }
                    return response;
                }
            };
        }

        private static UpstreamPool pool(Random random, int size) {
            UpstreamPool.Builder pool =
                    UpstreamPool.named("app").retry(retry(random).withBudget(20, random.nextInt(3)));
            for (int i = 0; i < size; i++) {
                boolean backup = i > 0 && random.nextInt(4) == 0;
                int maxFails = random.nextInt(3);
                Duration failTimeout = Duration.ofNanos(1 + random.nextInt(20));
                pool.upstream("http://u" + i, u -> {
                    u.maxFails(maxFails).failTimeout(failTimeout);
                    if (backup) {
                        u.backup();
                    }
                });
            }
            return pool.build();
        }

        private static ProxyFailure failure(Random random) {
            ProxyError[] errors = {
                ProxyError.CONNECTION_REFUSED,
                ProxyError.CONNECTION_READ_TIMEOUT,
                ProxyError.CONNECTION_TERMINATED,
                ProxyError.CONNECTION_TERMINATED,
                ProxyError.PROTOCOL_ERROR,
                ProxyError.CONNECTION_LIMIT
            };
            ProxyFailure.Phase[] phases = ProxyFailure.Phase.values();
            return Failures.failure(
                    errors[random.nextInt(errors.length)],
                    phases[random.nextInt(phases.length)],
                    random.nextBoolean(),
                    random.nextInt(4) == 0,
                    random.nextBoolean());
        }
    }
}
