package io.weir.api;

import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.ProxyConfig;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.jetty.JettyProxyHandler;
import io.weir.jetty.JettyProxyServer;
import io.weir.jetty.Listener;
import io.weir.jetty.Tls;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.Identity;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.upstream.UpstreamPool;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ContextHandler;
import org.eclipse.jetty.server.handler.DefaultHandler;
import org.eclipse.jetty.util.Callback;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.event.Level;

/** The engine's names that users' programs are written with. In a package of its own: it sees what users see. */
class JettyApiTest {

    @Test
    void theSmallestProxyServesUntilItIsClosed() throws Exception {
        try (EchoUpstream upstream = EchoUpstream.start()) {
            JettyProxyServer proxy = JettyProxyServer.start(ProxyConfig.forwardingTo(upstream.uri()), 0);
            Thread waiting = new Thread(proxy::join, "joins-the-proxy");
            waiting.start();

            RawResponse response = get(proxy.port(), "/a%2Fb?q", "any.test");
            proxy.close();
            waiting.join();

            assertThat(response.status()).isEqualTo(200);
            assertThat(response.body()).startsWith("GET /a%2Fb?q HTTP/1.1\nHost: any.test\n");
            assertThatThrownBy(() -> RawClient.connect(proxy.port())).isInstanceOf(RuntimeException.class);
        }
    }

    @Test
    void aServerListensOverTlsAndOnUnixSockets(@TempDir Path directory) {
        Identity identity = Identity.of("dns:a.test");
        try (JettyProxyServer proxy = JettyProxyServer.builder(answering("ok"))
                .listen(0)
                .listen(new InetSocketAddress("127.0.0.1", 0))
                .listenTls(0, Tls.pem(identity.certificate(), identity.key()))
                .listenTls("127.0.0.1", 0, Tls.keystore(identity.keystore(), "changeit"))
                .listenUnix(directory.resolve("weir.sock"), "rw-rw----")
                .listen(Listener.on(0).proxyProtocol("10.0.0.0/8"))
                .start()) {
            proxy.reloadTls();

            assertThat(proxy.ports()).hasSize(6);
        }
    }

    @Test
    void aServerListensReloadsExplainsAndStops() {
        ProxyConfig before = answering("before");
        JettyProxyServer proxy = JettyProxyServer.builder(before)
                .listen("127.0.0.1", 0)
                .listen(0)
                .start();
        int port = proxy.port();
        assertThat(proxy.ports()).hasSize(2).startsWith(port).doesNotHaveDuplicates();
        assertThat(get(proxy.ports().get(1), "/", "any.test").body()).isEqualTo("before");

        proxy.reload(answering("after"));

        assertThat(get(port, "/", "any.test").body()).isEqualTo("after");
        assertThat(proxy.explain(RequestHead.get("/x", "any.test")).toString()).contains("route: prefix /");
        assertThat(proxy.status().pools()).isEmpty();
        proxy.stop(ofSeconds(1));
        assertThatThrownBy(() -> RawClient.connect(port)).isInstanceOf(RuntimeException.class);
    }

    @Test
    void aTakenPortIsNamed() throws Exception {
        try (ServerSocket taken = new ServerSocket(0)) {
            int port = taken.getLocalPort();

            assertThatThrownBy(() -> JettyProxyServer.start(answering("never"), port))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("can't listen on")
                    .hasMessageContaining("*:" + port);
        }
    }

    @Test
    void aHandlerLeavesToTheNextWhatNoRouteServes() throws Exception {
        try (EchoUpstream upstream = EchoUpstream.start()) {
            Site site =
                    Site.named("proxied.test").route(Route.prefix("/api/").to(UpstreamPool.of("api", upstream.uri())));
            ProxyConfig config = ProxyConfig.builder().site(site).build();
            HttpConfiguration http = new HttpConfiguration();
            JettyProxyHandler.configure(http);
            Server server = new Server();
            ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
            server.addConnector(connector);
            JettyProxyHandler proxy = JettyProxyHandler.of(config);
            server.setHandler(new Handler.Sequence(
                    new ContextHandler(new Saying("the application"), "/app"), proxy, new DefaultHandler()));
            server.start();
            int port = connector.getLocalPort();

            try {
                assertThat(get(port, "/api/a%2Fb", "proxied.test").body()).startsWith("GET /api/a%2Fb HTTP/1.1\n");
                assertThat(get(port, "/app/x", "proxied.test").body()).isEqualTo("the application");
                assertThat(get(port, "/elsewhere", "proxied.test").status()).isEqualTo(404);
                assertThat(get(port, "/api/x", "unknown.test").status()).isEqualTo(404);
                assertThat(upstream.requests()).hasSize(1);
                assertThat(proxy.explain(RequestHead.get("/api/x", "proxied.test"))
                                .toString())
                        .contains("sends: GET /api/x");

                proxy.reload(answering("reloaded"));

                assertThat(get(port, "/elsewhere", "unknown.test").body()).isEqualTo("reloaded");
            } finally {
                server.stop();
            }
        }
    }

    @Test
    void aConnectorThatWasNotConfiguredIsWarnedOf() throws Exception {
        try (LogCapture log = LogCapture.of(JettyProxyHandler.class.getName())) {
            Server server = server("connector-as-jetty-has-it", new HttpConfiguration());
            server.stop();

            assertThat(log.lines("connector-as-jetty-has-it"))
                    .isNotEmpty()
                    .allMatch(line -> line.level() == Level.WARN)
                    .allMatch(line -> line.message().contains("call JettyProxyHandler.configure"))
                    .anyMatch(line -> line.message().contains("%2F"))
                    .anyMatch(line -> line.message().contains("Server or Date"));
        }
    }

    @Test
    void aConnectorThatWasConfiguredIsNot() throws Exception {
        try (LogCapture log = LogCapture.of(JettyProxyHandler.class.getName())) {
            HttpConfiguration http = new HttpConfiguration();
            JettyProxyHandler.configure(http);
            Server server = server("connector-as-weir-wants-it", http);
            server.stop();

            assertThat(log.lines("connector-as-weir-wants-it")).isEmpty();
        }
    }

    private static Server server(String connectorName, HttpConfiguration http) throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setName(connectorName);
        server.addConnector(connector);
        server.setHandler(JettyProxyHandler.of(answering("hello")));
        server.start();
        return server;
    }

    private static ProxyConfig answering(String text) {
        return ProxyConfig.builder()
                .route(Route.any().answer(Reply.text(200, text)))
                .build();
    }

    private static RawResponse get(int port, String target, String host) {
        return RawClient.exchange(port, "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
    }

    /** An application that has one thing to say. */
    private static final class Saying extends Handler.Abstract.NonBlocking {
        private final String text;

        Saying(String text) {
            this.text = text;
        }

        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            response.write(true, StandardCharsets.UTF_8.encode(text), callback);
            return true;
        }
    }
}
