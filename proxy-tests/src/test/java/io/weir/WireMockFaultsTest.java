package io.weir;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathMatching;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a client sees of WireMock's HTTP faults. Below {@code /alone/} the faulty upstream is the only one, below
 * {@code /pair/} another stands by that does nothing wrong.
 */
class WireMockFaultsTest {

    private static final Duration READ_CLOCK = Duration.ofMillis(1_500);

    private static WireMockServer faulty;
    private static EchoUpstream healthy;
    private static JettyProxyServer weir;

    @BeforeAll
    static void start() {
        faulty = new WireMockServer(options().dynamicPort().bindAddress("127.0.0.1"));
        faulty.start();
        stub("empty", aResponse().withFault(Fault.EMPTY_RESPONSE));
        stub("reset", aResponse().withFault(Fault.CONNECTION_RESET_BY_PEER));
        stub("garbage", aResponse().withFault(Fault.RANDOM_DATA_THEN_CLOSE));
        stub("malformed-chunk", aResponse().withFault(Fault.MALFORMED_RESPONSE_CHUNK));
        stub("late", aResponse().withBody("late").withFixedDelay(300));
        stub("too-late", aResponse().withBody("too late").withFixedDelay(60_000));
        stub("dribble", aResponse().withBody("drop by drop").withChunkedDribbleDelay(6, 2_400));
        healthy = EchoUpstream.start();
        UpstreamPool alone = UpstreamPool.of("alone", url());
        UpstreamPool pair = UpstreamPool.named("pair")
                .upstream(url(), u -> u.maxFails(0))
                .upstream(healthy.uri(), u -> u.backup())
                .build();
        ProxyConfig config = ProxyConfig.builder()
                .timeouts(t -> t.read(READ_CLOCK))
                .route(Route.prefix("/alone/").to(alone))
                .route(Route.prefix("/pair/").to(pair))
                .build();
        weir = JettyProxyServer.builder(config).listen("127.0.0.1", 0).start();
    }

    @AfterAll
    static void stop() {
        weir.close();
        faulty.stop();
        healthy.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"empty", "reset", "garbage"})
    void anAnswerWithoutAHeadIsA502(String fault) {
        RawResponse response = send("GET", "/alone/" + fault);

        assertThat(response.status()).isEqualTo(502);
        assertThat(response.isTruncated()).isFalse();
    }

    @ParameterizedTest
    @ValueSource(strings = {"empty", "reset", "too-late"})
    void theNextUpstreamIsTriedUnlessAHeadHasCome(String fault) {
        RawResponse response = send("GET", "/pair/" + fault);

        assertThat(response.status()).isEqualTo(200);
        assertThat(healthy.requestsWith("X-Case", "GET /pair/" + fault)).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {"empty", "reset"})
    void postGoesToNoSecondUpstream(String fault) {
        RawResponse response = send("POST", "/pair/" + fault);

        assertThat(response.status()).isEqualTo(502);
        assertThat(healthy.requestsWith("X-Case", "POST /pair/" + fault)).isEmpty();
    }

    /**
     * How much of it the client sees hangs on what comes in one piece with the head: a 200 that breaks off, a connection
     * that closes, or a 502, since nothing had been delivered.
     */
    @Test
    void aBodyThatBreaksOffIsNeverTakenForAWholeOne() {
        String seen = bytesSeen("/alone/malformed-chunk");

        assertThat(seen).doesNotEndWith("0\r\n\r\n").matches("(?s)(HTTP/1\\.1 (200|502) .*)?");
    }

    @Test
    void aBodyThatBreaksOffIsNotMendedWithAnother() {
        String seen = bytesSeen("/pair/malformed-chunk");

        int fromTheNext =
                healthy.requestsWith("X-Case", "GET /pair/malformed-chunk").size();
        assertThat(seen.split("HTTP/1\\.1 200 ", -1)).hasSizeLessThanOrEqualTo(2);
        assertThat(seen.contains("GET /pair/malformed-chunk HTTP/1.1\n")).isEqualTo(fromTheNext == 1);
        assertThat(seen).doesNotEndWith("0\r\n\r\n");
    }

    @Test
    void anAnswerWithinTheReadClockIsDelivered() {
        RawResponse response = send("GET", "/alone/late");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("late");
    }

    @Test
    void anAnswerBeyondTheReadClockIsA504() {
        RawResponse response = send("GET", "/alone/too-late");

        assertThat(response.status()).isEqualTo(504);
    }

    @Test
    void aBodyThatDribblesForLongerThanTheReadClockIsWhole() {
        RawResponse response = send("GET", "/alone/dribble");

        assertThat(response.status()).isEqualTo(200);
        assertThat(response.body()).isEqualTo("drop by drop");
        assertThat(response.isTruncated()).isFalse();
    }

    private static void stub(String name, ResponseDefinitionBuilder response) {
        faulty.stubFor(any(urlPathMatching("/(alone|pair)/" + name)).willReturn(response));
    }

    private static String url() {
        return "http://127.0.0.1:" + faulty.port();
    }

    private static RawResponse send(String method, String target) {
        return RawClient.exchange(weir.port(), request(method, target, ""));
    }

    /** All that comes until the connection closes, which the client asks for. */
    private static String bytesSeen(String target) {
        try (RawClient client = RawClient.connect(weir.port())) {
            return client.send(request("GET", target, "Connection: close\r\n")).readAll();
        }
    }

    private static String request(String method, String target, String fields) {
        return method + " " + target + " HTTP/1.1\r\nHost: any.test\r\nX-Case: " + method + " " + target + "\r\n"
                + fields + "\r\n";
    }
}
