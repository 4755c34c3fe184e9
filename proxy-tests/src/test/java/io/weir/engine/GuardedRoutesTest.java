package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.BasicAuth;
import io.weir.middleware.IpAccess;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.testkit.Field;
import io.weir.testkit.H2Frame;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawH2Client;
import io.weir.testkit.ScriptedUpstream;
import io.weir.upstream.UpstreamPool;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A route with a guard can't be reached by another spelling of its path, nor a site with one by another way to name it. */
class GuardedRoutesTest {
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/admin/x",
                "//admin/x",
                "/%61dmin/x",
                "/%61%64%6D%69%6e/x",
                "/./admin/x",
                "/%2e/admin/x",
                "/a/../admin/x",
                "/a/%2e%2E/admin/x",
                "/a/b/..//.././admin/x",
                "/admin%2Fx",
                "/admin%2f",
                "/%2Fadmin/x",
                "/a%2f..%2fadmin/x",
                "/admin/../admin/x",
                "/admin//x",
                "/admin/?x=/../",
                "/admin/%2e",
                "/a/..%2Fadmin/",
            })
    void aPathHasOneMeaning(String target) {
        try (ScriptedUpstream upstream = ScriptedUpstream.answering(OK);
                JettyProxyServer proxy = guarded(upstream)) {
            List<Integer> statuses = new ArrayList<>();
            statuses.add(status(proxy, "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n"));
            statuses.add(status(proxy, "GET http://a.test" + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n"));
            statuses.add(status(proxy, "GET http://a.test" + target + " HTTP/1.1\r\nHost: b.test\r\n\r\n"));
            statuses.add(status(proxy, "GET " + target + " HTTP/1.0\r\nHost: a.test\r\n\r\n"));
            statuses.add(http2Status(proxy, ":path: " + target, ":authority: a.test"));

            assertThat(statuses).containsOnly(401);
            assertThat(upstream.requests()).isEmpty();
        }
    }

    /** What is refused altogether is no way in either. */
    @ParameterizedTest
    @ValueSource(strings = {"/../admin/x", "/%2e%2e/admin/x", "/a/../../admin/x", "/%00/../admin/x", "/%zz/../admin/x"})
    void aPathThatLeavesTheRootIsNone(String target) {
        try (ScriptedUpstream upstream = ScriptedUpstream.answering(OK);
                JettyProxyServer proxy = guarded(upstream)) {
            assertThat(status(proxy, "GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n"))
                    .isEqualTo(400);
            assertThat(http2Status(proxy, ":path: " + target, ":authority: a.test"))
                    .isEqualTo(400);
            assertThat(upstream.requests()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "GET / HTTP/1.1, Host: secret.test",
        "GET / HTTP/1.1, Host: SECRET.test:80",
        "GET / HTTP/1.1, Host: secret.test.",
        "GET http://secret.test/ HTTP/1.1, Host: a.test",
        "GET HTTP://Secret.Test:81 HTTP/1.1, Host: a.test",
        "GET http://secret.test./x HTTP/1.1, Host: a.test",
    })
    void aSiteHasOneName(String line, String host) {
        try (ScriptedUpstream upstream = ScriptedUpstream.answering(OK);
                JettyProxyServer proxy = guarded(upstream)) {
            assertThat(status(proxy, line + "\r\n" + host + "\r\nX-Forwarded-Host: a.test\r\n\r\n"))
                    .isEqualTo(403);
            assertThat(upstream.requests()).isEmpty();
        }
    }

    @ParameterizedTest
    @CsvSource({
        ":authority: secret.test, host: secret.test, 403",
        ":authority: SECRET.test, x-a: b, 403",
        ":authority: secret.test:443, x-forwarded-host: a.test, 403",
        ":authority: secret.test, host: a.test, 403",
    })
    void overHttp2TooASiteHasOneName(String authority, String other, int status) {
        try (ScriptedUpstream upstream = ScriptedUpstream.answering(OK);
                JettyProxyServer proxy = guarded(upstream)) {
            assertThat(http2Status(proxy, ":path: /", authority, other)).isEqualTo(status);
            assertThat(upstream.requests()).isEmpty();
        }
    }

    @Test
    void anotherHostBesideTheAuthorityReachesNobody() {
        try (ScriptedUpstream upstream = ScriptedUpstream.answering(OK);
                JettyProxyServer proxy = guarded(upstream)) {
            assertThat(http2Status(proxy, ":path: /", ":authority: a.test", "host: secret.test"))
                    .isEqualTo(200);

            assertThat(upstream.connection(1).received())
                    .contains("Host: a.test\r\n")
                    .doesNotContain("secret");
        }
    }

    private static JettyProxyServer guarded(ScriptedUpstream upstream) {
        UpstreamPool pool = UpstreamPool.of("app", upstream.uri());
        BasicAuth auth = BasicAuth.realm("r").users(Map.of("alice", "{SHA}VFn3oiLkNavQLlCCdIcGYbc2sP4="));
        ProxyConfig config = ProxyConfig.builder()
                .site(Site.named("a.test")
                        .route(Route.prefix("/admin/").use(auth).to(pool))
                        .route(Route.any().to(pool)))
                .site(Site.named("secret.test")
                        .use(IpAccess.deny("127.0.0.1").allowOthers())
                        .route(Route.any().to(pool)))
                .build();
        return JettyProxyServer.builder(config).listen("127.0.0.1", 0).start();
    }

    private static int status(JettyProxyServer proxy, String request) {
        return RawClient.exchange(proxy.port(), request).status();
    }

    private static int http2Status(JettyProxyServer proxy, String... fields) {
        List<Field> all = new ArrayList<>(List.of(new Field(":method", "GET"), new Field(":scheme", "http")));
        for (String field : fields) {
            int colon = field.indexOf(": ");
            all.add(new Field(field.substring(0, colon), field.substring(colon + 2)));
        }
        try (RawH2Client client = RawH2Client.connect(proxy.port())) {
            return client.send(H2Frame.headers(1, true, H2Frame.block(all.toArray(Field[]::new))))
                    .awaitStatus(1);
        }
    }
}
