package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.RawRequest;
import io.weir.testkit.RawResponse;
import io.weir.testkit.ScriptedUpstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is larger than allowed is refused with the status that says so, and goes no further. */
class LimitsTest {

    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    @ParameterizedTest
    @ValueSource(ints = {33 * 1024, 64 * 1024, 1024 * 1024})
    void aHeadThatIsTooLargeIs431(int size) {
        isRefused("GET / HTTP/1.1\r\nHost: a.test\r\nX: " + "x".repeat(size) + "\r\n\r\n", 431);
    }

    @Test
    void aFieldNameWithoutEndIs431() {
        isRefused("GET / HTTP/1.1\r\nHost: a.test\r\n" + "x".repeat(64 * 1024), 431);
    }

    @Test
    void aHeadAsLargeAsAllowedPasses() {
        passes("GET / HTTP/1.1\r\nHost: a.test\r\nX: " + "x".repeat(32 * 1024 - 100) + "\r\n\r\n");
    }

    @Test
    void tooManyFieldsAre431() {
        isRefused("GET / HTTP/1.1\r\nHost: a.test\r\n" + "X: y\r\n".repeat(200) + "\r\n", 431);
    }

    @Test
    void asManyFieldsAsAllowedPass() {
        passes("GET / HTTP/1.1\r\nHost: a.test\r\n" + "X: y\r\n".repeat(199) + "\r\n");
    }

    @ParameterizedTest
    @ValueSource(ints = {16 * 1024, 20 * 1024, 40 * 1024, 1024 * 1024})
    void aTargetThatIsTooLongIs414(int size) {
        isRefused("GET /" + "x".repeat(size) + " HTTP/1.1\r\nHost: a.test\r\n\r\n", 414);
    }

    @Test
    void aTargetAsLongAsAllowedPasses() {
        passes("GET /" + "x".repeat(16 * 1024 - 1) + " HTTP/1.1\r\nHost: a.test\r\n\r\n");
    }

    @Test
    void aBodyThatSaysItIsTooLongIs413BeforeAnUpstreamIsAsked() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = atMostTenBytes(upstream);
                var client = proxy.client()) {

            client.send("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 11\r\n\r\n");
            RawResponse response = client.readResponse();

            assertThat(response.status()).isEqualTo(413);
            assertThat(response.fields("Connection")).containsExactly("close");
            client.close();
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.BODY_TOO_LARGE);
            assertThat(upstream.connectionCount()).isZero();
        }
    }

    @Test
    void aBodyThatGrowsTooLongIs413AndTheUpstreamSeesNoEnd() {
        try (var upstream = ScriptedUpstream.of(connection -> {
                    RawRequest head = connection.readHead();
                    connection.readBody(head);
                });
                var proxy = atMostTenBytes(upstream);
                var client = proxy.client()) {

            client.send("PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
            upstream.awaitRequest();
            Await.until(
                    "the first chunk", () -> upstream.connection(1).received().contains("hello"));
            client.send("6\r\nworld!\r\n0\r\n\r\n");
            RawResponse response = client.readResponse();

            assertThat(response.status()).isEqualTo(413);
            upstream.awaitClosed(1);
            assertThat(upstream.connection(1).received()).doesNotContain("world!", "\r\n0\r\n\r\n");
            assertThat(client.isClosedByPeer()).isTrue();
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Content-Length: 10\r\n\r\n0123456789",
                "Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n"
            })
    void aBodyAsLongAsAllowedPasses(String rest) {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = atMostTenBytes(upstream)) {

            assertThat(proxy.exchange("POST / HTTP/1.1\r\nHost: a.test\r\n" + rest)
                            .status())
                    .isEqualTo(200);
            assertThat(upstream.awaitRequest().body()).isEqualTo("0123456789");
        }
    }

    @Test
    void aRouteHasItsOwnLimit() {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.routing(
                        pool -> pool.upstream(upstream.uri()),
                        (config, pool) -> config.route(Route.prefix("/small/")
                                        .maxRequestBody(1)
                                        .to(pool))
                                .route(Route.any().to(pool)))) {

            String rest = " HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\nContent-Length: 2\r\n\r\nhi";

            assertThat(proxy.exchange("POST /small/" + rest).status()).isEqualTo(413);
            assertThat(proxy.exchange("POST /large/" + rest).status()).isEqualTo(200);
        }
    }

    @Test
    void anUpstreamsHeadHasTheLimitOfItsRoute() {
        try (var upstream = ScriptedUpstream.answering("HTTP/1.1 200 OK\r\nX: " + "x".repeat(1000) + "\r\n\r\n");
                var proxy = WiredProxy.to(
                        pool -> pool.upstream(upstream.uri()),
                        config -> config.limits(limits -> limits.withResponseHead(1000)))) {

            assertThat(proxy.exchange(WiredProxy.GET).status()).isEqualTo(502);
            assertThat(proxy.awaitError(1)).isEqualTo(ProxyError.RESPONSE_HEAD_TOO_LARGE);
        }
    }

    private static WiredProxy atMostTenBytes(ScriptedUpstream upstream) {
        return WiredProxy.to(
                pool -> pool.upstream(upstream.uri()), config -> config.limits(limits -> limits.withRequestBody(10)));
    }

    private static void isRefused(String request, int status) {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(upstream.uri());
                var client = proxy.client()) {

            RawResponse response = client.send(request).readResponse();

            assertThat(response.status()).isEqualTo(status);
            assertThat(response.fields("Connection")).containsExactly("close");
            assertThat(upstream.connectionCount()).isZero();
        }
    }

    private static void passes(String request) {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(upstream.uri())) {

            assertThat(proxy.exchange(request).status()).isEqualTo(200);
        }
    }
}
