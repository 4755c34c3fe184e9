package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.weir.ProxyConfig;
import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.jetty.Tls;
import io.weir.route.Route;
import io.weir.testkit.Command;
import io.weir.testkit.Identity;
import io.weir.testkit.RawClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Certificates and keys as openssl and keytool write them, and what is said of those that can't be used. */
class KeyFilesTest {
    @TempDir
    private static Path directory;

    private static Identity identity;

    @BeforeAll
    static void makeFiles() throws IOException {
        Command.assumeInstalled("openssl");
        identity = Identity.of("RSA", new String[] {"dns:a.test"});
        certificate("rsa", "rsa:2048");
        openssl("rsa -traditional -in %s/rsa.key -out %s/rsa-pkcs1.key");
        openssl("pkcs8 -topk8 -in %s/rsa.key -out %s/rsa-pbes2.key -passout pass:secret");
        openssl(
                "pkcs8 -topk8 -v2 aes-128-cbc -v2prf hmacWithSHA1 -in %s/rsa.key -out %s/rsa-aes128.key -passout pass:secret");
        openssl("pkcs8 -topk8 -scrypt -in %s/rsa.key -out %s/rsa-scrypt.key -passout pass:secret");
        openssl("rsa -traditional -aes128 -in %s/rsa.key -out %s/rsa-dek.key -passout pass:secret");
        openssl("ecparam -name secp384r1 -genkey -out %s/ec.key"); // with EC PARAMETERS before it
        openssl("req -x509 -key %s/ec.key -subj /CN=ec -addext subjectAltName=DNS:a.test -out %s/ec.crt");
        openssl("ec -in %s/ec.key -out %s/ec-sec1.key");
        openssl("pkcs8 -topk8 -nocrypt -in %s/ec.key -out %s/ec-pkcs8.key");
        openssl("genpkey -algorithm ed25519 -out %s/ed.key");
        openssl("req -x509 -key %s/ed.key -subj /CN=ed -addext subjectAltName=DNS:a.test -out %s/ed.crt");
        openssl("pkcs12 -export -in %s/rsa.crt -inkey %s/rsa.key -out %s/rsa.p12 -passout pass:secret");
        openssl("x509 -outform der -in %s/rsa.crt -out %s/rsa-der.crt");
        openssl("rsa -outform der -in %s/rsa.key -out %s/rsa-der.key");
        openssl("dsaparam -genkey -noout -out %s/dsa.key 2048");
        Files.writeString(directory.resolve("empty"), "");
        Files.writeString(directory.resolve("text"), "no PEM here\n");
        String chain = Files.readString(directory.resolve("rsa.crt"));
        Files.writeString(directory.resolve("half.crt"), chain.substring(0, chain.length() / 2));
        Files.writeString(
                directory.resolve("both.pem"),
                "A comment: with a colon\n" + chain + Files.readString(directory.resolve("rsa.key")));
    }

    @ParameterizedTest
    @CsvSource({
        "rsa.crt,  rsa.key,        ''",
        "rsa.crt,  rsa-pkcs1.key,  ''",
        "rsa.crt,  rsa-pbes2.key,  secret",
        "rsa.crt,  rsa-aes128.key, secret",
        "ec.crt,   ec.key,         ''",
        "ec.crt,   ec-sec1.key,    ''",
        "ec.crt,   ec-pkcs8.key,   ''",
        "ed.crt,   ed.key,         ''",
        "both.pem, both.pem,       ''",
    })
    void whatOpensslWritesIsRead(String chain, String key, String password) {
        assertServes(tls(chain, key, password));
    }

    @Test
    void keyStoresAreRead() {
        assertServes(Tls.keystore(directory.resolve("rsa.p12"), "secret"));
        assertServes(Tls.keystore(identity.keystore(), "changeit"));
        assertServes(Tls.keystore(identity.jks(), "changeit"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "none.crt | rsa.key        | ''     | none.crt: there is no such file",
                "empty    | rsa.key        | ''     | empty: it is empty",
                "text     | rsa.key        | ''     | text: it holds no certificate; expected: PEM",
                "half.crt | rsa.key        | ''     | half.crt: it holds no certificate; expected: PEM",
                "rsa-der.crt | rsa.key     | ''     | rsa-der.crt: it is DER, not PEM; convert it with openssl x509",
                "rsa.crt  | none.key       | ''     | none.key: there is no such file",
                "rsa.crt  | text           | ''     | text: it holds no private key; expected: PEM",
                "rsa.crt  | rsa.crt        | ''     | rsa.crt: it holds no private key; expected: PEM",
                "rsa.crt  | rsa-der.key    | ''     | rsa-der.key: it is DER, not PEM; convert it with openssl pkey",
                "rsa.crt  | ec.key         | ''     | ec.key: it is not the key of the first certificate in",
                "ec.crt   | rsa.key        | ''     | rsa.key: it is not the key of the first certificate in",
                "rsa.crt  | rsa-pbes2.key  | ''     | rsa-pbes2.key: its key is encrypted; say the password",
                "rsa.crt  | rsa-pbes2.key  | wrong  | rsa-pbes2.key: the password is not that of its key",
                "rsa.crt  | rsa-dek.key    | secret | openssl pkcs8 -topk8 -in <this file> -out <another>",
                "rsa.crt  | rsa-scrypt.key | secret | openssl pkcs8 -topk8 -v2 aes256 -in <this file>",
                "rsa.crt  | dsa.key        | ''     | dsa.key: its private key can't be read (malformed, or neither RSA, EC nor EdDSA)",
            })
    void whatCantBeUsedIsNamedWithItsCure(String chain, String key, String password, String said) {
        assertThatIllegalStateException()
                .isThrownBy(() -> start(tls(chain, key, password)).close())
                .withMessageStartingWith("listener 127.0.0.1:0 (TLS [")
                .withMessageContaining(said);
    }

    @Test
    void keyStoresThatCantBeUsedAreNamed() {
        assertThatIllegalStateException()
                .isThrownBy(() -> start(Tls.keystore(directory.resolve("rsa.p12"), "wrong")))
                .withMessageContaining("rsa.p12: the password is not that of the store");
        assertThatIllegalStateException()
                .isThrownBy(() -> start(Tls.keystore(directory.resolve("text"), "secret")))
                .withMessageContaining("text: it is no key store that can be read");
    }

    @Test
    void aPasswordIsNeverShown() {
        Tls tls = Tls.pem(Path.of("a"), Path.of("b"), "hunter2").andKeystore(Path.of("c"), "hunter2");

        assertThat(tls.toString()).doesNotContain("hunter2").contains("a", "c");
    }

    @Test
    void whatThisJdkDoesNotSpeakIsRefusedWithWhatItDoes() {
        Tls tls = tls("rsa.crt", "rsa.key", "");

        assertThatIllegalStateException()
                .isThrownBy(() -> start(tls.protocols("TLSv1.4")))
                .withMessageContaining("TLS protocol [TLSv1.4] (expected: of ")
                .withMessageContaining("TLSv1.3");
        assertThatIllegalStateException()
                .isThrownBy(() -> start(tls.ciphers("ECDHE-RSA-AES128-GCM-SHA256")))
                .withMessageContaining("TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    }

    private static void assertServes(Tls tls) {
        try (JettyProxyServer proxy = start(tls);
                RawClient client = RawClient.connectTls(proxy.port(), Identity.trustingAll(), "a.test")) {
            client.send("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");

            assertThat(client.readResponse().status()).isEqualTo(200);
        }
    }

    private static JettyProxyServer start(Tls tls) {
        ProxyConfig config = ProxyConfig.builder()
                .route(Route.any().answer(Reply.status(200)))
                .build();
        return JettyProxyServer.builder(config).listenTls("127.0.0.1", 0, tls).start();
    }

    private static Tls tls(String chain, String key, String password) {
        return password.isEmpty()
                ? Tls.pem(directory.resolve(chain), directory.resolve(key))
                : Tls.pem(directory.resolve(chain), directory.resolve(key), password);
    }

    private static void certificate(String name, String key) {
        openssl("req -x509 -nodes -newkey " + key + " -keyout %s/" + name + ".key -out %s/" + name + ".crt -subj /CN="
                + name + " -addext subjectAltName=DNS:a.test");
    }

    private static void openssl(String line) {
        String[] words = ("openssl " + line.replace("%s", directory.toString())).split(" ");
        Command.run(words).orFail();
    }
}
