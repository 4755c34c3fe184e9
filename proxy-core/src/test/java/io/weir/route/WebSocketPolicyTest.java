package io.weir.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.body.MessageHook;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class WebSocketPolicyTest {
    private static final RequestHead ASKING = RequestHead.builder("GET", "/")
            .header("Sec-WebSocket-Version", "13")
            .build();

    @Test
    void byDefaultEverythingIsAllowed() {
        WebSocketPolicy policy = WebSocketPolicy.builder().build();

        assertThat(policy.maxMessage()).isEqualTo(Long.MAX_VALUE);
        assertThat(policy.pings()).isNull();
        assertThat(policy.hook()).isNull();
        assertThat(policy.allowedOf("a, b")).isEqualTo("a, b");
        assertThat(policy.refusalOf(ASKING.withHeader("Origin", "https://anywhere.test")))
                .isNull();
    }

    @Test
    void aHookLimitsMessagesUnlessALimitWasSet() {
        MessageHook hook = MessageHook.of(message -> message);

        assertThat(WebSocketPolicy.builder().onMessage(hook).build().maxMessage())
                .isEqualTo(WebSocketPolicy.MESSAGE_FOR_HOOK);
        assertThat(WebSocketPolicy.builder()
                        .onMessage(hook)
                        .maxMessage(5)
                        .build()
                        .maxMessage())
                .isEqualTo(5);
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "https://a.test, -",
                "HTTPS://A.test, -",
                "http://a.test:8080, -",
                "-, -",
                "https://evil.test, 403",
                "http://a.test, 403",
                "https://a.test:8443, 403",
                "null, 403",
                "'https://a.test, https://evil.test', 403"
            })
    void browsersMayComeFromAllowedOriginsOnly(String origin, Integer status) {
        WebSocketPolicy policy = WebSocketPolicy.builder()
                .origins("https://A.test", "http://a.test:8080")
                .build();

        Reply refusal = policy.refusalOf(origin == null ? ASKING : ASKING.withHeader("Origin", origin));

        assertThat(refusal == null ? null : refusal.status()).isEqualTo(status);
    }

    @ParameterizedTest
    @ValueSource(strings = {"8", "14", ""})
    void anotherVersionIsToldWhichOneThereIs(String version) {
        Reply refusal =
                WebSocketPolicy.builder().build().refusalOf(ASKING.withHeader("Sec-WebSocket-Version", version));

        assertThat(refusal).isNotNull();
        assertThat(refusal.status()).isEqualTo(400);
        assertThat(refusal.head().header("Sec-WebSocket-Version")).isEqualTo("13");
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {"'a, b, c', 'a, c'", "'c,a', 'c, a'", "b, -", "'A, c', c", "-, -"})
    void subprotocolsKeepTheClientsOrder(String offered, String allowed) {
        WebSocketPolicy policy =
                WebSocketPolicy.builder().subprotocols("c", "a").build();

        assertThat(policy.allowedOf(offered)).isEqualTo(allowed);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a.test", "https://", "https://a.test/", "https://a.test/x", "*", "", "https://a b", "null"})
    void whatIsNoOriginIsRefused(String origin) {
        assertThatThrownBy(() -> WebSocketPolicy.builder().origins(origin))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("origin: \"" + origin
                        + "\" (expected: scheme, host and perhaps port, as in https://example.com)");
    }

    @Test
    void otherNonsenseIsRefused() {
        WebSocketPolicy.Builder policy = WebSocketPolicy.builder();

        assertThatThrownBy(() -> policy.maxMessage(0)).hasMessage("maxMessage: 0 (expected: >= 1 byte)");
        assertThatThrownBy(() -> policy.pings(Duration.ZERO)).hasMessage("pings: PT0S (expected: >= 1 ms)");
        assertThatThrownBy(() -> policy.subprotocols("a b"))
                .hasMessage("subprotocol: \"a b\" (expected: a token, as in chat)");
    }
}
