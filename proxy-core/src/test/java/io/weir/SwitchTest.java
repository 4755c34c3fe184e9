package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.http.Traffic;
import io.weir.log.WebSocketSummary;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.NullSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A request that asks for another protocol, and what becomes of it. */
class SwitchTest {
    private static final String KEY = "dGhlIHNhbXBsZSBub25jZQ==";
    private static final String ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
    private static final RequestHead ASKING = RequestHead.builder("GET", "/chat")
            .header("Host", "localhost")
            .header("Connection", "keep-alive, Upgrade, TE")
            .header("TE", "trailers")
            .header("Upgrade", "WebSocket")
            .header("Sec-WebSocket-Key", KEY)
            .build();
    private static final RequestHead EXTENDED =
            ASKING.toBuilder().protocol("HTTP/2.0").build();
    private static final ResponseHead SWITCHED = ResponseHead.of(
            101, "Connection", "Upgrade", "Upgrade", "WebSocket", "Sec-WebSocket-Accept", ACCEPT, "Server", "x");

    @Test
    void theUpstreamIsAskedToo() {
        Attempt attempt = Bench.forwarded(Bench.of("http://a").open(ASKING).begin(0));

        assertThat(attempt.upgrade()).isEqualTo("websocket");
        assertThat(attempt.headers().all("Connection")).containsExactly("Upgrade");
        assertThat(attempt.headers().all("Upgrade")).containsExactly("websocket");
        assertThat(attempt.headers().get("Sec-WebSocket-Key")).isEqualTo(KEY);
        assertThat(attempt.headers().contains("TE")).isFalse();
    }

    @Test
    void the101IsASwitchAndTheSlotIsHeldUntilTheTunnelHasClosed() {
        Bench bench = Bench.of("http://a");
        Exchange exchange = bench.open(ASKING);
        Attempt attempt = Bench.forwarded(exchange.begin(0));

        ResponseHead head = switched(attempt.answered(SWITCHED, 1));

        assertThat(head.headers().all("Connection")).containsExactly("Upgrade");
        assertThat(head.headers().all("Upgrade")).containsExactly("websocket");
        assertThat(head.header("Sec-WebSocket-Accept")).isEqualTo(ACCEPT);
        assertThat(bench.inFlight("http://a")).isEqualTo(1);

        attempt.finished(2);
        exchange.finished(77, 3);

        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.summary().outcome().status()).isEqualTo(101);
        assertThat(bench.summary().outcome().bodyBytes()).isEqualTo(77);
        assertThat(bench.summary().outcome().error()).isNull();
    }

    @Test
    void whatPassedThroughTheWebSocketIsInTheSummary() {
        Bench bench = Bench.of("http://a");
        Exchange exchange = bench.open(ASKING);
        switched(Bench.forwarded(exchange.begin(0)).answered(SWITCHED, 1));
        WebSocketSummary passed = new WebSocketSummary(2, 3, 1000, null);

        exchange.finished(Traffic.ofBody(77), passed, 3);

        assertThat(bench.summary().webSocket()).isEqualTo(passed);
    }

    @Test
    void aRouteWithoutUpgradeSendsItOnAsPlainHttp() {
        Attempt attempt =
                Bench.forwarded(routed(Route.Draft::noUpgrade).open(ASKING).begin(0));

        assertThat(attempt.upgrade()).isNull();
        assertThat(attempt.headers().contains("Upgrade")).isFalse();
        assertThat(attempt.headers().contains("Connection")).isFalse();
        assertThat(Bench.answered(attempt.answered(SWITCHED, 1)).status()).isEqualTo(502);
    }

    @Test
    void aRouteMayNameOtherProtocols() {
        RequestHead asking = ASKING.withHeader("Upgrade", "websocket, foo");

        Attempt attempt = Bench.forwarded(
                routed(route -> route.upgrades("foo")).open(asking).begin(0));

        assertThat(attempt.upgrade()).isEqualTo("foo");
    }

    @ParameterizedTest
    @ValueSource(strings = {"foo", "websocket, foo", ""})
    @NullSource
    void aSwitchToAnotherProtocolIs502(String upgrade) {
        Bench bench = Bench.of("http://a");
        Attempt attempt = Bench.forwarded(bench.open(ASKING).begin(0));
        ResponseHead head =
                upgrade == null ? SWITCHED.withoutHeader("Upgrade") : SWITCHED.withHeader("Upgrade", upgrade);

        Reply reply = Bench.answered(attempt.answered(head, 1));

        assertThat(reply.status()).isEqualTo(502);
        assertThat(reply.error()).isEqualTo(ProxyError.UPGRADE_FAILED);
        assertThat(bench.inFlight("http://a")).isZero();
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 401, 403, 426, 503})
    void aRefusalIsDelivered(int status) {
        Attempt attempt = Bench.forwarded(Bench.of("http://a").open(ASKING).begin(0));

        assertThat(Bench.delivered(attempt.answered(ResponseHead.of(status), 1)).status())
                .isEqualTo(status);
    }

    @Test
    void anUpstreamThatFailsBeforeThe101IsReplacedAndTheNextIsAskedTheSame() {
        Bench bench = Bench.of("http://a", "http://b");
        Attempt first = Bench.forwarded(bench.open(ASKING).begin(0));

        Attempt second = Bench.forwarded(first.failed(
                new ProxyFailure(
                        ProxyError.CONNECTION_TERMINATED, ProxyFailure.Phase.HEAD, true, false, false, "gone", null),
                1));

        assertThat(second.headers()).isEqualTo(first.headers());
        assertThat(second.upgrade()).isEqualTo("websocket");
        switched(second.answered(SWITCHED, 2));
    }

    @Test
    void theTunnelClockBreaksOff() {
        Bench bench = Bench.of("http://a");
        Exchange exchange = bench.open(ASKING);
        switched(Bench.forwarded(exchange.begin(0)).answered(SWITCHED, 1));

        Decision decision = exchange.expired(Exchange.Clock.TUNNEL, 2);
        exchange.finished(0, 3);

        assertThat(decision).isInstanceOf(Decision.Abort.class);
        assertThat(bench.summary().outcome().status()).isEqualTo(101);
        assertThat(bench.summary().outcome().detail()).isEqualTo("tunnel clock PT1H ran out");
        assertThat(bench.failures).isEmpty();
    }

    @Test
    void overHttp2TheAcceptIsChecked() {
        Attempt well = Bench.forwarded(Bench.of("http://a").open(EXTENDED).begin(0));
        Attempt ill = Bench.forwarded(Bench.of("http://a").open(EXTENDED).begin(0));

        switched(well.answered(SWITCHED, 1));
        Reply reply = Bench.answered(ill.answered(SWITCHED.withHeader("Sec-WebSocket-Accept", "x"), 1));

        assertThat(reply.error()).isEqualTo(ProxyError.UPGRADE_FAILED);
    }

    @Test
    void overHttp2A200WouldOpenATunnelAndIs502() {
        Attempt attempt = Bench.forwarded(Bench.of("http://a").open(EXTENDED).begin(0));

        Reply reply = Bench.answered(attempt.answered(ResponseHead.of(200), 1));

        assertThat(reply.error()).isEqualTo(ProxyError.UPGRADE_FAILED);
    }

    @Test
    void overHttp2ARouteWithoutUpgradeRefuses() {
        Reply reply =
                Bench.answered(routed(Route.Draft::noUpgrade).open(EXTENDED).begin(0));

        assertThat(reply.status()).isEqualTo(405);
    }

    private static Bench routed(UnaryOperator<Route.Draft> settings) {
        return Bench.of(
                ProxyConfig.builder().route(settings.apply(Route.any()).to(UpstreamPool.of("app", "http://a"))));
    }

    private static ResponseHead switched(Decision decision) {
        assertThat(decision).isInstanceOf(Decision.Switch.class);
        return ((Decision.Switch) decision).head();
    }
}
