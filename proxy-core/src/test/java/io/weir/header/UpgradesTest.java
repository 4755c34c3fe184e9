package io.weir.header;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class UpgradesTest {

    @ParameterizedTest
    @CsvSource(nullValues = "-", textBlock = """
            # method, protocol, Connection,             Upgrade,          key, granted
            GET,      HTTP/1.1, Upgrade,                websocket,        key, websocket
            GET,      HTTP/1.1, 'keep-alive, upgrade',  WebSocket,        key, websocket
            GET,      HTTP/1.1, Upgrade,                'h2c, websocket', key, websocket
            GET,      HTTP/2.0, Upgrade,                websocket,        key, websocket
            GET,      HTTP/1.0, Upgrade,                websocket,        key, -
            GET,      HTTP/1.1, -,                      websocket,        key, -
            GET,      HTTP/1.1, keep-alive,             websocket,        key, -
            GET,      HTTP/1.1, Upgrade,                -,                key, -
            GET,      HTTP/1.1, Upgrade,                websocket,        -,   -
            POST,     HTTP/1.1, Upgrade,                websocket,        key, -
            HEAD,     HTTP/1.1, Upgrade,                websocket,        key, -
            GET,      HTTP/1.1, Upgrade,                h2c,              key, -
            GET,      HTTP/1.1, Upgrade,                websocket2,       key, -
            GET,      HTTP/1.1, Upgrade,                'TLS/1.3, foo',   key, -
            """)
    void whatARequestIsGrantedByDefault(
            String method, String protocol, String connection, String upgrade, String key, String granted) {
        RequestHead request = request(method, protocol, connection, upgrade, key);

        assertThat(Upgrades.websocket().grantedTo(request)).isEqualTo(granted);
        assertThat(Upgrades.none().grantedTo(request)).isNull();
    }

    @ParameterizedTest
    @CsvSource({"Content-Length, 1, false", "Content-Length, 0, true", "Transfer-Encoding, chunked, false"})
    void aRequestWithABodyIsGrantedNothing(String name, String value, boolean granted) {
        RequestHead request =
                request("GET", "HTTP/1.1", "Upgrade", "websocket", "key").withHeader(name, value);

        assertThat(Upgrades.websocket().grantedTo(request) != null).isEqualTo(granted);
    }

    @Test
    void otherProtocolsTakeNoKeyAndAnyMethod() {
        RequestHead request = request("OPTIONS", "HTTP/1.1", "Upgrade", "websocket, Foo/2", null);

        assertThat(Upgrades.of("foo/2").grantedTo(request)).isEqualTo("foo/2");
        assertThat(Upgrades.of("websocket", "foo").grantedTo(request)).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a b", "a,b", "h2c", "H2C", "a/", "a/b/c"})
    void whatIsNoProtocolOrNeverPassesIsRefused(String token) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Upgrades.of(token))
                .withMessageContaining("upgrade: ");
    }

    @Test
    void onlyAnExtendedConnectIsRefusedWhereNothingIsGranted() {
        assertThat(Upgrades.none().refuse(request("GET", "HTTP/2.0", "Upgrade", "websocket", "key")))
                .isTrue();
        assertThat(Upgrades.none().refuse(request("GET", "HTTP/1.1", "Upgrade", "websocket", "key")))
                .isFalse();
        assertThat(Upgrades.none().refuse(request("GET", "HTTP/2.0", null, null, null)))
                .isFalse();
        assertThat(Upgrades.websocket().refuse(request("GET", "HTTP/2.0", "Upgrade", "websocket", "key")))
                .isFalse();
    }

    @Test
    void theAcceptIsTheOneOfTheStandard() {
        assertThat(Upgrades.acceptFor("dGhlIHNhbXBsZSBub25jZQ==")).isEqualTo("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    private static RequestHead request(String method, String protocol, String connection, String upgrade, String key) {
        RequestHead.Builder head =
                RequestHead.builder(method, "/chat").protocol(protocol).header("Host", "a.test");
        if (connection != null) {
            head.header("Connection", connection);
        }
        if (upgrade != null) {
            head.header("Upgrade", upgrade);
        }
        if (key != null) {
            head.header("Sec-WebSocket-Key", key);
        }
        return head.build();
    }
}
