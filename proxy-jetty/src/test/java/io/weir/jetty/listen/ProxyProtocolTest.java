package io.weir.jetty.listen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

import io.weir.http.TlsConnection;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ProxyProtocolTest {
    private static final String SIGNATURE = "0d0a0d0a000d0a515549540a";
    private static final String TCP4_ENDS = "c0000201" + "7f000001" + "1267" + "01bb"; // 192.0.2.1:4711, 127.0.0.1:443

    // ---- version 1 ----

    @ParameterizedTest
    @CsvSource({
        "PROXY TCP4 192.0.2.1 127.0.0.1 4711 443,        192.0.2.1,   4711, 443",
        "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535, 255.255.255.255, 65535, 65535",
        "PROXY TCP6 2001:db8::1 ::1 1 0,                 2001:db8:0:0:0:0:0:1, 1, 0",
    })
    void aLineTellsBothEnds(String line, String client, int clientPort, int serverPort) throws IOException {
        ByteBuffer bytes = ascii(line + "\r\nGET /");

        ProxyProtocol header = ProxyProtocol.read(bytes);

        assertThat(header.client()).isEqualTo(new InetSocketAddress(client, clientPort));
        assertThat(header.server().getPort()).isEqualTo(serverPort);
        assertThat(rest(bytes)).isEqualTo("GET /");
    }

    @ParameterizedTest
    @ValueSource(strings = {"PROXY UNKNOWN", "PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535"})
    void anUnknownConnectionIsTheProxysOwn(String line) throws IOException {
        ProxyProtocol header = ProxyProtocol.read(ascii(line + "\r\n"));

        assertThat(header.client()).isNull();
        assertThat(header.isUnix()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "PROXY TCP4 192.0.2.1 127.0.0.1 4711 443\n",
                "PROXY TCP4 192.0.2.1 127.0.0.1 4711\r\n",
                "PROXY TCP4 192.0.2.1 127.0.0.1 4711 443 \r\n",
                "PROXY  TCP4 192.0.2.1 127.0.0.1 4711 443\r\n",
                "PROXY TCP4 192.0.2.1 127.0.0.1 4711 65536\r\n",
                "PROXY TCP4 192.0.2.1 127.0.0.1 04711 443\r\n",
                "PROXY TCP4 192.0.2.1 127.0.0.1 +1 443\r\n",
                "PROXY TCP4 localhost 127.0.0.1 4711 443\r\n",
                "PROXY TCP4 192.0.2 127.0.0.1 4711 443\r\n",
                "PROXY TCP4 ::1 ::1 4711 443\r\n",
                "PROXY TCP6 192.0.2.1 127.0.0.1 4711 443\r\n",
                "PROXY TCP6 [::1] ::1 4711 443\r\n",
                "PROXY UDP4 192.0.2.1 127.0.0.1 4711 443\r\n",
                "PROXY\r\n",
                "POST / HTTP/1.1\r\n",
                "GET / HTTP/1.1\r\n",
            })
    void whatIsNoHeaderIsRefused(String line) {
        assertThatIOException().isThrownBy(() -> ProxyProtocol.read(ascii(line)));
    }

    @Test
    void aLineMayComeInPiecesButNotWithoutEnd() throws IOException {
        String line = "PROXY TCP4 192.0.2.1 127.0.0.1 4711 443\r\n";
        for (int i = 1; i < line.length(); i++) {
            ByteBuffer bytes = ascii(line.substring(0, i));

            assertThat(ProxyProtocol.read(bytes)).as(line.substring(0, i)).isNull();
            assertThat(bytes.remaining()).isEqualTo(i);
        }
        assertThatIOException().isThrownBy(() -> ProxyProtocol.read(ascii("PROXY " + "x".repeat(101))));
    }

    // ---- version 2 ----

    @Test
    void aBinaryHeaderTellsBothEnds() throws IOException {
        ByteBuffer bytes = binary("21", "11", TCP4_ENDS, "474554");

        ProxyProtocol header = ProxyProtocol.read(bytes);

        assertThat(header.client()).isEqualTo(new InetSocketAddress("192.0.2.1", 4711));
        assertThat(header.server()).isEqualTo(new InetSocketAddress("127.0.0.1", 443));
        assertThat(header.tls()).isNull();
        assertThat(rest(bytes)).isEqualTo("GET");
    }

    @Test
    void aBinaryHeaderTellsOfIpv6AndUnixSockets() throws IOException {
        String ipv6 = "20010db8000000000000000000000001" + "00000000000000000000000000000001" + "12670050";

        assertThat(ProxyProtocol.read(binary("21", "21", ipv6, "")).client())
                .isEqualTo(new InetSocketAddress("2001:db8::1", 4711));
        assertThat(ProxyProtocol.read(binary("21", "31", "00".repeat(216), "")).isUnix())
                .isTrue();
    }

    @ParameterizedTest
    @CsvSource({"20, 11", "20, 00", "21, 00"})
    void localAndUnspecifiedAreTheProxysOwn(String command, String family) throws IOException {
        ByteBuffer bytes = binary(command, family, TCP4_ENDS, "474554");

        assertThat(ProxyProtocol.read(bytes).client()).isNull();
        assertThat(rest(bytes)).isEqualTo("GET");
    }

    @Test
    void aBinaryHeaderTellsOfTls() throws IOException {
        String ssl = "07" + "00000000" + value("21", "TLSv1.3") + value("22", "a,b=c") + value("23", "TLS_X");
        String values = value("02", "A.test") + "20" + length(ssl) + ssl + value("04", "padding");

        TlsConnection tls =
                ProxyProtocol.read(binary("21", "11", TCP4_ENDS + values, "")).tls();

        assertThat(tls.protocol()).isEqualTo("TLSv1.3");
        assertThat(tls.cipher()).isEqualTo("TLS_X");
        assertThat(tls.serverName()).isEqualTo("a.test");
        assertThat(tls.client().subject()).isEqualTo("CN=a\\,b\\=c");
    }

    @Test
    void aCertificateThatTheProxyDidNotVerifyCountsForNothing() throws IOException {
        String ssl = "07" + "00000001" + value("22", "alice");

        TlsConnection tls = ProxyProtocol.read(binary("21", "11", TCP4_ENDS + "20" + length(ssl) + ssl, ""))
                .tls();

        assertThat(tls.client()).isNull();
    }

    @ParameterizedTest
    @CsvSource({
        "11, 11, " + TCP4_ENDS, // version 1 in binary
        "22, 11, " + TCP4_ENDS, // no such command
        "21, 12, " + TCP4_ENDS, // datagrams
        "21, 41, " + TCP4_ENDS, // no such family
        "21, 11, c0000201", // cut off
        "21, 21, " + TCP4_ENDS,
        "21, 31, " + TCP4_ENDS,
        "21, 11, " + TCP4_ENDS + "01", // a value cut off in its head
        "21, 11, " + TCP4_ENDS + "010005aa", // and in its body
        "21, 11, " + TCP4_ENDS + "20000a0100000000220009aaaa", // and within another
    })
    void aBinaryHeaderThatIsMalformedIsRefused(String command, String family, String content) {
        assertThatIOException().isThrownBy(() -> ProxyProtocol.read(binary(command, family, content, "")));
    }

    @Test
    void aBinaryHeaderMayComeInPiecesButNotTooLong() throws IOException {
        ByteBuffer whole = binary("21", "11", TCP4_ENDS, "");
        for (int i = 1; i < whole.limit(); i++) {
            assertThat(ProxyProtocol.read(whole.duplicate().limit(i))).isNull();
        }
        assertThatIOException()
                .isThrownBy(() -> ProxyProtocol.read(hex(SIGNATURE + "2111" + "ffff")))
                .withMessageContaining("65535");
    }

    private static ByteBuffer binary(String command, String family, String content, String after) {
        return hex(SIGNATURE + command + family + length(content) + content + after);
    }

    private static String value(String type, String text) {
        String hex = HexFormat.of().formatHex(text.getBytes(StandardCharsets.UTF_8));
        return type + length(hex) + hex;
    }

    private static String length(String hex) {
        return String.format("%04x", hex.length() / 2);
    }

    private static ByteBuffer hex(String hex) {

        return ByteBuffer.wrap(HexFormat.of().parseHex(hex));
    }

    private static ByteBuffer ascii(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.ISO_8859_1));
    }

    private static String rest(ByteBuffer bytes) {
        return StandardCharsets.ISO_8859_1.decode(bytes).toString();
    }
}
