package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.Headers;
import io.weir.http.ProxyError;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.http.TlsConnection;
import io.weir.log.AttemptSummary;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What each report returns, along the life of a request. */
class ExchangeTest {
    private static final ResponseHead OK = ResponseHead.of(200, "Content-Type", "text/plain");

    private final Bench bench = Bench.of("http://a", "http://b");

    @Test
    void aRequestIsForwardedAndItsResponseDelivered() {
        Exchange exchange = bench.get("/x?q={1}");
        Attempt attempt = Bench.forwarded(exchange.begin(5));
        attempt.connected(7);
        ResponseHead head = Bench.delivered(attempt.answered(OK, 10));
        attempt.finished(20);
        exchange.finished(123, 30);

        assertThat(attempt.method()).isEqualTo("GET");
        assertThat(attempt.target()).isEqualTo("/x?q={1}");
        assertThat(head).isEqualTo(OK);
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.summary().outcome().status()).isEqualTo(200);
        assertThat(bench.summary().outcome().bodyBytes()).isEqualTo(123);
        assertThat(bench.summary().outcome().error()).isNull();
        assertThat(bench.summary().nanos()).isEqualTo(30);
        assertThat(bench.summary().startMillis()).isEqualTo(Bench.WALL_MILLIS);
    }

    @Test
    void theSummaryOfAnAttemptSaysHowLongEachStepTook() {
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        attempt.connected(0);
        attempt.answered(OK, 10);
        attempt.finished(20);
        exchange.finished(0, 30);

        assertThat(bench.summary().attempts()).singleElement().satisfies(summary -> {
            assertThat(summary.upstream()).isEqualTo("http://a");
            assertThat(summary.status()).isEqualTo(200);
            assertThat(summary.connectNanos()).isZero();
            assertThat(summary.headNanos()).isEqualTo(10);
            assertThat(summary.totalNanos()).isEqualTo(20);
            assertThat(summary.error()).isNull();
        });
    }

    @Test
    void anAttemptThatNeverConnectedSaysSo() {
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        exchange.clientGone(4);
        attempt.connected(5);
        exchange.finished(0, 6);

        assertThat(bench.summary().attempts()).singleElement().satisfies(summary -> {
            assertThat(summary.status()).isZero();
            assertThat(summary.connectNanos()).isEqualTo(-1);
            assertThat(summary.headNanos()).isEqualTo(-1);
            assertThat(summary.totalNanos()).isEqualTo(4);
            assertThat(summary.error()).isEqualTo(ProxyError.CLIENT_GONE);
        });
    }

    @Test
    void aConnectionThatWasKeptTookNoTimeAlsoIfItFails() {
        Exchange exchange = bench.get("/");
        Attempt stale = Bench.forwarded(exchange.begin(0));
        stale.reused();
        Attempt refused = Bench.forwarded(stale.failed(Failures.stale(true), 4));
        Attempt silent = Bench.forwarded(refused.failed(Failures.refused(), 5));
        silent.reused();
        silent.failed(Failures.silent(), 6);
        exchange.finished(0, 7);

        assertThat(bench.summary().attempts())
                .extracting(AttemptSummary::connectNanos)
                .containsExactly(0L, -1L, 0L);
    }

    @Test
    void theSlotIsGivenBackAtTheUpstreamsLastByteNotAtTheClients() {
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        attempt.answered(OK, 1);
        int streaming = bench.inFlight("http://a");
        attempt.finished(2);

        assertThat(streaming).isEqualTo(1);
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(exchange.clientGone(3)).isEqualTo(new Decision.Abort(ProxyError.CLIENT_GONE));
    }

    @Test
    void anAttemptCannotFinishBeforeItsHeadHasCome() {
        Attempt attempt = Bench.forwarded(bench.get("/").begin(0));

        attempt.finished(1);

        assertThat(bench.inFlight("http://a")).isEqualTo(1);
        assertThat(attempt.answered(OK, 2)).isInstanceOf(Decision.Deliver.class);
    }

    @Test
    void aSecondBeginDoesNothing() {
        Exchange exchange = bench.get("/");
        exchange.begin(0);

        assertThat(exchange.begin(1)).isInstanceOf(Decision.Nothing.class);
        assertThat(bench.inFlight("http://b")).isZero();
    }

    @Test
    void resumedBeforeBeginDoesNotGoRoundTheChecks() {
        Exchange exchange = bench.get("/%00");

        assertThat(exchange.resumed(0)).isInstanceOf(Decision.Nothing.class);
        assertThat(Bench.answered(exchange.begin(1)).status()).isEqualTo(400);
    }

    @Test
    void resumedWithoutAPauseDoesNothing() {
        Exchange exchange = bench.get("/");
        exchange.begin(0);

        assertThat(exchange.resumed(1)).isInstanceOf(Decision.Nothing.class);
    }

    // ---- refusals ----

    @Test
    void aMethodOrAHostThatIsNoneIs400() {
        RequestHead badMethod = RequestHead.builder("GET /x", "/").build();
        RequestHead badHost = RequestHead.get("/", "a b");

        assertThat(Bench.answered(bench.open(badMethod).begin(0)).status()).isEqualTo(400);
        assertThat(Bench.answered(bench.open(badHost).begin(0)).status()).isEqualTo(400);
        assertThat(bench.proxy.explain(badMethod, 0).requestLine()).isEqualTo("answer 400");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/%00", "/%zz", "/../x", "*", "x"})
    void targetsWithoutAPathAre400(String target) {
        Reply reply = Bench.answered(bench.get(target).begin(0));

        assertThat(reply.status()).isEqualTo(400);
        assertThat(reply.error()).isEqualTo(ProxyError.BAD_REQUEST);
        assertThat(reply.closesConnection()).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"CONNECT", "TRACE"})
    void methodsThatAreNotForReverseProxiesAre405(String method) {
        assertThat(Bench.answered(bench.open(method, "/").begin(0)).status()).isEqualTo(405);
    }

    @ParameterizedTest
    @CsvSource({"/12345678, 1, 3, TARGET_TOO_LONG", "/, 3, 3, HEAD_TOO_LARGE", "/, 1, 4, BODY_TOO_LARGE"})
    void aRequestBeyondItsLimitsIsRefusedBeforeAnUpstreamSeesIt(
            String target, int fields, int length, ProxyError error) {
        Bench bench = Bench.of(ProxyConfig.builder()
                .limits(l -> l.withRequestTarget(8).withRequestFields(2))
                .route(Route.any().maxRequestBody(3).to(UpstreamPool.of("app", "http://a"))));
        RequestHead.Builder head = RequestHead.builder("PUT", target);
        for (int i = 0; i < fields; i++) {
            head.header("Content-Length", String.valueOf(length));
        }

        Reply reply = Bench.answered(bench.open(head.build()).begin(0));

        assertThat(reply.error()).isEqualTo(error);
        assertThat(reply.status()).isEqualTo(error.status());
        assertThat(reply.closesConnection()).isTrue();
    }

    @Test
    void aRequestThatNoRouteServesIs404StandAlone() {
        Bench bench =
                Bench.of(ProxyConfig.builder().route(Route.prefix("/api/").to(UpstreamPool.of("app", "http://a"))));

        Reply reply = Bench.answered(bench.get("/other").begin(0));

        assertThat(reply.status()).isEqualTo(404);
        assertThat(reply.error()).isEqualTo(ProxyError.NO_ROUTE);
    }

    @Test
    void aRequestThatNoRouteServesIsTheApplicationsWhenMounted() {
        Bench bench = Bench.mounted(
                ProxyConfig.builder().route(Route.prefix("/api/").to(UpstreamPool.of("app", "http://a"))));

        assertThat(bench.proxy.open(RequestHead.get("/other", "h"), 0, 0, () -> {}))
                .isNull();
        assertThat(bench.proxy.open(RequestHead.get("/api/x", "h"), 0, 0, () -> {}))
                .isNotNull();
    }

    @Test
    void anUnknownHostGetsTheFirstSiteStandAlone() {
        Bench bench = Bench.of(ProxyConfig.builder().site(site("one")).site(site("two")));

        assertThat(bench.open(RequestHead.get("/", "unknown")).site()).isEqualTo("one");
    }

    @Test
    void anUnknownHostIs421WhereThatIsAskedFor() {
        Bench bench = Bench.of(ProxyConfig.builder().site(site("one")).refuseUnknownHosts());
        Exchange exchange = bench.open(RequestHead.get("/", "unknown"));

        Reply reply = Bench.answered(exchange.begin(0));

        assertThat(reply.status()).isEqualTo(421);
        assertThat(reply.error()).isEqualTo(ProxyError.MISDIRECTED);
        assertThat(exchange.site()).isEmpty();
    }

    @Test
    void aHostThatTheConnectionsCertificateDoesNotNameIs421() {
        Bench bench = Bench.of(ProxyConfig.builder().site(site("one.test")).site(site("two.test")));
        TlsConnection tls = new TlsConnection("TLSv1.3", "", "one.test", List.of("one.test"), null);
        RequestHead request = RequestHead.get("/", "two.test").toBuilder()
                .scheme("https")
                .tls(tls)
                .build();
        Exchange exchange = bench.open(request);

        Reply reply = Bench.answered(exchange.begin(0));

        assertThat(reply.error()).isEqualTo(ProxyError.MISDIRECTED);
        assertThat(bench.proxy.explain(request, 0).toString()).contains("421");
    }

    @Test
    void anUnknownHostIsTheApplicationsWhenMounted() {
        Bench bench = Bench.mounted(ProxyConfig.builder().site(site("one")));

        assertThat(bench.proxy.open(RequestHead.get("/", "unknown"), 0, 0, () -> {}))
                .isNull();
    }

    @Test
    void aPoolWithoutAnUpstreamThatCanBeTriedIs502AndTheDetailSaysWhy() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a", u -> u.down())
                .upstream("http://b", u -> u.down())
                .build());
        Exchange exchange = bench.get("/");

        Reply reply = Bench.answered(exchange.begin(0));
        exchange.finished(0, 1);

        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.error()).isEqualTo(ProxyError.UPSTREAM_UNAVAILABLE);
        assertThat(bench.summary().outcome().detail())
                .isEqualTo("no upstream of \"app\" can be tried: http://a (down), http://b (down)");
        assertThat(bench.summary().attempts()).isEmpty();
    }

    // ---- answers and redirects of routes ----

    @Test
    void aRouteMayAnswer() {
        Bench bench =
                Bench.of(ProxyConfig.builder().route(Route.exact("/healthz").answer(Reply.text(200, "ok"))));
        Exchange exchange = bench.get("/healthz");

        Reply reply = Bench.answered(exchange.begin(0));
        exchange.finished(2, 1);

        assertThat(reply.status()).isEqualTo(200);
        assertThat(reply.error()).isNull();
        assertThat(bench.summary().outcome().status()).isEqualTo(200);
        assertThat(bench.summary().outcome().error()).isNull();
    }

    @Test
    void aRouteMayRedirect() {
        Bench bench = Bench.of(ProxyConfig.builder().route(Route.any().redirect(308, "https://$host$request_uri")));

        Reply reply = Bench.answered(bench.get("/a?b").begin(0));

        assertThat(reply.status()).isEqualTo(308);
        assertThat(reply.head().header("Location")).isEqualTo("https://localhost/a?b");
    }

    @ParameterizedTest
    @CsvSource({"/app, /app/", "/app?x=1, /app/?x=1", "/%61pp, /app/", "//app, /app/"})
    void aMissingFinalSlashOfAProxiedPrefixIsRedirected(String target, String location) {
        Bench bench =
                Bench.of(ProxyConfig.builder().route(Route.prefix("/app/").to(UpstreamPool.of("app", "http://a"))));

        Reply reply = Bench.answered(bench.get(target).begin(0));

        assertThat(reply.status()).isEqualTo(301);
        assertThat(reply.head().header("Location")).isEqualTo(location);
    }

    @Test
    void headerEditsHoldForOurOwnRepliesToo() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .headers(h -> h.response().always().set("X-Frame-Options", "DENY"))
                .route(Route.exact("/x").answer(Reply.status(204))));

        assertThat(Bench.answered(bench.get("/x").begin(0)).head().header("X-Frame-Options"))
                .isEqualTo("DENY");
        assertThat(Bench.answered(bench.get("/y").begin(0)).head().header("X-Frame-Options"))
                .isEqualTo("DENY");
    }

    // ---- interim and final heads ----

    @Test
    void interimHeadsAreRelayedUntilTheFinalOne() {
        Attempt attempt = Bench.forwarded(bench.get("/").begin(0));
        ResponseHead hints = ResponseHead.of(103, "Link", "</style.css>", "Connection", "X", "X", "1");

        Decision before = attempt.informed(hints, 1);
        attempt.answered(OK, 2);

        assertThat(before).isEqualTo(new Decision.Relay(ResponseHead.of(103, "Link", "</style.css>")));
        assertThat(attempt.informed(hints, 3)).isInstanceOf(Decision.Nothing.class);
    }

    @Test
    void clientsOfHttp10GetNoInterimHead() {
        RequestHead head = RequestHead.builder("GET", "/").protocol("HTTP/1.0").build();
        Attempt attempt = Bench.forwarded(bench.open(head).begin(0));

        assertThat(attempt.informed(ResponseHead.of(103), 1)).isInstanceOf(Decision.Nothing.class);
    }

    @Test
    void aSecondHeadDoesNothing() {
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        attempt.answered(OK, 1);

        Decision second = attempt.answered(ResponseHead.of(500), 2);
        attempt.finished(3);
        exchange.finished(0, 4);

        assertThat(second).isInstanceOf(Decision.Nothing.class);
        assertThat(bench.summary().attempts().get(0).status()).isEqualTo(200);
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "PUT"})
    void a101ThatNobodyAskedForIs502AndTriedNowhereElse(String method) {
        Exchange exchange = bench.open(method, "/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));

        Reply reply = Bench.answered(attempt.answered(ResponseHead.of(101, "Upgrade", "x"), 1));

        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.error()).isEqualTo(ProxyError.UPGRADE_FAILED);
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.consequences()).containsExactly("answered 502");
    }

    // ---- failures after the head, and breaks ----

    @Test
    void anUpstreamThatBreaksOffInsideTheBodyAbortsTheExchange() {
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        attempt.answered(OK, 1);

        Decision decision = attempt.failed(Failures.incomplete(), 2);
        exchange.finished(17, 3);

        assertThat(decision).isEqualTo(new Decision.Abort(ProxyError.RESPONSE_INCOMPLETE));
        assertThat(bench.consequences()).containsExactly("aborted");
        assertThat(bench.summary().outcome().status()).isEqualTo(200);
        assertThat(bench.summary().outcome().error()).isEqualTo(ProxyError.RESPONSE_INCOMPLETE);
        assertThat(bench.state("http://a").fails()).isEqualTo(1);
    }

    @Test
    void aClientThatLeavesBeforeAnythingWasSentIsLoggedAs499() {
        Exchange exchange = bench.get("/");
        exchange.begin(0);

        Decision decision = exchange.clientGone(1);
        exchange.finished(0, 2);

        assertThat(decision).isEqualTo(new Decision.Abort(ProxyError.CLIENT_GONE));
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.state("http://a").fails()).isZero();
        assertThat(bench.summary().outcome().status()).isEqualTo(499);
        assertThat(bench.failures).isEmpty();
    }

    @Test
    void aClientThatLeavesBeforeBeginIsNotServed() {
        Exchange exchange = bench.get("/");

        assertThat(exchange.clientGone(0)).isEqualTo(new Decision.Abort(ProxyError.CLIENT_GONE));
        assertThat(exchange.begin(1)).isInstanceOf(Decision.Nothing.class);
    }

    @Test
    void aClientThatLeavesWithinTheResponseGivesTheUpstreamFree() {
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        attempt.answered(OK, 1);

        Decision decision = exchange.clientGone(2);

        assertThat(decision).isEqualTo(new Decision.Abort(ProxyError.CLIENT_GONE));
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(attempt.failed(Failures.incomplete(), 3)).isInstanceOf(Decision.Nothing.class);
        assertThat(bench.state("http://a").fails()).isZero();
        assertThat(bench.failures).isEmpty();
    }

    @Test
    void aClientThatLeavesWithinTheReplyToAnErrorDoesNotHideTheError() {
        Bench bench = Bench.of("http://a");
        Exchange exchange = bench.get("/");
        Bench.forwarded(exchange.begin(0)).failed(Failures.refused(), 1);

        Decision decision = exchange.clientGone(2);
        exchange.finished(0, 3);

        assertThat(decision).isEqualTo(new Decision.Abort(ProxyError.CLIENT_GONE));
        assertThat(bench.summary().outcome().status()).isEqualTo(502);
        assertThat(bench.summary().outcome().error()).isEqualTo(ProxyError.CONNECTION_REFUSED);
        assertThat(bench.summary().outcome().detail()).isEqualTo("connection refused");
    }

    @Test
    void onceAbortedEverythingElseComesTooLate() {
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        exchange.clientGone(1);

        assertThat(exchange.clientGone(2)).isInstanceOf(Decision.Nothing.class);
        assertThat(exchange.expired(Exchange.Clock.TOTAL, 2)).isInstanceOf(Decision.Nothing.class);
        assertThat(exchange.failed(ProxyError.BODY_TOO_LARGE, "", 2)).isInstanceOf(Decision.Nothing.class);
        assertThat(exchange.resumed(2)).isInstanceOf(Decision.Nothing.class);
        assertThat(attempt.answered(OK, 2)).isInstanceOf(Decision.Nothing.class);
        assertThat(attempt.informed(ResponseHead.of(103), 2)).isInstanceOf(Decision.Nothing.class);
        assertThat(attempt.failed(Failures.reset(), 2)).isInstanceOf(Decision.Nothing.class);
    }

    // ---- what is no upstream's doing ----

    @ParameterizedTest
    @EnumSource(
            value = ProxyError.class,
            names = {
                "BAD_REQUEST",
                "REQUEST_TIMEOUT",
                "BODY_TOO_LARGE",
                "TARGET_TOO_LONG",
                "HEAD_TOO_LARGE",
                "CONNECTION_LIMIT",
                "SHUTTING_DOWN",
                "INTERNAL_ERROR"
            })
    void anErrorThatIsNoUpstreamsIsAnsweredWhileThatIsPossible(ProxyError error) {
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));

        Reply reply = Bench.answered(exchange.failed(error, "said the engine", 1));
        exchange.finished(0, 2);

        assertThat(reply.status()).isEqualTo(error.status());
        assertThat(reply.closesConnection()).isEqualTo(error.closesConnection());
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.state("http://a").fails()).isZero();
        assertThat(bench.summary().outcome().detail()).isEqualTo("said the engine");
        assertThat(bench.summary().outcome().error()).isEqualTo(error);
        assertThat(attempt.answered(OK, 3)).isInstanceOf(Decision.Nothing.class);
    }

    @Test
    void anErrorOfTheEngineAfterTheHeadAborts() {
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        attempt.answered(OK, 1);

        Decision decision = exchange.failed(ProxyError.INTERNAL_ERROR, "boom", 2);

        assertThat(decision).isEqualTo(new Decision.Abort(ProxyError.INTERNAL_ERROR));
        assertThat(bench.inFlight("http://a")).isZero();
    }

    @Test
    void nobodyIsAnsweredWhoHasGone() {
        Exchange exchange = bench.get("/");
        exchange.begin(0);

        assertThat(exchange.failed(ProxyError.CLIENT_GONE, "reset", 1))
                .isEqualTo(new Decision.Abort(ProxyError.CLIENT_GONE));
    }

    // ---- clocks ----

    @ParameterizedTest
    @CsvSource({"TOTAL, 504, total clock PT3S ran out", "CLIENT_BODY, 408, clientBody clock PT2S ran out"})
    void aClockThatRunsOutBeforeTheHeadIsAnswered(Exchange.Clock clock, int status, String detail) {
        Bench bench = clocks();
        Exchange exchange = bench.get("/");
        exchange.begin(0);

        Reply reply = Bench.answered(exchange.expired(clock, 1));
        exchange.finished(0, 2);

        assertThat(reply.status()).isEqualTo(status);
        assertThat(bench.summary().outcome().detail()).isEqualTo(detail);
        assertThat(bench.inFlight("http://a")).isZero();
    }

    @ParameterizedTest
    @CsvSource({
        "TOTAL, RESPONSE_TIMEOUT",
        "CLIENT_BODY, REQUEST_TIMEOUT",
        "CLIENT_SEND, CLIENT_SEND_TIMEOUT",
    })
    void aClockThatRunsOutAfterTheHeadAborts(Exchange.Clock clock, ProxyError error) {
        Exchange exchange = clocks().get("/");
        Bench.forwarded(exchange.begin(0)).answered(OK, 1);

        assertThat(exchange.expired(clock, 2)).isEqualTo(new Decision.Abort(error));
        assertThat(exchange.expired(clock, 3)).isInstanceOf(Decision.Nothing.class);
    }

    @Test
    void aClientThatTakesNothingIsNotAnswered() {
        Exchange exchange = clocks().get("/");
        exchange.begin(0);

        assertThat(exchange.expired(Exchange.Clock.CLIENT_SEND, 1))
                .isEqualTo(new Decision.Abort(ProxyError.CLIENT_SEND_TIMEOUT));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theTotalClockDoesNotCountAgainstAnUpstream(boolean delivered) {
        Bench bench = clocks();
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        if (delivered) {
            attempt.answered(OK, 1);
        }

        exchange.expired(Exchange.Clock.TOTAL, 2);

        assertThat(bench.state("http://a").fails()).isZero();
        assertThat(bench.inFlight("http://a")).isZero();
    }

    // ---- the end ----

    @Test
    void exchangeFinishedIsToldOnceAndEverythingAfterItReturnsNothing() {
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        exchange.finished(0, 1);
        exchange.finished(0, 2);

        assertThat(bench.finished).hasSize(1);
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(exchange.begin(3)).isInstanceOf(Decision.Nothing.class);
        assertThat(exchange.resumed(3)).isInstanceOf(Decision.Nothing.class);
        assertThat(exchange.clientGone(3)).isInstanceOf(Decision.Nothing.class);
        assertThat(attempt.answered(OK, 3)).isInstanceOf(Decision.Nothing.class);
        assertThat(attempt.failed(Failures.refused(), 3)).isInstanceOf(Decision.Nothing.class);
        attempt.finished(3);
        assertThat(bench.inFlight("http://a")).isZero();
    }

    @Test
    void anExchangeThatEndsBeforeAnythingWasSentCountsAsAClientGone() {
        Exchange exchange = bench.get("/");

        exchange.finished(0, 1);

        assertThat(bench.summary().outcome().status()).isEqualTo(499);
        assertThat(bench.summary().outcome().error()).isEqualTo(ProxyError.CLIENT_GONE);
    }

    @Test
    void theUpstreamIsStillKnownToLogsWhenTheExchangeHasEnded() {
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        attempt.answered(OK, 1);
        attempt.finished(2);
        exchange.finished(0, 3);

        assertThat(bench.summary().variables().upstreamAuthority()).isEqualTo("a");
    }

    @Test
    void everyTrySendsTheSameAsideFromWhatNamesItsUpstream() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .headers(h -> h.none().request().set("X-Id", "$request_id"))
                .route(Route.any().to(UpstreamPool.of("app", "http://a", "http://b"))));
        Attempt first = Bench.forwarded(bench.get("/x").begin(0));

        Attempt second = Bench.forwarded(first.failed(Failures.refused(), 1));

        assertThat(first.headers()).isEqualTo(Headers.of("Host", "a", "X-Id", "000000000000002a000000000000002a"));
        assertThat(second.headers()).isEqualTo(first.headers().with("Host", "b"));
        assertThat(second.target()).isEqualTo(first.target());
    }

    private static Site site(String name) {
        return Site.named(name).route(Route.any().to(UpstreamPool.of("pool-" + name, "http://" + name)));
    }

    private static Bench clocks() {
        return Bench.of(ProxyConfig.builder()
                .timeouts(t -> t.total(Duration.ofSeconds(3)).clientBody(Duration.ofSeconds(2)))
                .route(Route.any().to(UpstreamPool.of("app", "http://a", "http://b"))));
    }
}
