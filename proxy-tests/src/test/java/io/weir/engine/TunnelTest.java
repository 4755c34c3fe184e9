package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.testkit.Await;
import io.weir.testkit.H2Upstream;
import io.weir.testkit.Identity;
import io.weir.testkit.RawRequest;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UnixUpstream;
import io.weir.testkit.UpstreamConnection;
import io.weir.upstream.UpstreamTls;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What passes through a connection that has been switched to another protocol, and how it ends. */
class TunnelTest {

    static final String ASKING = "GET /chat HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
            + "Sec-WebSocket-Protocol: chat, superchat\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

    static final String SWITCHED = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            + "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n"
            + "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";

    @Test
    void bytesPassBothWaysAfterThe101() {
        try (var upstream = switching(connection -> {
                    assertThat(text(connection.readBytes(4))).isEqualTo("ping");
                    connection.send("pong");
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            RawResponse head = client.send(ASKING).readInterim();

            String answer = client.send("ping").readBytes(4);

            assertThat(answer).isEqualTo("pong");
            assertThat(head.status()).isEqualTo(101);
            assertThat(head.field("Connection")).hasValue("Upgrade");
            assertThat(head.field("Upgrade")).hasValue("websocket");
            assertThat(head.field("Sec-WebSocket-Accept")).hasValue("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
            assertThat(head.field("Sec-WebSocket-Protocol")).hasValue("chat");
            assertThat(head.field("Sec-WebSocket-Extensions")).hasValue("permessage-deflate");
        }
    }

    @Test
    void bytesPassBothWaysOverATlsUpstream() {
        Identity identity = Identity.of("ip:127.0.0.1");
        try (var upstream = ScriptedUpstream.secured(identity, connection -> {
                    connection.readHead();
                    connection.send(SWITCHED + "early");
                    assertThat(text(connection.readBytes(4))).isEqualTo("ping");
                    connection.send("pong");
                });
                var proxied = WiredProxy.to(pool ->
                        pool.upstream(upstream.uri()).tls(UpstreamTls.defaults().withTrust(identity.certificate())));
                var client = proxied.client()) {

            assertThat(client.send(ASKING).readInterim().status()).isEqualTo(101);
            assertThat(client.readBytes(5)).isEqualTo("early");
            assertThat(client.send("ping").readBytes(4)).isEqualTo("pong");
        }
    }

    @Test
    void bytesPassBothWaysToAnUpstreamInTheFileSystem() {
        try (var behind = switching(connection -> {
                    connection.send("early");
                    assertThat(text(connection.readBytes(4))).isEqualTo("ping");
                    connection.send("pong");
                });
                var upstream = UnixUpstream.relayingTo(behind.port());
                var proxied = WiredProxy.to("unix:" + upstream.path());
                var client = proxied.client()) {

            assertThat(client.send(ASKING).readInterim().status()).isEqualTo(101);
            assertThat(client.readBytes(5)).isEqualTo("early");
            assertThat(client.send("ping").readBytes(4)).isEqualTo("pong");
        }
    }

    @Test
    void anHttp2PoolIsNotAskedToSwitch() {
        try (var upstream = H2Upstream.of(
                        request -> request.answer(request.fields().get("upgrade") == null ? 426 : 500, true));
                var proxied =
                        WiredProxy.to(pool -> pool.upstream(upstream.uri()).http2());
                var client = proxied.client()) {

            assertThat(client.send(ASKING).readResponse().status()).isEqualTo(426);
        }
    }

    @Test
    void theUpstreamIsAskedAsTheClientAsked() {
        try (var upstream = switching(UpstreamConnection::hang);
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            RawRequest request = upstream.awaitRequest();

            assertThat(request.fields("Connection")).containsExactly("Upgrade");
            assertThat(request.fields("Upgrade")).containsExactly("websocket");
            assertThat(request.field("Sec-WebSocket-Key")).hasValue("dGhlIHNhbXBsZSBub25jZQ==");
            assertThat(request.field("Sec-WebSocket-Version")).hasValue("13");
            assertThat(request.field("Sec-WebSocket-Protocol")).hasValue("chat, superchat");
            assertThat(request.field("Sec-WebSocket-Extensions")).hasValue("permessage-deflate");
        }
    }

    @Test
    void framesThatTheClientSendsBehindItsHeadAreNotLost() {
        try (var upstream = switching(connection -> {
                    assertThat(text(connection.readBytes(5))).isEqualTo("early");
                    connection.send("got it");
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING + "early").readInterim();

            assertThat(client.readBytes(6)).isEqualTo("got it");
        }
    }

    @Test
    void framesThatTheClientSendsBeforeItHasThe101AreNotLost() {
        CountDownLatch sent = new CountDownLatch(1);
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    Await.on("the client has sent", sent);
                    connection.send(SWITCHED);
                    assertThat(text(connection.readBytes(5))).isEqualTo("early");
                    connection.send("got it");
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING);
            upstream.awaitRequest();
            client.send("early");
            sent.countDown();
            client.readInterim();

            assertThat(client.readBytes(6)).isEqualTo("got it");
        }
    }

    @Test
    void framesThatTheUpstreamSendsTogetherWithThe101AreNotLost() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    connection.send(SWITCHED + "hello");
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            assertThat(client.readBytes(5)).isEqualTo("hello");
        }
    }

    @Test
    void theClientsEndReachesTheUpstreamAndTheOtherDirectionGoesOn() {
        try (var upstream = switching(connection -> {
                    connection.readBytes(3);
                    connection.awaitEnd();
                    connection.send("still here");
                    connection.close();
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            client.send("bye").shutdownOutput();

            assertThat(client.readAll()).isEqualTo("still here");
            assertThat(proxied.awaitError(1)).isNull();
        }
    }

    @Test
    void theUpstreamsEndReachesTheClientAndTheOtherDirectionGoesOn() {
        try (var upstream = switching(connection -> {
                    connection.send("bye");
                    connection.shutdownOutput();
                    assertThat(text(connection.readBytes(10))).isEqualTo("still here");
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            assertThat(client.readAll()).isEqualTo("bye");
            client.send("still here").shutdownOutput();

            assertThat(proxied.awaitError(1)).isNull();
        }
    }

    @Test
    void aResetByTheUpstreamClosesTheClientAtOnce() {
        CountDownLatch switched = new CountDownLatch(1);
        try (var upstream = switching(connection -> {
                    Await.on("the client has the 101", switched);
                    connection.reset();
                });
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();
            switched.countDown();

            assertThat(client.isClosedByPeer()).isTrue();
            assertThat(proxied.awaitError(1)).isEqualTo(ProxyError.CONNECTION_TERMINATED);
            assertThat(proxied.failures()).isEmpty();
        }
    }

    @Test
    void aResetByTheClientClosesTheUpstreamAtOnce() {
        try (var upstream = switching(UpstreamConnection::hang);
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {
            client.send(ASKING).readInterim();

            client.reset();

            upstream.awaitClosed(1);
            assertThat(proxied.awaitError(1)).isEqualTo(ProxyError.CLIENT_GONE);
        }
    }

    @Test
    void theExchangeLastsAsLongAsTheTunnelAndCountsWhatTheClientGot() {
        try (var upstream = switching(connection -> connection.send("0123456789"));
                var proxied = WiredProxy.to(upstream.uri())) {
            try (var client = proxied.client()) {
                client.send(ASKING).readInterim();
                client.readBytes(10);

                assertThat(proxied.slotsTaken()).isEqualTo(1);
            }
            upstream.connection(1).close();

            var ended = proxied.awaitEnded(1);
            assertThat(ended.outcome().status()).isEqualTo(101);
            assertThat(ended.outcome().bodyBytes()).isEqualTo(10);
            assertThat(ended.attempts().get(0).status()).isEqualTo(101);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 400, 401, 403, 426})
    void aRefusalReachesTheClientWhole(int status) {
        try (var upstream = ScriptedUpstream.answering(
                        "HTTP/1.1 " + status + " No\r\nWWW-Authenticate: Basic\r\nContent-Length: 9\r\n\r\nnot today");
                var proxied = WiredProxy.to(upstream.uri());
                var client = proxied.client()) {

            RawResponse refusal = client.send(ASKING).readResponse();
            RawResponse next = client.send(WiredProxy.GET).readResponse();

            assertThat(refusal.status()).isEqualTo(status);
            assertThat(refusal.body()).isEqualTo("not today");
            assertThat(refusal.field("WWW-Authenticate")).hasValue("Basic");
            assertThat(next.status()).isEqualTo(status);
        }
    }

    /** Reads the head, answers 101 and goes on as told. */
    static ScriptedUpstream switching(ScriptedUpstream.Script then) {
        return ScriptedUpstream.of(connection -> {
            connection.readHead();
            connection.send(SWITCHED);
            then.run(connection);
        });
    }

    static String text(byte[] bytes) {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }
}
