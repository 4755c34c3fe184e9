package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.route.Route;
import io.weir.route.WebSocketPolicy;
import io.weir.upstream.UpstreamPool;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The handshake of a WebSocket that its route watches over. */
class BridgeTest {
    private static final RequestHead ASKING = RequestHead.builder("GET", "/chat")
            .header("Host", "localhost")
            .header("Connection", "Upgrade")
            .header("Upgrade", "websocket")
            .header("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("Sec-WebSocket-Version", "13")
            .header("Sec-WebSocket-Protocol", "chat, superchat")
            .header("Sec-WebSocket-Extensions", "permessage-deflate")
            .build();
    private static final ResponseHead SWITCHED = ResponseHead.of(
            101,
            "Connection",
            "Upgrade",
            "Upgrade",
            "websocket",
            "Sec-WebSocket-Accept",
            "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=",
            "Server",
            "x");

    @Test
    void noExtensionIsOfferedAndOfSubprotocolsThoseThatAreAllowed() {
        Attempt attempt = Bench.forwarded(
                watched(ws -> ws.subprotocols("superchat")).open(ASKING).begin(0));

        assertThat(attempt.headers().contains("Sec-WebSocket-Extensions")).isFalse();
        assertThat(attempt.headers().all("Sec-WebSocket-Protocol")).containsExactly("superchat");
        assertThat(attempt.headers().all("Sec-WebSocket-Key")).hasSize(1);
    }

    @Test
    void the101IsABridgeWithTheUpstreamsOwnFields() {
        WebSocketPolicy policy = WebSocketPolicy.builder().maxMessage(7).build();
        Bench bench = routed(route -> route.webSocket(policy));
        Attempt attempt = Bench.forwarded(bench.open(ASKING).begin(0));

        Decision decision = attempt.answered(SWITCHED.withHeader("Sec-WebSocket-Protocol", "chat"), 1);

        assertThat(decision).isInstanceOf(Decision.Bridge.class);
        Decision.Bridge bridge = (Decision.Bridge) decision;
        assertThat(bridge.policy()).isSameAs(policy);
        assertThat(bridge.head().header("Sec-WebSocket-Protocol")).isEqualTo("chat");
        assertThat(bridge.head().header("Server")).isEqualTo("x");
        assertThat(bridge.head().headers().contains("Sec-WebSocket-Accept")).isFalse();
        assertThat(bridge.head().headers().contains("Upgrade")).isFalse();
        assertThat(bench.inFlight("http://a")).isOne();
    }

    @ParameterizedTest
    @CsvSource({
        "Sec-WebSocket-Extensions, permessage-deflate, an extension that was not offered",
        "Sec-WebSocket-Protocol, mqtt, a subprotocol that was not offered",
        "Sec-WebSocket-Protocol, 'chat, superchat', a subprotocol that was not offered",
        "Sec-WebSocket-Accept, x, another Sec-WebSocket-Accept"
    })
    void a101ThatBreaksTheRulesIs502(String name, String value, String detail) {
        Bench bench = watched(ws -> {});
        Exchange exchange = bench.open(ASKING);
        Attempt attempt = Bench.forwarded(exchange.begin(0));

        Reply reply = Bench.answered(attempt.answered(SWITCHED.withHeader(name, value), 1));
        exchange.finished(0, 2);

        assertThat(reply.error()).isEqualTo(ProxyError.UPGRADE_FAILED);
        assertThat(bench.summary().outcome().detail()).contains(detail);
        assertThat(bench.inFlight("http://a")).isZero();
    }

    @Test
    void aForeignOriginIsRefusedOnlyWhereAWebSocketIsAskedFor() {
        Bench bench = watched(ws -> ws.origins("https://a.test"));
        RequestHead foreign = ASKING.withHeader("Origin", "https://evil.test");

        assertThat(Bench.answered(bench.open(foreign).begin(0)).status()).isEqualTo(403);
        assertThat(bench.inFlight("http://a")).isZero();
        Bench.forwarded(bench.open(foreign.withoutHeader("Upgrade")).begin(0));
    }

    @Test
    void aRefusalIsDelivered() {
        Attempt attempt = Bench.forwarded(watched(ws -> {}).open(ASKING).begin(0));

        assertThat(Bench.delivered(attempt.answered(ResponseHead.of(401), 1)).status())
                .isEqualTo(401);
    }

    @Test
    void otherProtocolsAreTunnelsAllTheSame() {
        RequestHead asking = ASKING.withHeader("Upgrade", "foo");
        Attempt attempt = Bench.forwarded(routed(route -> route.upgrades("foo").webSocket(ws -> {}))
                .open(asking)
                .begin(0));

        assertThat(attempt.answered(SWITCHED.withHeader("Upgrade", "foo"), 1)).isInstanceOf(Decision.Switch.class);
    }

    @Test
    void aHookThatFailsIsNamedWithItsRoute() {
        Bench bench = watched(ws -> {});
        Exchange exchange = bench.open(ASKING);
        Bench.forwarded(exchange.begin(0));

        exchange.messageHookFailed(new IllegalStateException("a bug"));

        assertThat(bench.userCodeFailures).containsExactly("message hook of route \"prefix /\": a bug");
    }

    private static Bench watched(Consumer<WebSocketPolicy.Builder> settings) {
        return routed(route -> route.webSocket(settings));
    }

    private static Bench routed(UnaryOperator<Route.Draft> settings) {
        return Bench.of(
                ProxyConfig.builder().route(settings.apply(Route.any()).to(UpstreamPool.of("app", "http://a"))));
    }
}
