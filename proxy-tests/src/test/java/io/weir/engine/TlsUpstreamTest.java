package io.weir.engine;

import static io.weir.engine.WiredProxy.GET;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.ProxyConfig;
import io.weir.header.HeaderPolicy;
import io.weir.http.ProxyError;
import io.weir.route.Route;
import io.weir.testkit.Command;
import io.weir.testkit.Identity;
import io.weir.testkit.Nginx;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.testkit.UpstreamConnection;
import io.weir.upstream.KeepAlive;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamTls;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What goes on between the proxy and an upstream that speaks TLS. */
class TlsUpstreamTest {

    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    private static final Identity HERE = Identity.of("ip:127.0.0.1", "dns:localhost");
    private static final Identity ELSEWHERE = Identity.of("dns:app.internal");
    private static final UpstreamTls TRUST = UpstreamTls.defaults().withTrust(HERE.certificate());

    // ---- who is talked to ----

    @Test
    void aCertificateThatNobodyVouchesForIsRefused() {
        try (var upstream = ScriptedUpstream.secured(HERE, TlsUpstreamTest::answer);
                var proxy = WiredProxy.to(upstream.uri())) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.TLS_CERTIFICATE_ERROR);
            assertThat(proxy.awaitFailure().line())
                    .contains(
                            "tls_certificate_error",
                            upstream.uri() + ": its certificate is refused for \"127.0.0.1\"",
                            "unable to find valid certification path",
                            "UpstreamTls.withTrust(pem)");
            assertThat(upstream.requests()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"TLSv1.2", "TLSv1.3"})
    void oneThatIsTrustedIsTalkedTo(String protocol) {
        try (var upstream = ScriptedUpstream.secured(HERE, TlsUpstreamTest::answer);
                var proxy = over(upstream.uri(), TRUST.withProtocols(protocol))) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(upstream.connection(1).tls().getProtocol()).isEqualTo(protocol);
        }
    }

    @Test
    void theCertificateHasToBearTheNameInTheUrl() {
        try (var upstream = ScriptedUpstream.secured(ELSEWHERE, TlsUpstreamTest::answer);
                var proxy = over(upstream.uri(), UpstreamTls.defaults().withTrust(ELSEWHERE.certificate()))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.TLS_CERTIFICATE_ERROR);
            assertThat(proxy.awaitFailure().line())
                    .contains("No subject alternative names matching IP address 127.0.0.1", "withName(name)");
        }
    }

    @Test
    void anotherNameIsAskedForAndVerifiedWhereItIsSaid() {
        UpstreamTls tls =
                UpstreamTls.defaults().withTrust(ELSEWHERE.certificate()).withName("App.internal");
        try (var upstream = ScriptedUpstream.secured(ELSEWHERE, TlsUpstreamTest::answer);
                var proxy = over(upstream.uri(), tls)) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(upstream.connection(1).tls().getRequestedServerNames())
                    .containsExactly(new SNIHostName("app.internal"));
        }
    }

    @Test
    void theHostInTheUrlIsAskedForUnlessItIsAnAddress() {
        try (var upstream = ScriptedUpstream.secured(HERE, TlsUpstreamTest::answer);
                var byName = over("https://localhost:" + upstream.port(), TRUST);
                var byAddress = over(upstream.uri(), TRUST)) {

            assertThat(byName.exchange(GET).body()).isEqualTo("ok");
            assertThat(byAddress.exchange(GET).body()).isEqualTo("ok");
            assertThat(upstream.connection(1).tls().getRequestedServerNames())
                    .containsExactly(new SNIHostName("localhost"));
            assertThat(upstream.connection(2).tls().getRequestedServerNames()).isEmpty();
        }
    }

    @Test
    void anythingGoesWhereVerificationIsTurnedOff() {
        try (var upstream = ScriptedUpstream.secured(ELSEWHERE, TlsUpstreamTest::answer);
                var proxy = over(upstream.uri(), UpstreamTls.defaults().withoutVerification())) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
        }
    }

    @Test
    void anUpstreamMayHaveSettingsOfItsOwn() {
        try (var here = ScriptedUpstream.secured(HERE, TlsUpstreamTest::answer);
                var elsewhere = ScriptedUpstream.secured(ELSEWHERE, TlsUpstreamTest::answer);
                var proxy = WiredProxy.to(pool -> pool.tls(TRUST)
                        .upstream(here.uri())
                        .upstream(
                                elsewhere.uri(),
                                u -> u.tls(UpstreamTls.defaults()
                                        .withTrust(ELSEWHERE.certificate())
                                        .withName("app.internal"))))) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(here.requests()).hasSize(1);
            assertThat(elsewhere.requests()).hasSize(1);
        }
    }

    // ---- who the proxy is ----

    @ParameterizedTest
    @ValueSource(strings = {"RSA", "EC", "Ed25519"})
    void theProxyShowsItsCertificateToWhoAsks(String algorithm) throws Exception {
        Identity client = Identity.of(algorithm, new String[] {"dns:proxy.test"});
        try (var upstream = ScriptedUpstream.securedFor(client, HERE, TlsUpstreamTest::answer);
                var proxy = over(upstream.uri(), TRUST.withCertificate(client.certificate(), client.key()))) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(upstream.connection(1).tls().getPeerPrincipal().getName())
                    .isEqualTo("CN=weir test");
        }
    }

    @Test
    void itsKeyMayBeEncrypted(@TempDir Path directory) {
        Command.assumeInstalled("openssl");
        Identity client = Identity.of("dns:proxy.test");
        Path key = directory.resolve("key");
        Command.run(
                        "openssl",
                        "pkcs8",
                        "-topk8",
                        "-in",
                        client.key().toString(),
                        "-out",
                        key.toString(),
                        "-passout",
                        "pass:s3cret")
                .orFail();
        UpstreamTls tls = TRUST.withCertificate(client.certificate(), key, "s3cret");
        try (var upstream = ScriptedUpstream.securedFor(client, HERE, TlsUpstreamTest::answer);
                var proxy = over(upstream.uri(), tls)) {

            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(tls.toString()).doesNotContain("s3cret");
            assertThat(tls).isNotEqualTo(TRUST.withCertificate(client.certificate(), key));
            assertThatIllegalStateException()
                    .isThrownBy(() -> over(upstream.uri(), TRUST.withCertificate(client.certificate(), key, "wr0ng")))
                    .havingRootCause()
                    .satisfies(e -> assertThat(e.getMessage()).doesNotContain("wr0ng"));
        }
    }

    /** The JDK's own server refuses such names, nginx does not. */
    @ParameterizedTest
    @CsvSource({"my_app.internal, my_app.internal", "app.internal., app.internal"})
    void namesThatTheJdkWouldNotSendAreAskedForToo(String name, String sent) {
        Nginx.assumeInstalled();
        try (Nginx nginx = Nginx.start("""
                        server {
                            listen 127.0.0.1:{port} ssl;
                            ssl_certificate %s; ssl_certificate_key %s;
                            return 200 $ssl_server_name;
                        }
                        """.formatted(HERE.certificate(), HERE.key()));
                var proxy = over(
                        "https://127.0.0.1:" + nginx.port(),
                        UpstreamTls.defaults().withoutVerification().withName(name))) {

            assertThat(proxy.exchange(GET).body()).isEqualTo(sent);
        }
    }

    @Test
    void anUpstreamThatMissesItSaysSo() {
        try (var upstream = ScriptedUpstream.securedFor(ELSEWHERE, HERE, TlsUpstreamTest::answer);
                var proxy = over(upstream.uri(), TRUST.withProtocols("TLSv1.3"))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            assertThat(proxy.awaitFailure().line()) // the first up to JDK 24, the other after it
                    .containsAnyOf("fatal alert: bad_certificate", "fatal alert: certificate_required");
        }
    }

    /** It may close while the handshake's last flight is on its way: then no alert is seen. */
    @Test
    void oneThatMissesItInTls12ClosesDuringTheHandshake() {
        try (var upstream = ScriptedUpstream.securedFor(ELSEWHERE, HERE, TlsUpstreamTest::answer);
                var proxy = over(upstream.uri(), TRUST.withProtocols("TLSv1.2"))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            assertThat(proxy.awaitFailure().line())
                    .containsAnyOf(
                            "fatal alert: bad_certificate",
                            "fatal alert: handshake_failure",
                            "UpstreamTls.withCertificate(..)");
        }
    }

    // ---- mistakes ----

    @Test
    void httpsToAPortThatSpeaksPlainHttpIsNamed() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    connection.readBytes(5);
                    connection.send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
                });
                var proxy = WiredProxy.to("https://127.0.0.1:" + upstream.port())) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.TLS_PROTOCOL_ERROR);
            assertThat(proxy.awaitFailure().line()).contains("speaks plain HTTP? use http://");
        }
    }

    @Test
    void plainHttpToAPortThatSpeaksTlsIsNamed() {
        try (var upstream = ScriptedUpstream.secured(HERE, TlsUpstreamTest::answer);
                var proxy = WiredProxy.to("http://127.0.0.1:" + upstream.port())) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
            assertThat(proxy.awaitFailure().line()).contains("does it speak TLS? use https://");
        }
    }

    @Test
    void aFileThatIsNotThereKeepsTheProxyFromStarting() {
        UpstreamTls tls = UpstreamTls.defaults().withTrust(Path.of("no", "such.pem"));

        assertThatThrownBy(() -> over("https://a.test", tls))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("pool \"app\", https://a.test: ")
                .hasMessageContaining("such.pem: there is no such file");
    }

    @Test
    void aReloadReadsTheFilesAgain() throws Exception {
        Path trusted = Files.createTempFile("trusted", ".pem");
        Files.copy(HERE.certificate(), trusted, REPLACE_EXISTING);
        UpstreamTls tls = UpstreamTls.defaults().withTrust(trusted);
        try (var upstream = ScriptedUpstream.secured(HERE, TlsUpstreamTest::answer);
                var proxy = over(upstream.uri(), tls)) {
            UpstreamPool pool =
                    UpstreamPool.named("app").tls(tls).upstream(upstream.uri()).build();
            ProxyConfig same = ProxyConfig.builder().route(Route.any().to(pool)).build();
            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");

            proxy.reload(same);
            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            assertThat(upstream.connectionCount()).as("connections are kept").isEqualTo(1);

            Files.writeString(trusted, "no certificate");
            assertThatThrownBy(() -> proxy.reload(same))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("it holds no certificate");
            assertThat(proxy.exchange(GET).body()).isEqualTo("ok");

            Files.copy(ELSEWHERE.certificate(), trusted, REPLACE_EXISTING);
            proxy.reload(same);
            assertThat(proxy.exchange(GET).status()).isEqualTo(502);
        }
    }

    // ---- what else may happen ----

    @Test
    void aHandshakeThatFailsIsTriedElsewhere() {
        String post = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 2\r\n\r\nhi";
        try (var refused = ScriptedUpstream.secured(ELSEWHERE, TlsUpstreamTest::answer);
                var trusted = ScriptedUpstream.secured(HERE, TlsUpstreamTest::answer);
                var proxy = WiredProxy.to(
                        pool -> pool.tls(TRUST).upstream(refused.uri()).upstream(trusted.uri()))) {

            assertThat(proxy.exchange(post).body()).isEqualTo("ok");
            assertThat(trusted.awaitRequest().body()).isEqualTo("hi");
        }
    }

    @Test
    void theConnectClockRunsUntilTheHandshakeIsThrough() {
        try (var upstream = ScriptedUpstream.of(connection -> connection.hang());
                var proxy = WiredProxy.to(
                        pool -> pool.upstream("https://127.0.0.1:" + upstream.port()),
                        config -> config.timeouts(t -> t.connect(Duration.ofMillis(200))))) {

            assertThat(proxy.exchange(GET).status()).isEqualTo(504);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.CONNECTION_TIMEOUT);
            upstream.awaitClosed(1);
        }
    }

    @Test
    void aClientThatLeavesDuringTheHandshakeEndsIt() {
        try (var upstream = ScriptedUpstream.of(connection -> connection.hang());
                var proxy = WiredProxy.to("https://127.0.0.1:" + upstream.port())) {
            RawClient client = proxy.client().send(GET);
            upstream.awaitConnections(1);

            client.close();

            upstream.awaitClosed(1);
        }
    }

    @Test
    void aConnectionIsKept() {
        try (var upstream = ScriptedUpstream.secured(HERE, TlsUpstreamTest::answer);
                var proxy = over(upstream.uri(), TRUST)) {

            for (int i = 0; i < 5; i++) {
                assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            }
            assertThat(upstream.connectionCount()).isEqualTo(1);
        }
    }

    @Test
    void aKeptOneThatTheUpstreamHasClosedCostsNothing() {
        try (var upstream = ScriptedUpstream.secured(HERE, connection -> {
                    connection.readRequest();
                    connection.send(OK);
                    connection.close();
                });
                var proxy = over(upstream.uri(), TRUST)) {

            for (int i = 0; i < 3; i++) {
                assertThat(proxy.exchange(GET).body()).isEqualTo("ok");
            }
            assertThat(proxy.failures()).isEmpty();
        }
    }

    @Test
    void largeBodiesGoBothWays() {
        int size = 3_000_000;
        try (var upstream = ScriptedUpstream.secured(HERE, connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + size + "\r\n\r\n");
                    connection.sendFiller(size);
                });
                var proxy = over(upstream.uri(), TRUST)) {
            String body = "y".repeat(size);

            RawResponse response =
                    proxy.exchange("PUT / HTTP/1.1\r\nHost: a.test\r\nContent-Length: " + size + "\r\n\r\n" + body);

            assertThat(response.isTruncated()).isFalse();
            assertThat(response.body()).hasSize(size);
            assertThat(upstream.awaitRequest().body()).isEqualTo(body);
        }
    }

    @Test
    void aBodyThatEndsWithTheConnectionIsWholeIfTlsEndedToo() {
        try (var upstream = ScriptedUpstream.secured(HERE, connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\n\r\nall of it");
                    connection.close(); // says close_notify
                });
                var proxy = over(upstream.uri(), TRUST)) {

            RawResponse response = proxy.exchange(GET);

            assertThat(response.isTruncated()).isFalse();
            assertThat(response.body()).isEqualTo("all of it");
        }
    }

    /** Whoever sits in between could cut it where he likes. */
    @Test
    void itIsBrokenIfOnlyTheConnectionEnded() throws Exception {
        try (var server = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
                var proxy = over("https://127.0.0.1:" + server.getLocalPort(), TRUST)) {
            RawClient client = proxy.client().send(GET);
            try (Socket plain = server.accept()) {
                SSLSocket secure =
                        (SSLSocket) HERE.context(List.of()).getSocketFactory().createSocket(plain, null, 0, false);
                secure.setUseClientMode(false);
                assertThat(secure.getInputStream().read(new byte[4096])).isPositive();
                secure.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\nnot all".getBytes(US_ASCII));
            }

            assertThat(client.readResponse().isTruncated()).isTrue();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_INCOMPLETE);
            client.close();
        }
    }

    @Test
    void aBodyThatBreaksOffIsSeenAsBroken() {
        try (var upstream = ScriptedUpstream.secured(HERE, connection -> {
                    connection.readRequest();
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
                    connection.close();
                });
                var proxy = over(upstream.uri(), TRUST)) {

            assertThat(proxy.exchange(GET).isTruncated()).isTrue();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_INCOMPLETE);
        }
    }

    @Test
    void redirectsToTheUpstreamComeBackAsOurs() {
        try (var upstream = ScriptedUpstream.secured(HERE, connection -> {
                    String host = connection.readRequest().field("Host").orElseThrow();
                    String location = host.equals("a.test") ? "https://127.0.0.1:0/" : "https://" + host + "/next";
                    connection.send("HTTP/1.1 302 Found\r\nLocation: " + location + "\r\nContent-Length: 0\r\n\r\n");
                });
                var proxy = WiredProxy.to(
                        pool -> pool.tls(TRUST).upstream(upstream.uri()),
                        config -> config.headers(HeaderPolicy.none()))) {

            assertThat(proxy.exchange(GET).field("Location")).contains("/next");
        }
    }

    @Test
    void connectionsMayBeForOneRequestOnly() {
        try (var upstream = ScriptedUpstream.secured(HERE, TlsUpstreamTest::answer);
                var proxy = WiredProxy.to(
                        pool -> pool.tls(TRUST).keepAlive(KeepAlive.off()).upstream(upstream.uri()))) {

            assertThat(List.of(proxy.exchange(GET).body(), proxy.exchange(GET).body()))
                    .containsExactly("ok", "ok");
            upstream.awaitClosed(2);
            assertThat(upstream.connectionCount()).isEqualTo(2);
        }
    }

    private static WiredProxy over(String url, UpstreamTls tls) {
        UnaryOperator<UpstreamPool.Builder> pool = p -> p.tls(tls).upstream(url);
        return WiredProxy.to(pool);
    }

    private static void answer(UpstreamConnection connection) throws Exception {
        while (true) {
            connection.readRequest();
            connection.send(OK);
        }
    }
}
