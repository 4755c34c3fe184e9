package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.body.Buffering;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.UpstreamPool;
import org.junit.jupiter.api.Test;

/** What an exchange decides where bodies are buffered. */
class BufferedExchangeTest {
    private static final ResponseHead OK = ResponseHead.of(200);
    private static final ProxyFailure BROKEN = new ProxyFailure(
            ProxyError.RESPONSE_INCOMPLETE, ProxyFailure.Phase.BODY, true, false, false, "it broke", null);

    private final UpstreamPool pool = UpstreamPool.of("app", "http://a", "http://b");

    // ---- responses ----

    @Test
    void theRouteGoesBeforeTheSiteAndTheSiteBeforeTheProxy() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .buffering(Buffering.on(1, 0))
                .site(Site.unnamed()
                        .route(Route.prefix("/off").buffering(Buffering.off()).to(pool))
                        .route(Route.prefix("/own")
                                .buffering(Buffering.on(3, 0))
                                .to(pool))
                        .route(Route.any().to(pool)))
                .site(Site.named("site.test")
                        .buffering(Buffering.on(2, 0))
                        .route(Route.any().to(pool))));

        assertThat(memoryFor(bench, "localhost", "/off")).isZero();
        assertThat(memoryFor(bench, "localhost", "/own")).isEqualTo(3);
        assertThat(memoryFor(bench, "localhost", "/")).isEqualTo(1);
        assertThat(memoryFor(bench, "site.test", "/")).isEqualTo(2);
    }

    @Test
    void whatTheUpstreamAsksForIsSeenThoughTheClientDoesNotGetIt() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .buffering(Buffering.ifAsked(5, 0))
                .route(Route.any().to(pool)));
        Attempt attempt = Bench.forwarded(bench.get("/").begin(0));

        Decision decision = attempt.answered(ResponseHead.of(200, "X-Accel-Buffering", "yes"), 1);

        assertThat(decision).isInstanceOfSatisfying(Decision.Deliver.class, deliver -> {
            assertThat(deliver.head()).isEqualTo(OK);
            assertThat(deliver.buffering().memory()).isEqualTo(5);
        });
    }

    @Test
    void anUpstreamThatBreaksBehindABufferIsBlamedAtOnceAndTheClientSeesItLater() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .buffering(Buffering.on(5, 0))
                .route(Route.any().to(pool)));
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        attempt.answered(OK, 1);

        attempt.broke(BROKEN, 2);

        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.consequences()).containsExactly("aborted");
        assertThat(bench.transitions).hasSize(1);
        assertThat(attempt.failed(BROKEN, 4)).isEqualTo(new Decision.Abort(ProxyError.RESPONSE_INCOMPLETE));
        exchange.finished(10, 5);
        assertThat(bench.summary().outcome().error()).isEqualTo(ProxyError.RESPONSE_INCOMPLETE);
        assertThat(bench.summary().attempts())
                .singleElement()
                .satisfies(summary -> assertThat(summary.totalNanos()).isEqualTo(2));
    }

    @Test
    void aClientThatLeavesAfterTheUpstreamBrokeEndsTheExchange() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .buffering(Buffering.on(5, 0))
                .route(Route.any().to(pool)));
        Exchange exchange = bench.get("/");
        Attempt attempt = Bench.forwarded(exchange.begin(0));
        attempt.answered(OK, 1);
        attempt.broke(BROKEN, 2);

        assertThat(exchange.clientGone(3)).isEqualTo(new Decision.Abort(ProxyError.CLIENT_GONE));
    }

    @Test
    void anAttemptThatWasNotDeliveredCannotBreakThere() {
        Bench bench = Bench.of(pool);
        Attempt attempt = Bench.forwarded(bench.get("/").begin(0));

        attempt.broke(BROKEN, 1);

        assertThat(bench.inFlight("http://a")).isEqualTo(1);
    }

    // ---- requests ----

    @Test
    void theBodyIsCollectedBeforeAnUpstreamIsChosen() {
        Bench bench = collecting();
        Exchange exchange = bench.open(put("Content-Length", "10"));

        Decision first = exchange.begin(0);

        assertThat(first)
                .isInstanceOfSatisfying(
                        Decision.Collect.class,
                        collect -> assertThat(collect.buffering().capacity()).isEqualTo(100));
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(exchange.resumed(1)).isInstanceOf(Decision.Nothing.class);
        assertThat(Bench.urlOf(Bench.forwarded(exchange.collected(2)))).isEqualTo("http://a");
        assertThat(exchange.collected(3)).isInstanceOf(Decision.Nothing.class);
    }

    @Test
    void nothingIsCollectedForARequestThatIsAnsweredHere() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .requestBuffering(Buffering.on(10, 90))
                .route(Route.any().answer(io.weir.http.Reply.text(200, "ok"))));

        assertThat(Bench.answered(bench.open(put("Content-Length", "1000")).begin(0))
                        .status())
                .isEqualTo(200);
    }

    @Test
    void aLengthThatDoesNotFitIsRefusedAtOnce() {
        assertThat(Bench.answered(
                                collecting().open(put("Content-Length", "101")).begin(0))
                        .status())
                .isEqualTo(413);
    }

    @Test
    void aLowerLimitOfTheRouteStands() {
        Bench bench = Bench.of(ProxyConfig.builder()
                .requestBuffering(Buffering.on(10, 90))
                .route(Route.any().maxRequestBody(50).to(pool)));

        Exchange exchange = bench.open(put("Content-Length", "51"));

        assertThat(exchange.limits().requestBody()).isEqualTo(50);
        assertThat(Bench.answered(exchange.begin(0)).status()).isEqualTo(413);
    }

    @Test
    void aBodyThatTurnsOutTooLongIsAnsweredWithoutAnUpstream() {
        Exchange exchange = collecting().open(put());
        exchange.begin(0);

        assertThat(exchange.limits().requestBody()).isEqualTo(100);
        assertThat(Bench.answered(exchange.failed(ProxyError.BODY_TOO_LARGE, "too long", 1))
                        .status())
                .isEqualTo(413);
        assertThat(exchange.collected(2)).isInstanceOf(Decision.Nothing.class);
    }

    @Test
    void aClientThatLeavesWhileItsBodyIsCollectedEndsTheExchange() {
        Exchange exchange = collecting().open(put());
        exchange.begin(0);

        assertThat(exchange.clientGone(1)).isEqualTo(new Decision.Abort(ProxyError.CLIENT_GONE));
        assertThat(exchange.collected(2)).isInstanceOf(Decision.Nothing.class);
    }

    @Test
    void theUpstreamIsNotAskedToContinueAndItsContinueDoesNotReachTheClient() {
        Exchange exchange = collecting().open(put("Expect", "100-continue", "Content-Length", "1"));
        exchange.begin(0);
        Attempt attempt = Bench.forwarded(exchange.collected(1));

        assertThat(attempt.headers().contains("Expect")).isFalse();
        assertThat(attempt.informed(ResponseHead.of(100), 2)).isInstanceOf(Decision.Nothing.class);
        assertThat(attempt.informed(ResponseHead.of(103), 3)).isInstanceOf(Decision.Relay.class);
    }

    private Bench collecting() {
        return Bench.of(ProxyConfig.builder()
                .route(Route.any().requestBuffering(Buffering.on(10, 90)).to(pool)));
    }

    private static RequestHead put(String... namesAndValues) {
        RequestHead.Builder head = RequestHead.builder("PUT", "/").header("Host", "localhost");
        for (int i = 0; i < namesAndValues.length; i += 2) {
            head.header(namesAndValues[i], namesAndValues[i + 1]);
        }
        return head.build();
    }

    private static long memoryFor(Bench bench, String host, String target) {
        Exchange exchange = bench.open(
                RequestHead.builder("GET", target).header("Host", host).build());
        Decision decision = Bench.forwarded(exchange.begin(0)).answered(OK, 1);
        assertThat(decision).isInstanceOf(Decision.Deliver.class);
        return ((Decision.Deliver) decision).buffering().memory();
    }
}
