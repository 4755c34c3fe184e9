package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.header.TrustedProxies;
import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.jetty.Listener;
import io.weir.jetty.Tls;
import io.weir.middleware.ApiKey;
import io.weir.middleware.BasicAuth;
import io.weir.middleware.IpAccess;
import io.weir.middleware.Middleware;
import io.weir.middleware.RateLimit;
import io.weir.route.Route;
import io.weir.testkit.Command;
import io.weir.testkit.Field;
import io.weir.testkit.H2Client;
import io.weir.testkit.Identity;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.UpstreamPool;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let in, by whatever way a client comes: PROXY header, Unix-domain socket, TLS, HTTP/2. */
class EdgeAccessTest {
    private static final Identity IDENTITY = Identity.of("dns:a.test");
    private static final String GET = "GET / HTTP/1.1\r\nHost: a.test\r\n";
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    // ---- PROXY protocol as the source of addresses ----

    @ParameterizedTest
    @CsvSource({
        // announced, X-Forwarded-For, status, $remote_addr, what is added to X-Forwarded-For
        "192.0.2.7,   '',          200, 192.0.2.7,   192.0.2.7",
        "203.0.113.9, '',          403, 203.0.113.9, 203.0.113.9",
        "203.0.113.9, 192.0.2.7,   403, 203.0.113.9, 203.0.113.9", // nobody believes it
        "192.0.2.7,   203.0.113.9, 200, 192.0.2.7,   192.0.2.7",
        "198.51.100.1, 192.0.2.8,  200, 192.0.2.8,   '192.0.2.8, 198.51.100.1'", // a proxy that is trusted
        "198.51.100.1, 203.0.113.9, 403, 203.0.113.9, '203.0.113.9, 198.51.100.1'",
        "127.0.0.1,   192.0.2.7,   403, 127.0.0.1,   127.0.0.1", // the sender's own address is nothing special
    })
    void theAnnouncedAddressIsThePeerAndFieldsAreBelievedByIt(
            String announced, String forwardedFor, int status, String remote, String chain) {
        try (JettyProxyServer proxy = behindProxyProtocol(false, in());
                JettyProxyServer secured = behindProxyProtocol(true, in())) {
            String header = "PROXY TCP4 " + announced + " 198.51.100.200 4711 443\r\n";
            String request = GET + (forwardedFor.isEmpty() ? "" : "X-Forwarded-For: " + forwardedFor + "\r\n") + "\r\n";

            for (JettyProxyServer server : List.of(proxy, secured)) {
                try (RawClient plain = RawClient.connect(server.port()).send(header);
                        RawClient client =
                                server == proxy ? plain : plain.overTls(Identity.trustingAll(), "a.test", "http/1.1")) {
                    RawResponse answer = client.send(request).readResponse();

                    assertThat(answer.status()).isEqualTo(status);
                    assertThat(answer.field("X-Seen")).contains(remote + " " + chain);
                }
            }
        }
    }

    @Test
    void clientsBehindOneSenderHaveARateEach() {
        Middleware limit = RateLimit.of(1, Duration.ofHours(1));
        try (JettyProxyServer proxy = behindProxyProtocol(false, limit)) {
            for (String client : List.of("192.0.2.1", "192.0.2.2", "192.0.2.3")) {
                String header = "PROXY TCP4 " + client + " 198.51.100.200 4711 443\r\n";
                assertThat(RawClient.exchange(proxy.port(), header + GET + "\r\n")
                                .status())
                        .isEqualTo(200);
                String spoofed = header + GET + "X-Forwarded-For: 192.0.2.99\r\n\r\n";
                assertThat(RawClient.exchange(proxy.port(), spoofed).status()).isEqualTo(429);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aClientBehindAProxyHeaderThatLeavesIsMissedAtOnce(boolean tls) {
        try (ScriptedUpstream upstream = ScriptedUpstream.of(connection -> {
                    connection.readRequest();
                    connection.hang();
                });
                JettyProxyServer proxy = JettyProxyServer.builder(ProxyConfig.forwardingTo(upstream.uri()))
                        .listen(listener(tls))
                        .start();
                RawClient plain = RawClient.connect(proxy.port());
                RawClient client = headed(plain, "192.0.2.7", tls)) {
            client.send(GET + "\r\n");
            upstream.awaitRequest();

            client.close();

            upstream.awaitClosed(1);
        }
    }

    // ---- Unix-domain sockets ----

    @Test
    void aClientOnAUnixSocketHasARuleOfItsOwn(@TempDir Path directory) {
        Command.assumeInstalled("curl");
        Path socket = directory.resolve("s");
        Middleware unixOnly = IpAccess.allow("unix:").denyOthers();
        Middleware noUnix = IpAccess.deny("unix:").allowOthers();
        try (JettyProxyServer proxy = JettyProxyServer.builder(ProxyConfig.builder()
                        .route(Route.prefix("/local/").use(unixOnly).answer(Reply.text(200, "ok")))
                        .route(Route.prefix("/net/").use(noUnix).answer(Reply.text(200, "ok")))
                        .build())
                .listen("127.0.0.1", 0)
                .listenUnix(socket, "rw-------")
                .start()) {
            String url = "http://127.0.0.1:" + proxy.port();

            assertThat(curl("--unix-socket", socket.toString(), url + "/local/"))
                    .isEqualTo("200");
            assertThat(curl("--unix-socket", socket.toString(), url + "/net/")).isEqualTo("403");
            assertThat(curl("--unix-socket", socket.toString(), "-H", "X-Forwarded-For: 127.0.0.1", url + "/net/"))
                    .isEqualTo("403");
            assertThat(curl(url + "/local/")).isEqualTo("403");
            assertThat(curl("-H", "X-Forwarded-For: unix:", url + "/local/")).isEqualTo("403");
            assertThat(curl(url + "/net/")).isEqualTo("200");
        }
    }

    // ---- TLS and HTTP/2 ----

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void passwordsAndKeysOpenOverHttp2AsOverHttp1(boolean tls) {
        Middleware password = BasicAuth.realm("r").users(Map.of("alice", "{SHA}VFn3oiLkNavQLlCCdIcGYbc2sP4="));
        Middleware key = ApiKey.hashes(Map.of("reports", ApiKey.hash("a-key")));
        String basic =
                "Basic " + Base64.getEncoder().encodeToString("alice:hidden-word".getBytes(StandardCharsets.US_ASCII));
        try (ScriptedUpstream upstream = ScriptedUpstream.answering(OK)) {
            UpstreamPool pool = UpstreamPool.of("app", upstream.uri());
            try (JettyProxyServer proxy = JettyProxyServer.builder(ProxyConfig.builder()
                                    .headers(h -> h.request().set("X-User", "$remote_user"))
                                    .route(Route.prefix("/password/")
                                            .use(password)
                                            .to(pool))
                                    .route(Route.prefix("/key/").use(key).to(pool))
                                    .build())
                            .listen(tls ? secured(Listener.on("127.0.0.1", 0)) : Listener.on("127.0.0.1", 0))
                            .start();
                    H2Client client = tls
                            ? H2Client.connectTls(proxy.port(), Identity.trustingAll(), "a.test")
                            : H2Client.connect(proxy.port())) {
                assertThat(status(client, "/password/", "authorization", basic)).isEqualTo(200);
                assertThat(status(client, "/key/", "x-api-key", "a-key")).isEqualTo(200);
                assertThat(status(client, "/key/", "authorization", "Bearer a-key"))
                        .isEqualTo(200);
                assertThat(status(client, "/password/", "authorization", "Basic YWxpY2U6d3Jvbmc="))
                        .isEqualTo(401);
                assertThat(status(client, "/password/", "x-api-key", "a-key")).isEqualTo(401);
                assertThat(status(client, "/key/", "x-api-key", "another")).isEqualTo(401);

                assertThat(upstream.requests())
                        .extracting(request -> request.field("X-User").orElse(""))
                        .containsExactly("alice", "reports", "reports");
                assertThat(upstream.requests()).allSatisfy(request -> {
                    assertThat(request.field("Authorization")).isEmpty();
                    assertThat(request.field("X-API-Key")).isEmpty();
                });
            }
        }
    }

    @Test
    void clientsAreCountedByTheirCertificates() {
        Identity one = Identity.of("dns:one.test");
        Identity two = Identity.of("dns:two.test");
        Path both = authorities(one, two);
        ProxyConfig config = ProxyConfig.builder()
                .use(RateLimit.of(1, Duration.ofHours(1)).by("$ssl_client_fingerprint_sha256"))
                .route(Route.any().answer(Reply.text(200, "ok")))
                .build();
        try (JettyProxyServer proxy = JettyProxyServer.builder(config)
                .listenTls(
                        "127.0.0.1",
                        0,
                        Tls.pem(IDENTITY.certificate(), IDENTITY.key()).askClients(both))
                .start()) {
            assertThat(statusOf(proxy, one)).isEqualTo(200);
            assertThat(statusOf(proxy, one)).isEqualTo(429);
            assertThat(statusOf(proxy, two)).isEqualTo(200);
            assertThat(statusOf(proxy, two)).isEqualTo(429);
        }
    }

    // ---- the rest ----

    private static Middleware in() {
        return IpAccess.allow("192.0.2.0/24").denyOthers();
    }

    private static Listener listener(boolean tls) {
        Listener listener = Listener.on("127.0.0.1", 0).proxyProtocol("127.0.0.0/8");
        return tls ? secured(listener) : listener;
    }

    private static Listener secured(Listener listener) {
        return listener.tls(Tls.pem(IDENTITY.certificate(), IDENTITY.key()));
    }

    private static JettyProxyServer behindProxyProtocol(boolean tls, Middleware gate) {
        ProxyConfig config = ProxyConfig.builder()
                .trustedProxies(TrustedProxies.of("198.51.100.0/24"))
                .use(gate)
                .headers(h -> h.response().always().set("X-Seen", "$remote_addr $proxy_add_x_forwarded_for"))
                .route(Route.any().answer(Reply.text(200, "ok")))
                .build();
        return JettyProxyServer.builder(config).listen(listener(tls)).start();
    }

    private static RawClient headed(RawClient client, String announced, boolean tls) {
        client.send("PROXY TCP4 " + announced + " 198.51.100.200 4711 443\r\n");
        return tls ? client.overTls(Identity.trustingAll(), "a.test", "http/1.1") : client;
    }

    private static int status(H2Client client, String path, String name, String value) {
        return client.request("GET", path, List.of(new Field("Host", "a.test"), new Field(name, value)))
                .status();
    }

    private static int statusOf(JettyProxyServer proxy, Identity client) {
        try (RawClient raw =
                RawClient.connectTls(proxy.port(), client.context(List.of(IDENTITY)), "a.test", "http/1.1")) {
            return raw.send(GET + "\r\n").readResponse().status();
        }
    }

    private static Path authorities(Identity... identities) {
        try {
            Path file = Files.createTempFile("weir-authorities", ".pem");
            file.toFile().deleteOnExit();
            for (Identity identity : identities) {
                Files.writeString(file, Files.readString(identity.certificate()), StandardOpenOption.APPEND);
            }
            return file;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String curl(String... words) {
        List<String> all =
                new ArrayList<>(List.of("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--max-time", "10"));
        all.addAll(List.of(words));
        return Command.run(all.toArray(String[]::new)).orFail();
    }
}
