package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.Finding;
import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.Access;
import io.weir.middleware.BasicAuth;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamTls;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What lint has to say about files. */
class FileLintTest {

    @TempDir
    Path directory;

    @Test
    void aKeyThatOthersCanReadIsTold() throws Exception {
        Path chain = file("chain.pem", "rw-r--r--");
        Path key = file("key.pem", "rw-r--r--");

        assertThat(lint(chain, key)).singleElement().satisfies(finding -> {
            assertThat(finding.rule()).isEqualTo("secret-readable-by-others");
            assertThat(finding.place()).isEqualTo("pool \"app\", https://a");
            assertThat(finding.cause()).endsWith("the secrets in " + key);
            assertThat(finding.cure()).isEqualTo("run chmod o-r " + key);
        });
    }

    @Test
    void aKeyOfOnesOwnIsNot() throws Exception {
        assertThat(lint(file("chain.pem", "rw-r--r--"), file("key.pem", "rw-------")))
                .isEmpty();
    }

    @Test
    void aFileThatIsNotThereIsTold() throws Exception {
        Path chain = directory.resolve("none.pem");

        assertThat(lint(chain, file("key.pem", "rw-------"))).singleElement().satisfies(finding -> {
            assertThat(finding.rule()).isEqualTo("unreadable-file");
            assertThat(finding.cause()).startsWith(chain + " is not there");
        });
    }

    @Test
    void aPasswordFileThatOthersCanReadIsTold() throws Exception {
        Path users = file("users", "rw-r--r--");
        Files.writeString(users, "alice:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=\n");
        ProxyConfig config = guardedBy(users);

        assertThat(JettyProxyServer.lint(config)).singleElement().satisfies(finding -> {
            assertThat(finding.rule()).isEqualTo("secret-readable-by-others");
            assertThat(finding.place()).isEqualTo("default site, route \"prefix /\", Access.any");
        });
        assertThat(config.toString()).doesNotContain("W6ph5Mm5Pz8GgiULbPgzG37mj9g");

        Files.delete(users);
        assertThat(JettyProxyServer.lint(guardedBy(users)))
                .extracting(Finding::rule)
                .containsExactly("unreadable-file");
    }

    @Test
    void whatTheConfigurationFindsComesFirst() {
        ProxyConfig config = ProxyConfig.builder()
                .trustedProxies("0.0.0.0/0")
                .route(Route.any().to(UpstreamPool.of("app", "http://a")))
                .build();

        assertThat(JettyProxyServer.lint(config)).extracting(Finding::rule).containsExactly("trust-all");
    }

    private static ProxyConfig guardedBy(Path users) {
        return ProxyConfig.builder()
                .route(Route.any()
                        .use(Access.any(BasicAuth.realm("r").htpasswd(users)))
                        .to(UpstreamPool.of("app", "http://a")))
                .build();
    }

    private Path file(String name, String permissions) throws Exception {
        Path file = Files.writeString(directory.resolve(name), "not looked at");
        return Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    }

    private static List<Finding> lint(Path chain, Path key) {
        UpstreamPool pool = UpstreamPool.named("app")
                .upstream("https://a")
                .tls(UpstreamTls.defaults().withCertificate(chain, key))
                .build();
        return JettyProxyServer.lint(
                ProxyConfig.builder().route(Route.any().to(pool)).build());
    }
}
