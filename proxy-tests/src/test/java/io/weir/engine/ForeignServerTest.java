package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.http.Reply;
import io.weir.jetty.JettyProxyHandler;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.H2Client;
import io.weir.testkit.H2Stream;
import io.weir.testkit.Identity;
import io.weir.testkit.Leaks;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.eclipse.jetty.http2.server.HTTP2CServerConnectionFactory;
import org.eclipse.jetty.io.ArrayByteBufferPool;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The proxy as a handler in a server of the application's own, with Jetty's own connectors and threads. */
class ForeignServerTest {

    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    private final ArrayByteBufferPool.Tracking buffers = new ArrayByteBufferPool.Tracking();
    private Server server;

    @AfterEach
    void stopServer() throws Exception {
        server.stop();
        server.destroy();
        Leaks.assertNone(buffers);
    }

    @Test
    void bodiesAndTrailersPass() throws Exception {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + "5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n");
                var client = RawClient.connect(start(upstream))) {
            for (int i = 0; i < 3; i++) {
                RawResponse response = client.send("POST / HTTP/1.1\r\nHost: a.test\r\n"
                                + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 2\r\n\r\n")
                        .readResponse();

                assertThat(response.body()).isEqualTo("hello");
                assertThat(response.trailers()).hasSize(1);
                assertThat(upstream.awaitRequest().trailers()).hasSize(1);
            }
            assertThat(upstream.connectionCount()).isOne();
        }
    }

    @Test
    void anEarlyAnswerReachesAClientThatStillSends() throws Exception {
        try (var upstream = ScriptedUpstream.of(
                        connection -> {
                            connection.readHead();
                            connection.send(OK);
                            connection.stall();
                        },
                        connection -> {
                            connection.readRequest();
                            connection.send(OK);
                        });
                var client = RawClient.connect(start(upstream))) {
            byte[] body = new byte[8 * 1024 * 1024];

            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + body.length + "\r\n\r\n")
                    .send(body);

            assertThat(client.readResponse().body()).isEqualTo("ok");
            assertThat(client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n")
                            .readResponse()
                            .body())
                    .isEqualTo("ok");
        }
    }

    @Test
    void aClientThatLeavesIsNoticedAtTheNextWrite() throws Exception {
        CountDownLatch left = new CountDownLatch(1);
        try (var log = LogCapture.of("io.weir.access");
                var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
                    Await.on("the client has left", left);
                    while (true) {
                        connection.send("3\r\ndef\r\n");
                    }
                })) {
            int port = start(upstream);
            RawClient client = RawClient.connect(port);
            client.send("GET /left-" + port + " HTTP/1.1\r\nHost: a.test\r\n\r\n")
                    .readHead();

            client.reset();
            left.countDown();

            upstream.awaitClosed(1);
            assertThat(log.await("/left-" + port).message()).contains(" 200 ");
        }
    }

    @Test
    void aClientThatLeavesWhileItUploadsIsNoticedAtOnce() throws Exception {
        try (var log = LogCapture.of("io.weir.access");
                var upstream = ScriptedUpstream.of(connection -> {
                    connection.readHead();
                    connection.hang();
                })) {
            int port = start(upstream);
            RawClient client = RawClient.connect(port);
            client.send("POST /left-" + port + " HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\nabc");
            upstream.awaitRequest();

            client.close();

            upstream.awaitClosed(1);
            assertThat(log.await("/left-" + port).message()).contains(" 499 ");
        }
    }

    @Test
    void anHttp2ClientThatResetsItsStreamIsNoticedAtOnce() throws Exception {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.hang();
                });
                var client = H2Client.connect(start(upstream))) {
            H2Stream stream = client.openStream("POST", "/", List.of()).sendLast("");
            upstream.awaitRequest();

            stream.reset();

            upstream.awaitClosed(1);
        }
    }

    @Test
    void anUpstreamThatDiesInsideABodyBreaksTheMessage() throws Exception {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
                    connection.close();
                });
                var client = RawClient.connect(start(upstream))) {

            client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");

            assertThat(client.readResponse().isTruncated()).isTrue();
        }
    }

    @Test
    void aClientsCertificateIsInTheVariablesOfAForeignTlsConnectorToo() throws Exception {
        Identity identity = Identity.of("dns:a.test");
        Identity known = Identity.of("dns:client.test");
        SslContextFactory.Server tls = new SslContextFactory.Server();
        tls.setSslContext(identity.context(List.of(known)));
        tls.setWantClientAuth(true);
        ProxyConfig config = ProxyConfig.builder()
                .headers(h -> h.response().set("X-Tls", "$ssl_protocol $ssl_client_verify $ssl_client_s_dn"))
                .route(Route.any().answer(Reply.status(200)))
                .build();
        HttpConfiguration http = new HttpConfiguration();
        JettyProxyHandler.configure(http, config);
        http.addCustomizer(new SecureRequestCustomizer(false));
        server = new Server(new QueuedThreadPool(16), null, buffers);
        ServerConnector connector = new ServerConnector(
                server, 1, 1, new SslConnectionFactory(tls, "http/1.1"), new HttpConnectionFactory(http));
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(JettyProxyHandler.of(config));
        server.start();
        try (var client = RawClient.connectTls(connector.getLocalPort(), known.context(List.of(identity)), "a.test")) {
            var seen = client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").readResponse();
            var misdirected =
                    client.send("GET / HTTP/1.1\r\nHost: b.test\r\n\r\n").readResponse();

            assertThat(seen.field("X-Tls")).hasValue("TLSv1.3 SUCCESS CN=weir test");
            assertThat(misdirected.status()).isEqualTo(421);
        }
    }

    private int start(ScriptedUpstream upstream) throws Exception {
        ProxyConfig config = ProxyConfig.forwardingTo(upstream.uri());
        HttpConfiguration http = new HttpConfiguration();
        JettyProxyHandler.configure(http, config);
        QueuedThreadPool threads = new QueuedThreadPool(16);
        threads.setName("foreign");
        server = new Server(threads, null, buffers);
        ServerConnector connector = new ServerConnector(
                server, 1, 1, new HttpConnectionFactory(http), new HTTP2CServerConnectionFactory(http));
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(JettyProxyHandler.of(config));
        server.start();
        return connector.getLocalPort();
    }
}
