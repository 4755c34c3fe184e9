package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.ProxyConfig;
import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.jetty.Tls;
import io.weir.route.Route;
import io.weir.testkit.Command;
import io.weir.testkit.Field;
import io.weir.testkit.H2Client;
import io.weir.testkit.Identity;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** TLS towards clients: what is agreed on, which certificate is shown, who is turned away. */
class TlsListenerTest {
    private static final Identity A = Identity.of("dns:a.test", "dns:both.test");
    private static final Identity B = Identity.of("RSA", new String[] {"dns:b.test", "dns:*.wild.test"});
    private static final Identity ED = Identity.of("Ed25519", new String[] {"dns:ed.test"});
    private static final Identity CLIENT = Identity.of("dns:client.test");
    private static final Identity STRANGER = Identity.of("dns:stranger.test");

    private static final String GET = "GET / HTTP/1.1\r\nHost: %s\r\n\r\n";

    // ---- what is agreed on ----

    @Test
    void modernClientsGetTls13AndTheVariablesSaySo() {
        try (JettyProxyServer proxy = start(tls());
                RawClient client = connect(proxy, "a.test")) {
            RawResponse answer = client.send(GET.formatted("a.test")).readResponse();

            assertThat(answer.field("X-Tls").orElse(""))
                    .matches("TLSv1\\.3 TLS_AES_(128|256)_GCM_SHA(256|384) a\\.test NONE");
            assertThat(answer.field("X-Scheme").orElse("")).isEqualTo("https on");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "-tls1_3, TLSv1.3, TLS_AES_256_GCM_SHA384",
        "-tls1_2, TLSv1.2, ECDHE-ECDSA-AES256-GCM-SHA384",
    })
    void opensslAgreesOnTheStrongestSuite(String version, String protocol, String cipher) {
        Command.assumeInstalled("openssl");
        try (JettyProxyServer proxy = start(tls())) {
            String output = openssl(proxy, "a.test", version).orFail();

            assertThat(output).contains("New, " + protocol + ", Cipher is " + cipher);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "-tls1_1 -cipher ALL:@SECLEVEL=0",
                "-tls1_2 -cipher ECDHE-ECDSA-AES256-SHA384", // CBC
                "-tls1_2 -cipher AES256-GCM-SHA384", // no forward secrecy
                "-tls1_2 -cipher DHE-RSA-AES256-GCM-SHA384",
            })
    void whatIsOutdatedIsRefused(String options) {
        Command.assumeInstalled("openssl");
        try (JettyProxyServer proxy = start(tls())) {
            Command refused = openssl(proxy, "b.test", options.split(" "));

            assertThat(refused.exit()).isNotZero();
            assertThat(refused.output()).contains("Cipher is (NONE)");
        }
    }

    @Test
    void versionsAndSuitesCanBeChosen() {
        Command.assumeInstalled("openssl");
        try (JettyProxyServer proxy =
                start(tls().protocols("TLSv1.2").ciphers("TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256"))) {
            assertThat(openssl(proxy, "b.test", "-alpn", "h2,http/1.1").orFail())
                    .contains("Protocol  : TLSv1.2")
                    .contains("Cipher    : ECDHE-RSA-AES128-SHA256")
                    .contains("ALPN protocol: http/1.1"); // RFC 9113 §9.2.2: no HTTP/2 with this one
            assertThat(openssl(proxy, "b.test", "-tls1_3").exit()).isNotZero();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "'',                  ''",
        "http/1.1,            http/1.1",
        "h2,                  h2",
        "'http/1.1 h2',       h2",
        "'acme/1 http/1.1',   http/1.1",
    })
    void alpnChoosesHttp2WhereTheClientHasIt(String offered, String agreed) {
        String[] protocols = offered.isEmpty() ? new String[0] : offered.split(" ");
        try (JettyProxyServer proxy = start(tls());
                RawClient client = RawClient.connectTls(proxy.port(), trusting(), "a.test", protocols)) {

            assertThat(client.tls().getApplicationProtocol()).isEqualTo(agreed);
        }
    }

    @Test
    void aClientThatOffersNothingSpokenHereGetsAnAlert() {
        try (JettyProxyServer proxy = start(tls())) {
            assertThatThrownBy(() -> RawClient.connectTls(proxy.port(), trusting(), "a.test", "acme/1"))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("no_application_protocol");
        }
    }

    @Test
    void http2IsSpokenOverTls() {
        try (JettyProxyServer proxy = start(tls());
                H2Client client = H2Client.connectTls(proxy.port(), trusting(), "a.test")) {

            assertThat(client.request("GET", "/", List.of(new Field("Host", "a.test")))
                            .field("x-tls")
                            .orElse(""))
                    .startsWith("TLSv1.3 ");
        }
    }

    @ParameterizedTest
    @CsvSource({"--http1.1, 1.1", "--http2, 2"})
    void curlIsContent(String version, String spoken) {
        Command.assumeInstalled("curl");
        try (JettyProxyServer proxy = start(tls())) {
            String output = Command.run(
                            "curl",
                            "-sS",
                            version,
                            "--cacert",
                            A.certificate().toString(),
                            "--resolve",
                            "a.test:" + proxy.port() + ":127.0.0.1",
                            "-w",
                            " %{http_version}",
                            "https://a.test:" + proxy.port() + "/")
                    .orFail();

            assertThat(output).isEqualTo("ok " + spoken);
        }
    }

    @Test
    void plainHttpOnATlsPortIsToldSo() {
        try (JettyProxyServer proxy = start(tls());
                RawClient client = RawClient.connect(proxy.port())) {
            RawResponse answer = client.send(GET.formatted("a.test")).readResponse();

            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.body()).isEqualTo("400 Bad Request: plain HTTP was sent to an HTTPS port\n");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @Test
    void whatIsNeitherTlsNorHttpIsClosed() {
        try (JettyProxyServer proxy = start(tls());
                RawClient client = RawClient.connect(proxy.port())) {

            assertThat(client.send(new byte[] {0, 1, 2, 3}).isClosedByPeer()).isTrue();
        }
    }

    // ---- which certificate ----

    @ParameterizedTest
    @CsvSource({
        "a.test,         a.test",
        "A.TEST,         a.test",
        "both.test,      a.test",
        "b.test,         b.test",
        "x.wild.test,    b.test",
        "x.y.wild.test,  a.test", // no wildcard reaches so deep: the default
        "ed.test,        ed.test",
        "unknown.test,   a.test",
        "'',             a.test",
    })
    void sniChoosesTheCertificateAndTheFirstIsTheDefault(String serverName, String shown) {
        try (JettyProxyServer proxy = start(tls());
                RawClient client = connect(proxy, serverName)) {

            assertThat(shownBy(client)).isEqualTo(shown);
        }
    }

    @Test
    void unknownNamesAreRefusedByChoice() {
        try (JettyProxyServer proxy = start(tls().refuseUnknownNames())) {
            assertThatThrownBy(() -> connect(proxy, "unknown.test"))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("unrecognized_name");
            assertThatThrownBy(() -> connect(proxy, ""))
                    .isInstanceOf(UncheckedIOException.class)
                    .hasMessageContaining("handshake_failure");
            try (RawClient client = connect(proxy, "x.wild.test")) {
                assertThat(shownBy(client)).isEqualTo("b.test");
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost", "127.0.0.1", "a"})
    void whoAsksForWhatIsHardlyANameGetsTheDefault(String serverName) {
        Command.assumeInstalled("openssl");
        try (JettyProxyServer proxy = start(tls())) {
            assertThat(openssl(proxy, serverName).orFail()).contains(pemOf(A));
        }
    }

    /** The JDK ends the handshake: an underscore, a dot at the end, an IPv6 address. Others are served. */
    @ParameterizedTest
    @ValueSource(strings = {"x_y.wild.test", "a.test.", "*.wild.test", "::1", "a..test"})
    void whatTheJdkTakesForNoNameIsRefused(String serverName) {
        Command.assumeInstalled("openssl");
        try (JettyProxyServer proxy = start(tls())) {
            assertThat(openssl(proxy, serverName).output()).contains("alert illegal parameter");
            assertThat(openssl(proxy, "a.test").exit()).isZero();
        }
    }

    @Test
    void whatIsNoNameDoesNotGetPastARefusalOfUnknownNames() {
        Command.assumeInstalled("openssl");
        try (JettyProxyServer proxy = start(tls().refuseUnknownNames())) {
            for (String name : List.of("localhost", "127.0.0.1", "a.test.", "x.y.wild.test", ".wild.test")) {
                assertThat(openssl(proxy, name).exit()).as(name).isNotZero();
            }
            assertThat(openssl(proxy, "a.test").exit()).isZero();
        }
    }

    @Test
    void aClientThatNegotiatesAnewIsRefused() throws IOException {
        try (JettyProxyServer proxy = start(tls().protocols("TLSv1.2"));
                RawClient client = RawClient.connectTls(proxy.port(), trusting(), "a.test", "http/1.1")) {
            assertThat(client.send(GET.formatted("a.test")).readResponse().status())
                    .isEqualTo(200);

            client.tls().startHandshake(); // sends the first message of it
            assertThatThrownBy(() -> client.send(GET.formatted("a.test")).readResponse())
                    .isInstanceOfAny(UncheckedIOException.class, AssertionError.class);
        }
    }

    private static String pemOf(Identity identity) {
        try {
            return Files.readString(identity.certificate()).strip();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "a.test,       a.test,       200",
        "a.test,       both.test,    200", // the certificate names both: browsers share the connection
        "a.test,       A.Test:8443,  200",
        "a.test,       b.test,       421",
        "unknown.test, unknown.test, 200", // whoever takes the default certificate gets the default site
        "unknown.test, b.test,       421",
        "'',           b.test,       200", // no SNI: nothing was promised
    })
    void aHostOfAnotherCertificateIsMisdirected(String serverName, String host, int status) {
        try (JettyProxyServer proxy = start(tls());
                RawClient client = connect(proxy, serverName)) {

            assertThat(client.send(GET.formatted(host)).readResponse().status()).isEqualTo(status);
        }
    }

    // ---- clients' certificates ----

    @Test
    void aClientsCertificateIsInTheVariables() throws Exception {
        try (JettyProxyServer proxy = start(tls().askClients(CLIENT.certificate()));
                RawClient client =
                        RawClient.connectTls(proxy.port(), CLIENT.context(List.of(A, B)), "a.test", "http/1.1")) {
            RawResponse answer = client.send(GET.formatted("a.test")).readResponse();
            X509Certificate shown = (X509Certificate) client.tls().getSession().getLocalCertificates()[0];

            String serial = shown.getSerialNumber().toString(16).toUpperCase(Locale.ROOT);

            assertThat(answer.field("X-Tls").orElse("")).endsWith(" SUCCESS");
            assertThat(answer.field("X-Client").orElse(""))
                    .isEqualTo("CN=weir test|CN=weir test|" + digest("SHA-1", shown) + "|" + digest("SHA-256", shown)
                            + "|" + (serial.length() % 2 == 0 ? "" : "0") + serial); // as openssl has it
        }
    }

    @Test
    void aClientWithoutACertificateGetsInWhereItIsOnlyAskedFor() {
        try (JettyProxyServer proxy = start(tls().askClients(CLIENT.certificate()));
                RawClient client = connect(proxy, "a.test")) {
            RawResponse answer = client.send(GET.formatted("a.test")).readResponse();

            assertThat(answer.field("X-Tls").orElse("")).endsWith(" NONE");
            assertThat(answer.field("X-Client").orElse("")).isEqualTo("||||");
        }
    }

    @Test
    void aClientWithoutACertificateDoesNotGetInWhereItIsRequired() {
        try (JettyProxyServer proxy = start(tls().requireClients(CLIENT.certificate()))) {
            assertThatThrownBy(() -> {
                        try (RawClient client = connect(proxy, "a.test")) {
                            client.send(GET.formatted("a.test")).readResponse(); // TLS 1.3 tells only now
                        }
                    })
                    .satisfies(thrown ->
                            assertThat(rootOf(thrown)).isInstanceOfAny(SSLException.class, SocketException.class));
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aClientWhoseCertificateNobodyVouchesForDoesNotGetIn(boolean required) {
        Tls tls = required ? tls().requireClients(CLIENT.certificate()) : tls().askClients(CLIENT.certificate());
        Command.assumeInstalled("curl");
        try (JettyProxyServer proxy = start(tls)) {
            Command refused = Command.run(
                    "curl",
                    "-sS",
                    "--cacert",
                    A.certificate().toString(),
                    "--cert",
                    STRANGER.certificate().toString(),
                    "--key",
                    STRANGER.key().toString(),
                    "--resolve",
                    "a.test:" + proxy.port() + ":127.0.0.1",
                    "https://a.test:" + proxy.port() + "/");

            assertThat(refused.exit()).isNotZero();
            assertThat(refused.output()).startsWith("curl: (").doesNotContain("ok"); // a reset may overtake the alert
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"-tls1_3", "-tls1_2"})
    void aResumedSessionTellsTheSame(String version) throws Exception {
        Command.assumeInstalled("openssl");
        Path session = Files.createTempFile("weir-session", ".pem");
        try (JettyProxyServer proxy = start(tls().requireClients(CLIENT.certificate()))) {
            String request = GET.formatted("a.test").replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
            String[] options = {
                version,
                "-cert",
                CLIENT.certificate().toString(),
                "-key",
                CLIENT.key().toString(),
                "-ign_eof"
            };
            String first = opensslWith(proxy, request, "a.test", with(options, "-sess_out", session.toString()))
                    .orFail();
            String second = opensslWith(proxy, request, "a.test", with(options, "-sess_in", session.toString()))
                    .orFail();

            assertThat(first).contains("New, TLSv1").contains("SUCCESS");
            assertThat(second).contains("Reused, TLSv1");
            assertThat(lines(second, "X-")).isEqualTo(lines(first, "X-"));
        } finally {
            Files.delete(session);
        }
    }

    // ---- the rest ----

    private static Tls tls() {
        return Tls.pem(A.certificate(), A.key())
                .andPem(B.certificate(), B.key())
                .andPem(ED.certificate(), ED.key());
    }

    private static JettyProxyServer start(Tls tls) {
        ProxyConfig config = ProxyConfig.builder()
                .headers(h -> h.response()
                        .always()
                        .set("X-Tls", "$ssl_protocol $ssl_cipher $ssl_server_name $ssl_client_verify")
                        .set("X-Scheme", "$scheme $https")
                        .set(
                                "X-Client",
                                "$ssl_client_s_dn|$ssl_client_i_dn|$ssl_client_fingerprint"
                                        + "|$ssl_client_fingerprint_sha256|$ssl_client_serial"))
                .route(Route.any().answer(Reply.text(200, "ok")))
                .build();
        return JettyProxyServer.builder(config).listenTls("127.0.0.1", 0, tls).start();
    }

    private static SSLContext trusting() {
        return Identity.trusting(List.of(A, B, ED));
    }

    private static RawClient connect(JettyProxyServer proxy, String serverName) {
        return RawClient.connectTls(proxy.port(), trusting(), serverName);
    }

    private static String shownBy(RawClient client) {
        try {
            X509Certificate shown = (X509Certificate) client.tls().getSession().getPeerCertificates()[0];
            return shown.getSubjectAlternativeNames().iterator().next().get(1).toString();
        } catch (SSLPeerUnverifiedException | CertificateParsingException e) {
            throw new AssertionError(e);
        }
    }

    private static Command openssl(JettyProxyServer proxy, String serverName, String... options) {
        return opensslWith(proxy, "", serverName, options);
    }

    private static Command opensslWith(JettyProxyServer proxy, String input, String serverName, String... options) {
        String[] words = {"openssl", "s_client", "-connect", "127.0.0.1:" + proxy.port(), "-servername", serverName};
        return Command.feed(input, with(words, options));
    }

    private static String[] with(String[] words, String... more) {
        return Stream.of(words, more).flatMap(Stream::of).toArray(String[]::new);
    }

    private static List<String> lines(String output, String start) {
        return output.lines().filter(line -> line.startsWith(start)).toList();
    }

    private static String digest(String algorithm, X509Certificate certificate) throws Exception {
        return HexFormat.of().formatHex(MessageDigest.getInstance(algorithm).digest(certificate.getEncoded()));
    }

    private static Throwable rootOf(Throwable thrown) {
        Throwable root = thrown;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root;
    }
}
