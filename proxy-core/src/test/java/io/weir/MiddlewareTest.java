package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.Outcome;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.middleware.Middleware;
import io.weir.middleware.RequestContext;
import io.weir.middleware.Verdict;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.UpstreamPool;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;

/** Middleware within an exchange: order, waiting, and what its failures do. */
class MiddlewareTest {
    private static final ResponseHead OK = ResponseHead.of(200);

    private final List<String> calls = new ArrayList<>();

    // ---- order ----

    @Test
    void requestsPassProxySiteAndRouteAndResponsesComeBackInReverse() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .use(noting("proxy 1"))
                .use(noting("proxy 2"))
                .site(Site.named("localhost")
                        .use(noting("site"))
                        .route(Route.any().use(noting("route")).to(app()))));

        Attempt attempt = Bench.forwarded(bench.get("/").begin(0));
        calls.add("upstream");
        attempt.answered(OK, 1);

        assertThat(calls)
                .containsExactly(
                        "> proxy 1",
                        "> proxy 2",
                        "> site",
                        "> route",
                        "upstream",
                        "< route 200",
                        "< site 200",
                        "< proxy 2 200",
                        "< proxy 1 200");
    }

    @Test
    void theSchemeIsTheClientsAsATrustedProxySaysIt() {
        assertThat(schemeSeen("https", "10.0.0.1")).isEqualTo("https");
        assertThat(schemeSeen("http, HTTPS", "10.0.0.1")).isEqualTo("https");
        assertThat(schemeSeen("https, http", "10.0.0.1")).isEqualTo("http");
        assertThat(schemeSeen("gopher", "10.0.0.1")).isEqualTo("http");
        assertThat(schemeSeen("https", "192.0.2.1")).isEqualTo("http");
    }

    private static String schemeSeen(String claimed, String peer) {
        Bench bench = Bench.of(ProxyConfig.builder()
                .trustedProxies("10.0.0.0/8")
                .use(Middleware.gate((request, context) -> Verdict.answer(Reply.text(200, context.scheme()))))
                .route(Route.any().to(app())));
        RequestHead request = RequestHead.get("/", "h").toBuilder()
                .header("X-Forwarded-Proto", claimed)
                .peer(peer)
                .build();
        return new String(Bench.answered(bench.open(request).begin(0)).body(), StandardCharsets.UTF_8);
    }

    @Test
    void anAnswerEndsTheRequestAndIsSeenByThoseThatWereAsked() {
        Bench bench = bench(noting("1"), answering(403), noting("3"));

        Reply reply = Bench.answered(bench.get("/").begin(0));

        assertThat(reply.status()).isEqualTo(403);
        assertThat(calls).containsExactly("> 1", "< 1 403");
    }

    @Test
    void whoAnswersSeesItsOwnReply() {
        Bench bench = bench(new Middleware() {
            @Override
            public Verdict onRequest(RequestHead request, RequestContext context) {
                return Verdict.answer(Reply.status(403));
            }

            @Override
            public ResponseHead onResponse(ResponseHead response, RequestContext context) {
                return response.withHeader("X-Seen", "yes");
            }
        });

        assertThat(Bench.answered(bench.get("/").begin(0)).head().header("X-Seen"))
                .isEqualTo("yes");
    }

    @Test
    void ourOwnRepliesAreSeenToo() {
        Bench bench = bench(noting("1"));

        Bench.forwarded(bench.get("/").begin(0)).failed(Failures.refused(), 1);

        assertThat(calls).containsExactly("> 1", "< 1 502");
    }

    @Test
    void theReplyToARequestThatNoRouteServesIsSeenByTheSitesMiddleware() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .use(noting("proxy"))
                .site(Site.named("localhost")
                        .use(noting("site"))
                        .route(Route.exact("/x").to(app()))));

        bench.get("/y").begin(0);

        assertThat(calls).containsExactly("> proxy", "> site", "< site 404", "< proxy 404");
    }

    @Test
    void aRefusedRequestIsShownToNobody() {
        bench(noting("1")).get("/%00").begin(0);

        assertThat(calls).isEmpty();
    }

    @Test
    void aResponseIsShownOnceThoughTheExchangeIsBrokenOffLater() {
        Exchange exchange = bench(noting("1")).get("/");
        Bench.forwarded(exchange.begin(0)).answered(OK, 1);
        exchange.clientGone(2);

        assertThat(calls).containsExactly("> 1", "< 1 200");
    }

    @Test
    void interimResponsesAreNotShown() {
        Attempt attempt = Bench.forwarded(bench(noting("1")).get("/").begin(0));
        attempt.informed(ResponseHead.of(103), 1);

        assertThat(calls).containsExactly("> 1");
    }

    // ---- changes ----

    @Test
    void aChangedRequestReachesTheUpstreamAndTheNextMiddleware() {
        List<String> seen = new ArrayList<>();
        Bench bench = bench(
                Middleware.mapRequest(r -> r.withTarget("/changed").withHeader("X-User", "eve")), Middleware.gate(r -> {
                    seen.add(r.rawTarget());
                    return Verdict.proceed(r);
                }));
        Exchange exchange = bench.get("/sent");

        Attempt attempt = Bench.forwarded(exchange.begin(0));

        assertThat(seen).containsExactly("/changed");
        assertThat(attempt.target()).isEqualTo("/changed");
        assertThat(attempt.headers().get("X-User")).isEqualTo("eve");
        assertThat(exchange.request().rawTarget()).isEqualTo("/sent");
    }

    @Test
    void aRetrySendsTheChangedRequestAgain() {
        Bench bench = bench(Middleware.mapRequest(r -> r.withTarget("/changed")));
        Attempt first = Bench.forwarded(bench.get("/").begin(0));

        Attempt again = Bench.forwarded(first.failed(Failures.stale(true), 1));

        assertThat(again.target()).isEqualTo("/changed");
    }

    @Test
    void aChangedResponseReachesTheClient() {
        Bench bench =
                bench(Middleware.mapResponse(r -> r.withoutHeader("Server").withStatus(203)));
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));

        ResponseHead head = Bench.delivered(attempt.answered(ResponseHead.of(200, "Server", "x"), 1));
        exchange.finished(0, 2);

        assertThat(head).isEqualTo(ResponseHead.of(203));
        assertThat(bench.summary().outcome().status()).isEqualTo(203);
        assertThat(bench.summary().attempts().get(0).status()).isEqualTo(200);
    }

    @Test
    void attributesReachTemplatesAndLogs() {
        Middleware naming = Middleware.gate((request, context) -> {
            context.attribute("remote_user", "eve");
            return Verdict.proceed(request);
        });
        Bench bench = Bench.of(ProxyConfig.builder()
                .use(naming)
                .headers(h -> h.request().set("X-User", "$remote_user"))
                .route(Route.any().to(app())));
        Exchange exchange = bench.get("/");

        Attempt attempt = Bench.forwarded(exchange.begin(0));
        exchange.finished(0, 1);

        assertThat(attempt.headers().get("X-User")).isEqualTo("eve");
        assertThat(bench.summary().remoteUser()).isEqualTo("eve");
    }

    // ---- later ----

    @Test
    void aVerdictThatIsThereAlreadyNeedsNoPause() {
        Bench bench = bench(later(CompletableFuture.completedFuture(Verdict.answer(Reply.status(403)))));

        assertThat(Bench.answered(bench.get("/").begin(0)).status()).isEqualTo(403);
        assertThat(bench.wakeUps).hasValue(0);
    }

    @Test
    void aVerdictThatComesLaterPausesAndWakesOnce() {
        CompletableFuture<Verdict> verdict = new CompletableFuture<>();
        Bench bench = bench(noting("1"), later(verdict), noting("3"));
        Exchange exchange = bench.get("/");

        Decision pause = exchange.begin(0);
        Decision tooEarly = exchange.resumed(1);
        int before = bench.wakeUps.get();
        verdict.complete(Verdict.proceed(RequestHead.get("/other", "h")));
        Attempt attempt = Bench.forwarded(exchange.resumed(2));

        assertThat(pause).isEqualTo(new Decision.Pause(Long.MAX_VALUE));
        assertThat(tooEarly).isEqualTo(pause);
        assertThat(before).isZero();
        assertThat(bench.wakeUps).hasValue(1);
        assertThat(attempt.target()).isEqualTo("/other");
        assertThat(calls).containsExactly("> 1", "> 3");
    }

    @Test
    void severalMayKeepARequestWaitingOneAfterTheOther() {
        List<CompletableFuture<Verdict>> verdicts =
                List.of(new CompletableFuture<>(), new CompletableFuture<>(), new CompletableFuture<>());
        Bench bench = bench(later(verdicts.get(0)), later(verdicts.get(1)), later(verdicts.get(2)), noting("last"));
        Exchange exchange = bench.get("/");
        Decision decision = exchange.begin(0);
        for (CompletableFuture<Verdict> verdict : verdicts) {
            assertThat(decision).isInstanceOf(Decision.Pause.class);
            verdict.complete(Verdict.proceed(exchange.request()));
            decision = exchange.resumed(1);
        }

        assertThat(decision).isInstanceOf(Decision.Forward.class);
        assertThat(bench.wakeUps).hasValue(3);
        assertThat(calls).containsExactly("> last");
    }

    @Test
    void aLaterVerdictMayBeToWaitLonger() {
        CompletableFuture<Verdict> first = new CompletableFuture<>();
        CompletableFuture<Verdict> second = new CompletableFuture<>();
        Bench bench = bench(later(first));
        Exchange exchange = bench.get("/");
        exchange.begin(0);
        first.complete(Verdict.later(second));

        Decision longer = exchange.resumed(1);
        second.complete(Verdict.answer(Reply.status(429)));

        assertThat(longer).isInstanceOf(Decision.Pause.class);
        assertThat(bench.wakeUps).hasValue(2);
        assertThat(Bench.answered(exchange.resumed(2)).status()).isEqualTo(429);
    }

    @Test
    void aLaterVerdictThatFailsIsA500() {
        CompletableFuture<Verdict> verdict = new CompletableFuture<>();
        Bench bench = bench(noting("1"), later(verdict).named("oracle"));
        Exchange exchange = bench.get("/");
        exchange.begin(0);
        verdict.completeExceptionally(new IllegalStateException("no idea"));

        assertThat(bench.wakeUps).hasValue(1);
        assertThat(Bench.answered(exchange.resumed(1)).status()).isEqualTo(500);
        assertThat(bench.userCodeFailures).containsExactly("middleware oracle: no idea");
        assertThat(calls).containsExactly("> 1", "< 1 500");
    }

    @Test
    void aLaterVerdictOfNullIsA500() {
        CompletableFuture<Verdict> verdict = new CompletableFuture<>();
        Bench bench = bench(later(verdict).named("oracle"));
        Exchange exchange = bench.get("/");
        exchange.begin(0);
        verdict.complete(null);

        assertThat(bench.wakeUps).hasValue(1);
        assertThat(Bench.answered(exchange.resumed(1)).status()).isEqualTo(500);
        assertThat(bench.userCodeFailures).containsExactly("middleware oracle: its verdict is null");
    }

    @Test
    void aVerdictOfNullThatIsThereAlreadyIsA500() {
        Bench bench = bench(later(CompletableFuture.completedFuture(null)));

        assertThat(Bench.answered(bench.get("/").begin(0)).status()).isEqualTo(500);
    }

    @Test
    void theWakeUpIsNeverUnderTheLockOfTheExchange() {
        CompletableFuture<Verdict> verdict = new CompletableFuture<>();
        AtomicReference<Exchange> exchange = new AtomicReference<>();
        AtomicBoolean locked = new AtomicBoolean();
        // It tidies up when it sees a reply, which completes the stage that the exchange waited for.
        Middleware tidy = Middleware.mapResponse(response -> {
            verdict.complete(Verdict.answer(Reply.status(403)));
            return response;
        });
        Bench bench = bench(tidy, later(verdict));
        exchange.set(bench.proxy.open(RequestHead.get("/", "h"), 0, 0, () -> {
            bench.wakeUps.incrementAndGet();
            locked.set(Thread.holdsLock(exchange.get()));
        }));
        exchange.get().begin(0);

        Reply reply = Bench.answered(exchange.get().expired(Exchange.Clock.TOTAL, 1));

        assertThat(reply.status()).isEqualTo(504);
        assertThat(locked).isFalse();
        assertThat(bench.wakeUps).hasValue(0);
    }

    @Test
    void aVerdictFromAnotherThreadWakesWithoutTheLock() throws InterruptedException {
        CompletableFuture<Verdict> verdict = new CompletableFuture<>();
        AtomicReference<Exchange> exchange = new AtomicReference<>();
        List<Boolean> locked = new ArrayList<>();
        Bench bench = bench(later(verdict));
        exchange.set(
                bench.proxy.open(RequestHead.get("/", "h"), 0, 0, () -> locked.add(Thread.holdsLock(exchange.get()))));
        exchange.get().begin(0);

        Thread oracle = new Thread(() -> verdict.complete(Verdict.proceed(RequestHead.get("/", "h"))));
        oracle.start();
        oracle.join();

        assertThat(locked).containsExactly(false);
        assertThat(exchange.get().resumed(1)).isInstanceOf(Decision.Forward.class);
    }

    @Test
    void anExchangeThatHasEndedIsNotWoken() {
        for (UnaryOperator<Exchange> end : List.<UnaryOperator<Exchange>>of(
                MiddlewareTest::gone, MiddlewareTest::expired, MiddlewareTest::finished)) {
            CompletableFuture<Verdict> verdict = new CompletableFuture<>();
            Bench bench = bench(later(verdict));
            Exchange exchange = bench.get("/");
            exchange.begin(0);

            end.apply(exchange);
            verdict.complete(Verdict.proceed(exchange.request()));

            assertThat(bench.wakeUps).hasValue(0);
            assertThat(exchange.resumed(2)).isInstanceOf(Decision.Nothing.class);
        }
    }

    @Test
    void whatBlocksRunsOnTheEnginesExecutor() {
        Queue<Runnable> tasks = new ArrayDeque<>();
        Bench bench = bench(Middleware.blocking(noting("slow")));
        bench.executor = tasks::add;
        Exchange exchange = bench.get("/");

        Decision pause = exchange.begin(0);
        List<String> before = List.copyOf(calls);
        tasks.remove().run();
        Attempt attempt = Bench.forwarded(exchange.resumed(1));
        attempt.answered(OK, 2);

        assertThat(pause).isInstanceOf(Decision.Pause.class);
        assertThat(before).isEmpty();
        assertThat(bench.wakeUps).hasValue(1);
        assertThat(calls).containsExactly("> slow", "< slow 200");
    }

    @Test
    void whatIsStillAtWorkIsNotShownTheResponse() {
        Bench bench = bench(noting("1"), Middleware.blocking(noting("slow")));
        bench.executor = task -> {};
        Exchange exchange = bench.get("/");
        exchange.begin(0);
        exchange.expired(Exchange.Clock.TOTAL, 1);

        assertThat(calls).containsExactly("> 1", "< 1 504");
    }

    @Test
    void anExecutorThatRefusesIsA500() {
        Bench bench = bench(Middleware.blocking(noting("slow")));
        bench.executor = task -> {
            throw new RejectedExecutionException("full");
        };

        assertThat(Bench.answered(bench.get("/").begin(0)).status()).isEqualTo(500);
    }

    // ---- failures ----

    @Test
    void anExceptionInOnRequestIsA500ThatNamesTheMiddleware() {
        Bench bench = bench(noting("1"), throwing().named("oracle"), noting("3"));
        Exchange exchange = bench.get("/");

        Reply reply = Bench.answered(exchange.begin(0));
        exchange.finished(0, 1);

        assertThat(reply.status()).isEqualTo(500);
        assertThat(new String(reply.body(), StandardCharsets.UTF_8)).doesNotContain("oracle", "boom");
        assertThat(bench.userCodeFailures).containsExactly("middleware oracle: boom");
        assertThat(bench.summary().outcome().detail()).contains("middleware oracle", "boom");
        assertThat(calls).containsExactly("> 1", "< 1 500");
    }

    @Test
    void anErrorIsAFailureLikeAnyOther() {
        Bench bench = bench(Middleware.gate(r -> {
            throw new NoClassDefFoundError("missing");
        }));

        assertThat(Bench.answered(bench.get("/").begin(0)).status()).isEqualTo(500);
        assertThat(bench.userCodeFailures).containsExactly("middleware gate: missing");
    }

    @Test
    void aVerdictOfNullIsA500() {
        Bench bench = bench(Middleware.gate(r -> null));

        assertThat(Bench.answered(bench.get("/").begin(0)).status()).isEqualTo(500);
        assertThat(bench.userCodeFailures).containsExactly("middleware gate: its verdict is null");
    }

    @Test
    void aRequestThatNoClientCouldSendIsA500ThatNamesTheMiddleware() {
        List<RequestHead> changed = List.of(
                RequestHead.get("/%00", "a.test"),
                RequestHead.get("/", "a b"),
                RequestHead.builder("GET /x", "/").build());

        for (RequestHead request : changed) {
            Bench bench = bench(Middleware.mapRequest(r -> request).named("mangler"));

            assertThat(Bench.answered(bench.get("/").begin(0)).status()).isEqualTo(500);
            assertThat(bench.userCodeFailures)
                    .singleElement()
                    .asString()
                    .startsWith("middleware mangler: its request is refused: ");
        }
    }

    @Test
    void aRequestOfNullIsA500() {
        Bench bench = bench(Middleware.mapRequest(r -> null), noting("2"));

        assertThat(Bench.answered(bench.get("/").begin(0)).status()).isEqualTo(500);
        assertThat(bench.userCodeFailures).containsExactly("middleware mapRequest: its request is null");
    }

    @Test
    void anExceptionInOnResponseIsA500ForTheMiddlewareThatIsLeft() {
        Bench bench = bench(
                noting("1"),
                Middleware.mapResponse(response -> {
                            throw new IllegalStateException("boom");
                        })
                        .named("oracle"),
                noting("3"));
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));

        Reply reply = Bench.answered(attempt.answered(OK, 1));
        exchange.finished(0, 2);

        assertThat(reply.status()).isEqualTo(500);
        assertThat(calls).containsExactly("> 1", "> 3", "< 3 200", "< 1 500");
        assertThat(bench.userCodeFailures).containsExactly("middleware oracle: boom");
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.state("http://a").fails()).isZero();
        assertThat(bench.summary().outcome().status()).isEqualTo(500);
        assertThat(attempt.failed(Failures.incomplete(), 3)).isInstanceOf(Decision.Nothing.class);
    }

    @Test
    void whenAllOfThemFailThereStillIsAReply() {
        Middleware broken = Middleware.mapResponse(response -> {
            throw new IllegalStateException("boom");
        });
        Bench bench = bench(broken, broken, broken);

        Reply reply = Bench.answered(Bench.forwarded(bench.get("/").begin(0)).failed(Failures.refused(), 1));

        assertThat(reply.status()).isEqualTo(500);
        assertThat(bench.userCodeFailures).hasSize(3);
    }

    @Test
    void aResponseOfNullIsA500() {
        Bench bench = bench(Middleware.mapResponse(response -> null));
        Attempt attempt = Bench.forwarded(bench.get("/").begin(0));

        assertThat(Bench.answered(attempt.answered(OK, 1)).status()).isEqualTo(500);
    }

    @Test
    void aResponseCannotBeTurnedIntoAnInterimOne() {
        Bench bench = bench(Middleware.mapResponse(response -> response.withStatus(101)));
        Attempt attempt = Bench.forwarded(bench.get("/").begin(0));

        assertThat(Bench.answered(attempt.answered(OK, 1)).status()).isEqualTo(500);
    }

    @Test
    void aReplyCannotBeTurnedIntoAnInterimOne() {
        Bench bench = bench(
                Middleware.mapResponse(response -> response.withStatus(100)).named("meddler"));
        Attempt attempt = Bench.forwarded(bench.get("/").begin(0));

        assertThat(Bench.answered(attempt.failed(Failures.refused(), 1)).status())
                .isEqualTo(500);
        assertThat(bench.userCodeFailures).containsExactly("middleware meddler: its response is not final: 100");
    }

    @Test
    void headerEditsThatFailAreA500InEitherDirection() {
        Middleware poisoning = Middleware.gate((request, context) -> {
            context.attribute("remote_user", "a\nb");
            return Verdict.proceed(request);
        });
        Bench toUpstream = Bench.of(ProxyConfig.builder()
                .use(poisoning)
                .route(Route.any()
                        .headers(h -> h.request().set("X-User", "$remote_user"))
                        .to(app())));
        Bench toClient = Bench.of(ProxyConfig.builder()
                .use(poisoning)
                .route(Route.any()
                        .headers(h -> h.response().always().set("X-User", "$remote_user"))
                        .to(app())));

        Reply never = Bench.answered(toUpstream.get("/").begin(0));
        Attempt attempt = Bench.forwarded(toClient.get("/").begin(0));
        Reply broken = Bench.answered(attempt.answered(OK, 1));

        assertThat(never.status()).isEqualTo(500);
        assertThat(toUpstream.inFlight("http://a")).isZero();
        assertThat(toUpstream.userCodeFailures)
                .singleElement()
                .asString()
                .startsWith("header policy of route \"prefix /\"");
        assertThat(broken.status()).isEqualTo(500);
        assertThat(toClient.inFlight("http://a")).isZero();
    }

    @Test
    void aRedirectThatCannotBeMadeIsA500() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .use(Middleware.gate((request, context) -> {
                    context.attribute("remote_user", "a\nb");
                    return Verdict.proceed(request);
                }))
                .route(Route.any().redirect(302, "/home/$remote_user")));

        assertThat(Bench.answered(bench.get("/").begin(0)).status()).isEqualTo(500);
        assertThat(bench.userCodeFailures).singleElement().asString().startsWith("redirect of route \"prefix /\"");
    }

    // ---- end hooks ----

    @Test
    void endHooksHearHowItEndedOnceAndWithoutTheLock() {
        List<Outcome> outcomes = new ArrayList<>();
        AtomicReference<Exchange> exchange = new AtomicReference<>();
        Bench bench = bench(Middleware.onEnd(outcome -> {
            outcomes.add(outcome);
            assertThat(Thread.holdsLock(exchange.get())).isFalse();
        }));
        exchange.set(bench.get("/"));
        Bench.forwarded(exchange.get().begin(0)).answered(OK, 1);
        exchange.get().finished(12, 2);
        exchange.get().finished(13, 3);

        assertThat(outcomes).containsExactly(new Outcome(200, 12, null, ""));
        assertThat(bench.userCodeFailures).isEmpty();
    }

    @Test
    void anEndHookThatThrowsIsNamedAndKeepsNobodyFromHearing() {
        List<Outcome> outcomes = new ArrayList<>();
        Middleware broken = Middleware.onEnd(outcome -> {
            throw new IllegalStateException("boom");
        });
        Bench bench = bench(broken.named("meter"), Middleware.onEnd(outcomes::add));
        Exchange exchange = bench.get("/");
        exchange.begin(0);
        exchange.finished(0, 1);

        assertThat(outcomes).hasSize(1);
        assertThat(bench.finished).hasSize(1);
        assertThat(bench.userCodeFailures).containsExactly("end hook of middleware meter: boom");
    }

    @Test
    void anEndHookThatComesAfterTheEndIsRunAtOnce() {
        Queue<Runnable> tasks = new ArrayDeque<>();
        List<Outcome> outcomes = new ArrayList<>();
        Bench bench = bench(Middleware.blocking(Middleware.onEnd(outcomes::add)));
        bench.executor = tasks::add;
        Exchange exchange = bench.get("/");
        exchange.begin(0);
        exchange.clientGone(1);
        exchange.finished(0, 2);

        tasks.remove().run();

        assertThat(outcomes).extracting(Outcome::status).containsExactly(499);
    }

    // ---- middleware for these tests ----

    private static UpstreamPool app() {
        return UpstreamPool.of("app", "http://a");
    }

    private static Bench bench(Middleware... middleware) {
        ProxyConfig.Builder config = ProxyConfig.builder().route(Route.any().to(app()));
        for (Middleware one : middleware) {
            config.use(one);
        }
        return Bench.of(config);
    }

    private static Middleware answering(int status) {
        return Middleware.gate(r -> Verdict.answer(Reply.status(status)));
    }

    private static Middleware later(CompletableFuture<Verdict> verdict) {
        return Middleware.gate(r -> Verdict.later(verdict));
    }

    private static Middleware throwing() {
        return Middleware.gate(r -> {
            throw new IllegalStateException("boom");
        });
    }

    private Middleware noting(String name) {
        return new Middleware() {
            @Override
            public Verdict onRequest(RequestHead request, RequestContext context) {
                calls.add("> " + name);
                return Verdict.proceed(request);
            }

            @Override
            public ResponseHead onResponse(ResponseHead response, RequestContext context) {
                calls.add("< " + name + " " + response.status());
                return response;
            }
        };
    }

    private static Exchange gone(Exchange exchange) {
        exchange.clientGone(1);
        return exchange;
    }

    private static Exchange expired(Exchange exchange) {
        exchange.expired(Exchange.Clock.TOTAL, 1);
        return exchange;
    }

    private static Exchange finished(Exchange exchange) {
        exchange.finished(0, 1);
        return exchange;
    }
}
