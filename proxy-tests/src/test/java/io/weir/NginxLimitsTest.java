package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.Access;
import io.weir.middleware.BasicAuth;
import io.weir.middleware.ConnectionLimit;
import io.weir.middleware.IpAccess;
import io.weir.middleware.RateLimit;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Command;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.Nginx;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawRequest;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.UpstreamPool;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Limits and access beside the real nginx: the same requests, the same statuses. Rates are too slow for time to matter. */
class NginxLimitsTest {

    @TempDir
    private static Path directory;

    @Test
    void rateLimitsRefuseWhatNginxRefuses() {
        Nginx.assumeInstalled();
        try (EchoUpstream upstream = EchoUpstream.start();
                Nginx nginx = Nginx.start("""
                        limit_req_zone $binary_remote_addr zone=a:1m rate=1r/m;
                        limit_req_zone $binary_remote_addr zone=b:1m rate=2r/m;
                        limit_req_zone $binary_remote_addr zone=c:1m rate=1r/m;
                        limit_req_zone $arg_k zone=d:1m rate=1r/m;
                        limit_req_zone $arg_k zone=e:1m rate=1r/m;
                        limit_req_zone $binary_remote_addr zone=f:1m rate=1r/m;
                        limit_req_status 429;
                        server {
                            listen 127.0.0.1:{port};
                            location /burst/ { limit_req zone=a burst=5 nodelay; proxy_pass %1$s; }
                            location /plain/ { limit_req zone=b; proxy_pass %1$s; }
                            location /delay/ { limit_req zone=c burst=3 delay=3; proxy_pass %1$s; }
                            location /key/ { limit_req zone=d burst=1 nodelay; proxy_pass %1$s; }
                            location /two/ { limit_req zone=e burst=1 nodelay; limit_req zone=f burst=3 nodelay;
                                             proxy_pass %1$s; }
                        }
                        """.formatted(upstream.uri()));
                JettyProxyServer weir = weir(ProxyConfig.builder(), upstream)) {
            List<String> targets = new ArrayList<>();
            for (int i = 0; i < 8; i++) {
                targets.addAll(List.of("/burst/", "/plain/", "/delay/", "/key/?k=a", "/key/?k=" + i, "/key/"));
            }
            for (int i = 0; i < 4; i++) {
                targets.addAll(List.of("/two/?k=a", "/two/?k=b", "/two/", "/two/?k=c"));
            }

            List<Integer> ofNginx = statuses(nginx.port(), targets);
            List<Integer> ofWeir = statuses(weir.port(), targets);

            assertThat(ofWeir).isEqualTo(ofNginx);
            assertThat(ofNginx).contains(200, 429);
            assertThat(ofBurst(targets, ofNginx)).containsExactly(200, 200, 200, 200, 200, 200, 429, 429);
        }
    }

    /** Two of each key are held at the upstream; what comes then is refused or not, by both alike. */
    @Test
    void connectionLimitsRefuseWhatNginxRefuses() throws Exception {
        Nginx.assumeInstalled();
        CountDownLatch goOn = new CountDownLatch(1);
        try (ScriptedUpstream upstream = ScriptedUpstream.of(connection -> {
                    RawRequest request = connection.readRequest();
                    if (request.target().contains("hold")) {
                        Await.on("the test goes on", goOn);
                    }
                    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
                    connection.close();
                });
                Nginx nginx = Nginx.start("""
                        limit_conn_zone $binary_remote_addr zone=a:1m;
                        limit_conn_zone $arg_k zone=b:1m;
                        limit_conn_status 429;
                        server {
                            listen 127.0.0.1:{port};
                            location /client/ { limit_conn a 2; proxy_pass %1$s; }
                            location /key/ { limit_conn b 2; proxy_pass %1$s; }
                        }
                        """.formatted(upstream.uri()));
                JettyProxyServer weir = limitingConnections(upstream)) {
            List<Integer> ofNginx = whileTwoAreHeld(nginx.port(), upstream, 4);
            List<Integer> ofWeir = whileTwoAreHeld(weir.port(), upstream, 8);

            assertThat(ofWeir).isEqualTo(ofNginx);
            assertThat(ofNginx).containsExactly(429, 429, 429, 200, 200);
            goOn.countDown();
        } finally {
            goOn.countDown();
        }
    }

    private static JettyProxyServer limitingConnections(ScriptedUpstream upstream) {
        UpstreamPool pool = UpstreamPool.of("app", upstream.uri());
        ConnectionLimit limit = ConnectionLimit.of(2);
        return JettyProxyServer.builder(ProxyConfig.builder()
                        .route(Route.prefix("/client/").use(limit.status(429)).to(pool))
                        .route(Route.prefix("/key/")
                                .use(limit.by("$arg_k").status(429))
                                .to(pool))
                        .build())
                .listen("127.0.0.1", 0)
                .start();
    }

    private static List<Integer> whileTwoAreHeld(int port, ScriptedUpstream upstream, int held) {
        List<RawClient> clients = new ArrayList<>();
        try {
            for (String target : List.of("/client/hold", "/client/hold", "/key/hold?k=a", "/key/hold?k=a")) {
                clients.add(RawClient.connect(port).send("GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n"));
            }
            Await.until(
                    "all are at the upstream",
                    () -> upstream.requests().stream()
                                    .filter(request -> request.target().contains("hold"))
                                    .count()
                            == held);
            List<Integer> statuses = new ArrayList<>();
            for (String target : List.of("/client/", "/client/", "/key/?k=a", "/key/?k=b", "/key/")) {
                statuses.add(RawClient.exchange(port, "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n")
                        .status());
            }
            return statuses;
        } finally {
            clients.forEach(RawClient::close);
        }
    }

    @Test
    void satisfyLetsInWhomNginxLetsIn() throws IOException {
        Nginx.assumeInstalled();
        Command.assumeInstalled("htpasswd");
        Path file = directory.resolve("users");
        Command.run("htpasswd", "-cbm", file.toString(), "alice", "right").orFail();
        file.toFile().setReadable(true, false);
        directory.toFile().setExecutable(true, false);
        directory.toFile().setReadable(true, false);
        BasicAuth auth = BasicAuth.realm("r").htpasswd(file);
        IpAccess in = IpAccess.allow("127.0.0.1").denyOthers();
        IpAccess out = IpAccess.deny("127.0.0.1").allowOthers();
        try (EchoUpstream upstream = EchoUpstream.start();
                Nginx nginx = Nginx.start("""
                        server {
                            listen 127.0.0.1:{port};
                            auth_basic r; auth_basic_user_file %2$s;
                            location /any/in/ { satisfy any; allow 127.0.0.1; deny all; proxy_pass %1$s; }
                            location /any/out/ { satisfy any; deny 127.0.0.1; allow all; proxy_pass %1$s; }
                            location /all/in/ { satisfy all; allow 127.0.0.1; deny all; proxy_pass %1$s; }
                            location /all/out/ { satisfy all; deny 127.0.0.1; allow all; proxy_pass %1$s; }
                        }
                        """.formatted(upstream.uri(), file));
                JettyProxyServer weir = JettyProxyServer.builder(ProxyConfig.builder()
                                .route(Route.prefix("/any/in/")
                                        .use(Access.any(in, auth))
                                        .to(pool(upstream)))
                                .route(Route.prefix("/any/out/")
                                        .use(Access.any(out, auth))
                                        .to(pool(upstream)))
                                .route(Route.prefix("/all/in/")
                                        .use(Access.all(in, auth))
                                        .to(pool(upstream)))
                                .route(Route.prefix("/all/out/")
                                        .use(Access.all(out, auth))
                                        .to(pool(upstream)))
                                .build())
                        .listen("127.0.0.1", 0)
                        .start()) {
            for (String path : List.of("/any/in/", "/any/out/", "/all/in/", "/all/out/")) {
                for (String password : List.of("", "right", "wrong")) {
                    String field = password.isEmpty()
                            ? ""
                            : "Authorization: Basic "
                                    + Base64.getEncoder().encodeToString(("alice:" + password).getBytes()) + "\r\n";
                    String request = "GET " + path + " HTTP/1.1\r\nHost: a.test\r\n" + field + "\r\n";

                    assertThat(RawClient.exchange(weir.port(), request).status())
                            .as("%s %s", path, password)
                            .isEqualTo(RawClient.exchange(nginx.port(), request).status());
                }
            }
        }
    }

    private static JettyProxyServer weir(ProxyConfig.Builder config, EchoUpstream upstream) {
        Duration minute = Duration.ofMinutes(1);
        UpstreamPool pool = pool(upstream);
        RateLimit one = RateLimit.of(1, minute);
        return JettyProxyServer.builder(config.route(Route.prefix("/burst/")
                                .use(one.burst(5).nodelay())
                                .to(pool))
                        .route(Route.prefix("/plain/")
                                .use(RateLimit.of(2, minute))
                                .to(pool))
                        .route(Route.prefix("/delay/")
                                .use(RateLimit.of(1, minute).burst(3).delay(3))
                                .to(pool))
                        .route(Route.prefix("/key/")
                                .use(one.by("$arg_k").burst(1).nodelay())
                                .to(pool))
                        .route(Route.prefix("/two/")
                                .use(RateLimit.together(
                                        one.by("$arg_k").burst(1).nodelay(),
                                        RateLimit.of(1, minute).burst(3).nodelay()))
                                .to(pool))
                        .build())
                .listen("127.0.0.1", 0)
                .start();
    }

    private static UpstreamPool pool(EchoUpstream upstream) {
        return POOLS.computeIfAbsent(upstream.uri(), uri -> UpstreamPool.of("app", uri));
    }

    private static final Map<String, UpstreamPool> POOLS = new ConcurrentHashMap<>();

    private static List<Integer> statuses(int port, List<String> targets) {
        try (RawClient client = RawClient.connect(port)) {
            List<Integer> statuses = new ArrayList<>();
            for (String target : targets) {
                client.send("GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n");
                statuses.add(client.readResponse().status());
            }
            return statuses;
        }
    }

    private static List<Integer> ofBurst(List<String> targets, List<Integer> statuses) {
        List<Integer> burst = new ArrayList<>();
        for (int i = 0; i < targets.size(); i++) {
            if (targets.get(i).equals("/burst/")) {
                burst.add(statuses.get(i));
            }
        }
        return burst;
    }
}
