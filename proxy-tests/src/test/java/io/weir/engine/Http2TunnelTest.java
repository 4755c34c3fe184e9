package io.weir.engine;

import static io.weir.engine.TunnelTest.text;
import static org.assertj.core.api.Assertions.assertThat;

import io.weir.header.Upgrades;
import io.weir.http.ProxyError;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Field;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Response;
import io.weir.testkit.H2Stream;
import io.weir.testkit.RawRequest;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** WebSocket clients over HTTP/2 (RFC 8441) reach upstreams that speak HTTP/1.1. */
class Http2TunnelTest {

    private static final List<Field> FIELDS =
            List.of(new Field("sec-websocket-version", "13"), new Field("sec-websocket-protocol", "chat"));

    @Test
    void anExtendedConnectIsAGetWithUpgradeToTheUpstreamAndA200ToTheClient() {
        try (var upstream = switching(UpstreamConnection::hang);
                var proxied = WiredProxy.to(upstream.uri());
                var client = H2Client.connect(proxied.port())) {
            H2Response head = client.openWebSocket("/chat?a=1", FIELDS).awaitHead();

            RawRequest request = upstream.awaitRequest();

            assertThat(head.status()).isEqualTo(200);
            assertThat(head.field("sec-websocket-protocol")).hasValue("chat");
            assertThat(head.field("sec-websocket-accept")).isEmpty();
            assertThat(head.field("upgrade")).isEmpty();
            assertThat(request.requestLine()).isEqualTo("GET /chat?a=1 HTTP/1.1");
            assertThat(request.fields("Connection")).containsExactly("Upgrade");
            assertThat(request.fields("Upgrade")).containsExactly("websocket");
            assertThat(request.field("Sec-WebSocket-Key").orElseThrow()).hasSize(24);
        }
    }

    @Test
    void bytesPassBothWaysAndEndsArePassedOn() {
        try (var upstream = switching(connection -> {
                    assertThat(text(connection.readBytes(4))).isEqualTo("ping");
                    connection.send("pong");
                    connection.awaitEnd();
                    connection.close();
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = H2Client.connect(proxied.port())) {
            H2Stream stream = client.openWebSocket("/chat", FIELDS);
            stream.awaitHead();

            stream.send("ping");
            String answer = stream.awaitData();
            stream.sendLast("");

            assertThat(answer).isEqualTo("pong");
            assertThat(stream.awaitResponse().isTruncated()).isFalse();
            assertThat(proxied.awaitError(1)).isNull();
            assertThat(proxied.awaitEnded(1).outcome().status()).isEqualTo(101);
        }
    }

    @Test
    void aRefusalReachesTheClientWhole() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 403 No\r\nContent-Length: 9\r\n\r\nnot today");
                var proxied = WiredProxy.to(upstream.uri());
                var client = H2Client.connect(proxied.port())) {

            H2Response refusal = client.openWebSocket("/chat", FIELDS).awaitResponse();

            assertThat(refusal.status()).isEqualTo(403);
            assertThat(refusal.body()).isEqualTo("not today");
        }
    }

    @Test
    void aRouteWithoutUpgradeRefuses() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                var proxied = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()),
                        (config, pool) -> config.route(Route.any().noUpgrade().to(pool)));
                var client = H2Client.connect(proxied.port())) {

            assertThat(client.openWebSocket("/chat", FIELDS).awaitHead().status())
                    .isEqualTo(405);
            assertThat(upstream.connectionCount()).isZero();
        }
    }

    @Test
    void aWrongAcceptIs502() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    connection.send(TunnelTest.SWITCHED);
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = H2Client.connect(proxied.port())) {

            assertThat(client.openWebSocket("/chat", FIELDS).awaitHead().status())
                    .isEqualTo(502);
            upstream.awaitClosed(1);
        }
    }

    @Test
    void aStreamThatIsResetClosesTheUpstream() {
        try (var upstream = switching(UpstreamConnection::hang);
                var proxied = WiredProxy.to(upstream.uri());
                var client = H2Client.connect(proxied.port())) {
            H2Stream stream = client.openWebSocket("/chat", FIELDS);
            stream.awaitHead();

            stream.reset();

            upstream.awaitClosed(1);
            assertThat(proxied.awaitError(1)).isEqualTo(ProxyError.CLIENT_GONE);
        }
    }

    @Test
    void anUpstreamThatIsResetEndsTheStreamAndTheOthersGoOn() {
        CountDownLatch switched = new CountDownLatch(1);
        try (var upstream = switching(connection -> {
                    Await.on("the client has the head", switched);
                    connection.reset();
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = H2Client.connect(proxied.port())) {
            H2Stream stream = client.openWebSocket("/chat", FIELDS);
            stream.awaitHead();
            H2Stream other = client.openWebSocket("/chat", FIELDS);
            other.awaitHead();
            switched.countDown();

            stream.awaitResponse();
            other.awaitResponse();

            assertThat(proxied.awaitError(2)).isEqualTo(ProxyError.CONNECTION_TERMINATED);
        }
    }

    /** Reads the head, answers 101 as it has to and goes on as told. */
    private static ScriptedUpstream switching(ScriptedUpstream.Script then) {
        return ScriptedUpstream.of(connection -> {
            String key = connection.readHead().field("Sec-WebSocket-Key").orElseThrow();
            connection.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                    + "Sec-WebSocket-Protocol: chat\r\nSec-WebSocket-Accept: " + Upgrades.acceptFor(key) + "\r\n\r\n");
            then.run(connection);
        });
    }
}
