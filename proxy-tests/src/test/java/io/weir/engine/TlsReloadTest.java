package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.ProxyConfig;
import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.jetty.Tls;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Identity;
import io.weir.testkit.LogCapture;
import io.weir.testkit.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.event.Level;

/** Certificates that change while the proxy runs. */
class TlsReloadTest {
    private static final Identity OLD = Identity.of("dns:old.test");
    private static final Identity NEW = Identity.of("dns:new.test");
    private static final String GET = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
    private static final Duration SOON = Duration.ofMillis(20);

    @TempDir
    private Path directory;

    @BeforeEach
    void oldOnes() throws IOException {
        put(OLD.certificate(), "chain.pem");
        put(OLD.key(), "key.pem");
    }

    @Test
    void changedFilesAreUsedForNewConnectionsAndOldOnesGoOn() throws IOException {
        try (JettyProxyServer proxy = start(SOON);
                RawClient before = connect(proxy)) {
            assertThat(before.send(GET).readResponse().status()).isEqualTo(200);

            put(NEW.certificate(), "chain.pem");
            put(NEW.key(), "key.pem");

            Await.until("the new certificate is shown", () -> shown(proxy).equals("new.test"));
            assertThat(before.send(GET).readResponse().status()).isEqualTo(200);
        }
    }

    @Test
    void filesThatDontFitTogetherAreWarnedOfOnceUntilTheyDo() throws IOException {
        try (LogCapture log = LogCapture.of("io.weir.tls");
                JettyProxyServer proxy = start(SOON)) {
            put(NEW.certificate(), "chain.pem");

            Await.until("a warning", () -> warnings(log, directory) == 1);
            assertThat(shown(proxy)).isEqualTo("old.test");
            put(NEW.key(), "key.pem");
            Await.until("the new certificate is shown", () -> shown(proxy).equals("new.test"));
            assertThat(warnings(log, directory)).isOne();
        }
    }

    @Test
    void aFileThatIsHalfWrittenOrGoneKeepsTheOldOne() throws IOException {
        try (LogCapture log = LogCapture.of("io.weir.tls");
                JettyProxyServer proxy = start(SOON)) {
            String chain = Files.readString(NEW.certificate());
            Path half = Files.writeString(directory.resolve("half"), chain.substring(0, 100));
            put(half, "chain.pem");
            Await.until("a warning", () -> warnings(log, directory) == 1);
            Files.delete(directory.resolve("chain.pem"));
            Await.until("a second one", () -> warnings(log, directory) == 2);

            assertThat(shown(proxy)).isEqualTo("old.test");
        }
    }

    @Test
    void aCallReloadsToo() throws IOException {
        try (JettyProxyServer proxy = start(Duration.ZERO)) {
            put(NEW.certificate(), "chain.pem");
            put(NEW.key(), "key.pem");
            assertThat(shown(proxy)).isEqualTo("old.test");

            proxy.reloadTls();

            assertThat(shown(proxy)).isEqualTo("new.test");
        }
    }

    @Test
    void aCallThatFailsNamesTheFileAndChangesNothing() throws IOException {
        try (JettyProxyServer proxy = start(Duration.ZERO)) {
            put(NEW.key(), "key.pem");

            assertThatIllegalArgumentException()
                    .isThrownBy(proxy::reloadTls)
                    .withMessageContaining("key.pem: it is not the key of the first certificate in");

            assertThat(shown(proxy)).isEqualTo("old.test");
        }
    }

    private JettyProxyServer start(Duration interval) {
        Tls tls = Tls.pem(directory.resolve("chain.pem"), directory.resolve("key.pem"))
                .reloadEvery(interval);
        ProxyConfig config = ProxyConfig.builder()
                .route(Route.any().answer(Reply.status(200)))
                .build();
        return JettyProxyServer.builder(config).listenTls("127.0.0.1", 0, tls).start();
    }

    private void put(Path from, String name) throws IOException {
        Path beside = directory.resolve(name + ".new");
        Files.copy(from, beside);
        Files.move(beside, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
    }

    private static RawClient connect(JettyProxyServer proxy) {
        return RawClient.connectTls(proxy.port(), Identity.trustingAll(), "");
    }

    private static String shown(JettyProxyServer proxy) {
        try (RawClient client = connect(proxy)) {
            X509Certificate shown = (X509Certificate) client.tls().getSession().getPeerCertificates()[0];
            return shown.getSubjectAlternativeNames().iterator().next().get(1).toString();
        } catch (IOException | CertificateParsingException e) {
            throw new AssertionError(e);
        }
    }

    private static long warnings(LogCapture log, Path directory) {
        return log.lines(directory.toString()).stream()
                .filter(line -> line.level() == Level.WARN)
                .count();
    }
}
