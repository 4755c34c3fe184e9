package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.ProxyConfig;
import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.jetty.Listener;
import io.weir.jetty.Tls;
import io.weir.route.Route;
import io.weir.testkit.Command;
import io.weir.testkit.HaProxy;
import io.weir.testkit.Identity;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Connections that a proxy in front passes on with a PROXY header. */
class ProxyProtocolListenerTest {
    private static final Identity IDENTITY = Identity.of("dns:a.test");
    private static final String GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
    private static final String LINE = "PROXY TCP4 192.0.2.7 198.51.100.1 4711 443\r\n";

    @Test
    void theAnnouncedAddressTakesThePlaceOfThePeers() {
        try (JettyProxyServer proxy = start(plain());
                RawClient client = RawClient.connect(proxy.port())) {
            client.send(LINE + GET);

            assertThat(said(client)).isEqualTo("192.0.2.7:4711 198.51.100.1:443 http");
            assertThat(said(client.send(GET))).isEqualTo("192.0.2.7:4711 198.51.100.1:443 http");
        }
    }

    @Test
    void aHeaderMayComeByteByByte() {
        try (JettyProxyServer proxy = start(plain());
                RawClient client = RawClient.connect(proxy.port())) {
            for (byte b : LINE.getBytes(java.nio.charset.StandardCharsets.US_ASCII)) {
                client.send(new byte[] {b});
            }

            assertThat(said(client.send(GET))).startsWith("192.0.2.7:4711 ");
        }
    }

    @Test
    void aConnectionOfTheProxysOwnHasItsAddress() {
        try (JettyProxyServer proxy = start(plain());
                RawClient client = RawClient.connect(proxy.port())) {

            assertThat(said(client.send("PROXY UNKNOWN\r\n" + GET))).startsWith("127.0.0.1:");
        }
    }

    @Test
    void whatTheProxyTellsOfTlsIsBelieved() {
        byte[] header = java.util.HexFormat.of()
                .parseHex("0d0a0d0a000d0a515549540a" + "2111" + "001e" + "c0000207" + "c6336401" + "1267" + "01bb"
                        + "20000f" + "01" + "00000000" + "210007" + "544c5376312e33");
        try (JettyProxyServer proxy = start(plain());
                RawClient client = RawClient.connect(proxy.port())) {

            RawResponse answer = client.send(header).send(GET).readResponse();

            assertThat(answer.field("X-Seen").orElse("")).isEqualTo("192.0.2.7:4711 198.51.100.1:443 https");
            assertThat(answer.field("X-Tls").orElse("")).isEqualTo("TLSv1.3");
        }
    }

    @Test
    void anAddressThatIsNotTrustedIsClosedWhateverItSends() {
        try (JettyProxyServer proxy = start(Listener.on("127.0.0.1", 0).proxyProtocol("192.0.2.0/24"));
                RawClient client = RawClient.connect(proxy.port())) {

            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {GET, "PROXY TCP4 nobody 198.51.100.1 4711 443\r\n", "PROXY TCP9\r\n", "\u0016\u0003\u0001"})
    void aConnectionWithoutAHeaderIsClosed(String bytes) {
        try (JettyProxyServer proxy = start(plain());
                RawClient client = RawClient.connect(proxy.port())) {

            assertThat(client.send(bytes).readAllThatComes()).isEmpty();
        }
    }

    @Test
    void aHeaderThatDoesNotComeIsNotWaitedForLongerThanAHead() {
        ProxyConfig.Builder config = config().timeouts(t -> t.clientHead(Duration.ofMillis(100)));
        try (JettyProxyServer proxy =
                        JettyProxyServer.builder(config.build()).listen(plain()).start();
                RawClient client = RawClient.connect(proxy.port())) {

            assertThat(client.send("PROXY TCP4 192.0.2.7").isClosedByPeer()).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource({"send-proxy, false", "send-proxy-v2, false", "send-proxy, true", "send-proxy-v2, true"})
    void haproxyPassesConnectionsOnOverTlsAndWithout(String option, boolean tls) {
        Listener listener = tls ? plain().tls(Tls.pem(IDENTITY.certificate(), IDENTITY.key())) : plain();
        try (JettyProxyServer proxy = start(listener);
                HaProxy haProxy = HaProxy.to(proxy.port(), option);
                RawClient client = tls
                        ? RawClient.connectTls(haProxy.port(), Identity.trustingAll(), "a.test")
                        : RawClient.connect(haProxy.port())) {
            String seen = said(client.send(GET));

            String own = "127.0.0.1:" + client.localPort() + " 127.0.0.1:" + haProxy.port();
            assertThat(seen).isEqualTo(own + (tls ? " https" : " http"));
        }
    }

    @Test
    void curlSendsAHeader() {
        Command.assumeInstalled("curl");
        try (JettyProxyServer proxy = start(plain())) {
            String output = Command.run("curl", "-sSi", "--haproxy-protocol", "http://127.0.0.1:" + proxy.port() + "/")
                    .orFail();

            assertThat(output).contains("X-Seen: 127.0.0.1:").contains(" 127.0.0.1:" + proxy.port() + " http");
        }
    }

    @Test
    void aUnixSocketTakesHeadersFromWhoMayConnect(@TempDir Path directory) {
        Command.assumeInstalled("curl");
        Path socket = directory.resolve("s");
        try (JettyProxyServer proxy = start(Listener.unix(socket).proxyProtocol("unix:"))) {
            String output = Command.run(
                            "curl", "-sSi", "--unix-socket", socket.toString(), "--haproxy-protocol", "http://a.test/")
                    .output();

            assertThat(proxy.port()).isNegative();
            assertThat(output).contains("200 OK"); // curl says UNKNOWN there
        }
    }

    @Test
    void nobodyToTrustIsAMistake() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Listener.on(80).proxyProtocol())
                .withMessageStartingWith("proxyProtocol: from nobody (expected:");
    }

    private static Listener plain() {
        return Listener.on("127.0.0.1", 0).proxyProtocol("127.0.0.0/8");
    }

    private static String said(RawClient client) {
        return client.readResponse().field("X-Seen").orElse("");
    }

    private static ProxyConfig.Builder config() {
        return ProxyConfig.builder()
                .headers(h -> h.response()
                        .always()
                        .set("X-Tls", "$ssl_protocol")
                        .set("X-Seen", "$remote_addr:$remote_port $server_addr:$server_port $scheme"))
                .route(Route.any().answer(Reply.text(200, "ok")));
    }

    private static JettyProxyServer start(Listener listener) {
        return JettyProxyServer.builder(config().build()).listen(listener).start();
    }
}
