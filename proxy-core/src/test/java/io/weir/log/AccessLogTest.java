package io.weir.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.http.GivenVariables;
import io.weir.http.Outcome;
import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.http.Traffic;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AccessLogTest {
    private static final AttemptSummary FAILED =
            new AttemptSummary("http://10.0.0.1", null, -1, -1, 2_000_000, ProxyError.CONNECTION_REFUSED);
    private static final AttemptSummary ANSWERED = new AttemptSummary(
            "https://[2001:db8::1]",
            ResponseHead.of(200, "X-Two", "a", "Set-Cookie", "s=1; Path=/", "x-two", "b"),
            1_000_000,
            5_000_000,
            1_007_000_000,
            null);
    private static final RequestHead REQUEST = RequestHead.builder("POST", "/a%20b?x=1&e=")
            .header("Host", "h.test:81")
            .header("User-Agent", "a\"b\\c\t\u00C3\u00A9\u0007\u007F")
            .header("X-Empty", "")
            .build();

    /** nginx 1.22.1 writes the same for such exchanges; where a value depends on its version, the newer one's. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = true, textBlock = """
            $remote_addr $remote_user           | 192.0.2.9 alice
            $request                            | POST /a%20b?x=1&e= HTTP/1.1
            $request_uri $uri $args             | /a%20b?x=1&e= /a b x=1&e=
            ${arg_x}y [$arg_e] [$arg_none]      | 1y [] [-]
            $http_user_agent                    | a\\x22b\\x5Cc\\x09\\xC3\\xA9\\x07\\x7F
            [$http_x_empty] $http_referer       | [] -
            $host $http_host                    | h.test h.test:81
            $status $body_bytes_sent            | 200 7
            $bytes_sent $request_length         | 250 94
            $request_time $msec                 | 1.500 11.500
            $upstream_addr                      | 10.0.0.1:80, [2001:db8::1]:443
            $upstream_status                    | 502, 200
            $upstream_connect_time              | -, 0.001
            $upstream_header_time               | -, 0.005
            $upstream_response_time             | 0.002, 1.007
            $upstream_http_x_two                | a, b
            $upstream_cookie_s $upstream_http_z | 1 -
            $sent_http_content_type             | text/plain
            $sent_http_x_none                   | -
            $upstream_cache_status              | -
            $STATUS                             | 200
            $request_id                         | 0123456789abcdef
            $proxy_host                         | app:8080
            """)
    void aFormatMeansWhatItMeansInNginx(String format, String line) {
        GivenVariables given = GivenVariables.of(REQUEST).with("remote_user", "alice");
        ExchangeSummary exchange = Summaries.of(
                given,
                new Outcome(200, 7, null, ""),
                ResponseHead.of(200, "Content-Type", "text/plain"),
                new Traffic(7, 250, 11),
                10_000,
                1_500_000_000L,
                FAILED,
                ANSWERED);

        assertThat(AccessLog.format(format).line(exchange)).isEqualTo(line);
    }

    @Test
    void whereNoUpstreamWasTriedThereIsNoneToTellOf() {
        ExchangeSummary answered = summary("/a", new Outcome(204, 0, null, ""));

        assertThat(AccessLog.format("$upstream_addr $upstream_status $upstream_connect_time $upstream_header_time"
                                + " $upstream_response_time $sent_http_a [$args]")
                        .line(answered))
                .isEqualTo("- - - - - - [-]");
    }

    @Test
    void thePoolIsNamedWhereNoUpstreamOfItCouldBeTried() {
        ExchangeSummary refused = summary("/a", new Outcome(502, 0, ProxyError.UPSTREAM_UNAVAILABLE, ""));

        assertThat(AccessLog.format("$upstream_addr $upstream_status $upstream_connect_time $upstream_header_time"
                                + " $upstream_response_time")
                        .line(refused))
                .isEqualTo("app 502 - - 0.000");
    }

    @Test
    void anUpstreamThatIsNotToBlameHasNoStatus() {
        AttemptSummary left =
                new AttemptSummary("http://unix:/run/app.sock", null, 1_000_000, -1, 2_000_000, ProxyError.CLIENT_GONE);
        ExchangeSummary exchange = Summaries.of(
                GivenVariables.of(REQUEST),
                new Outcome(499, 0, ProxyError.CLIENT_GONE, ""),
                null,
                Traffic.none(),
                0,
                0,
                left);

        assertThat(AccessLog.format("$upstream_addr $upstream_status $status").line(exchange))
                .isEqualTo("unix:/run/app.sock - 499");
    }

    @Test
    void withoutWordFromTheEngineTheFieldsAreCountedAsText() {
        ExchangeSummary exchange = Summaries.of(
                GivenVariables.of(REQUEST),
                new Outcome(200, 7, null, ""),
                ResponseHead.of(200, "A", "b"),
                Traffic.ofBody(7),
                0,
                0);

        assertThat(AccessLog.format("$bytes_sent").line(exchange)).isEqualTo("13");
    }

    @Test
    void whatCouldNotBeReadIsNoRequest() {
        ExchangeSummary exchange = Summaries.of(
                GivenVariables.of(RequestHead.builder("-", "-").build()),
                new Outcome(400, 0, ProxyError.BAD_REQUEST, ""),
                0,
                0);

        assertThat(AccessLog.format("\"$request\" $request_length").line(exchange))
                .isEqualTo("\"-\" 0");
        assertThat(AccessLog.format(
                                "$request_method $request_uri $uri $document_uri $scheme [$https] $server_protocol $host"
                                        + " $http_host [$is_args] | $status $remote_addr $request_id")
                        .line(exchange))
                .isEqualTo("- - - - - [-] - - - [-] | 400 192.0.2.9 0123456789abcdef");
        assertThat(AccessLog.format("\"$request_method $scheme\"", AccessLog.Escape.JSON)
                        .line(exchange))
                .isEqualTo("\" \"");
        assertThat(AccessLog.json().line(exchange))
                .contains(
                        "\"remote_addr\":\"192.0.2.9\"",
                        "\"status\":400",
                        "\"scheme\":null,\"host\":null,"
                                + "\"method\":null,\"uri\":null,\"protocol\":null,\"referer\":null");
    }

    @Test
    void valuesMayBeEscapedForJson() {
        AccessLog log =
                AccessLog.format("{\"ua\":\"$http_user_agent\",\"ref\":\"$http_referer\"}", AccessLog.Escape.JSON);

        assertThat(log.line(Summaries.of(GivenVariables.of(REQUEST), new Outcome(200, 0, null, ""), 0, 0)))
                .isEqualTo("{\"ua\":\"a\\\"b\\\\c\\t\u00E9\\u0007\\u007f\",\"ref\":\"\"}");
    }

    @Test
    void jsonHasAnObjectForEachUpstreamThatWasTried() {
        ExchangeSummary exchange = Summaries.of(
                GivenVariables.of(REQUEST),
                new Outcome(200, 7, null, ""),
                ResponseHead.of(200),
                new Traffic(7, 250, 11),
                10_000,
                1_500_000_000L,
                FAILED,
                ANSWERED);

        assertThat(AccessLog.json().line(exchange))
                .isEqualTo("{\"time\":\"1970-01-01T00:00:11.500Z\",\"request_id\":\"0123456789abcdef\","
                        + "\"remote_addr\":\"192.0.2.9\",\"remote_user\":null,\"scheme\":\"http\","
                        + "\"host\":\"h.test:81\",\"method\":\"POST\",\"uri\":\"/a%20b?x=1&e=\","
                        + "\"protocol\":\"HTTP/1.1\",\"referer\":null,"
                        + "\"user_agent\":\"a\\\"b\\\\c\\t\u00E9\\u0007\\u007f\",\"site\":\"site\",\"route\":\"route\","
                        + "\"status\":200,\"request_length\":94,\"bytes_sent\":250,\"body_bytes_sent\":7,"
                        + "\"request_time\":1.500,\"error\":null,\"upstreams\":["
                        + "{\"addr\":\"10.0.0.1:80\",\"status\":null,\"connect_time\":null,\"header_time\":null,"
                        + "\"response_time\":0.002,\"error\":\"connection_refused\"},"
                        + "{\"addr\":\"[2001:db8::1]:443\",\"status\":200,\"connect_time\":0.001,"
                        + "\"header_time\":0.005,\"response_time\":1.007,\"error\":null}]}");
    }

    @Test
    void anUnknownVariableIsRefusedWithTheNamesThatAreNear() {
        assertThatThrownBy(() -> AccessLog.format("$stauts"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("access log format: unknown variable $stauts; did you mean $status?")
                .hasMessageContaining("(known: $args $body_bytes_sent ");
        assertThatThrownBy(() -> AccessLog.format("$upstream_adr"))
                .hasMessageContaining("did you mean $upstream_addr?");
        assertThatThrownBy(() -> AccessLog.format("$ssl_session_reused"))
                .hasMessageContaining("unknown variable $ssl_session_reused (known: ");
        assertThatThrownBy(() -> AccessLog.format("$http_")).hasMessageContaining("unknown variable $http_");
    }

    @Test
    void aFormatThatIsNotOneLineIsRefused() {
        assertThatThrownBy(() -> AccessLog.format("$status\n")).hasMessageContaining("\"$status\\x0A\"");
        assertThatThrownBy(() -> AccessLog.format("costs 5 $ or more"))
                .hasMessageContaining("\"$\" at 8 starts no variable");
    }

    @Test
    void aLineIsWrittenOnlyWhereAllConditionsHold() {
        AccessLog log = AccessLog.common()
                .when(exchange -> exchange.outcome().status() >= 400)
                .when(exchange -> !exchange.request().path().equals("/healthz"));

        assertThat(log.takes(summary("/a", new Outcome(502, 0, null, "")))).isTrue();
        assertThat(log.takes(summary("/a", new Outcome(200, 0, null, "")))).isFalse();
        assertThat(log.takes(summary("/healthz", new Outcome(502, 0, null, ""))))
                .isFalse();
        assertThat(AccessLog.off().when(exchange -> true).takes(summary("/a", new Outcome(502, 0, null, ""))))
                .isFalse();
    }

    @Test
    void aLogSaysItsFormatAndItsPlace() {
        List<String> lines = new ArrayList<>();

        assertThat(AccessLog.combined()).hasToString("combined to logger io.weir.access");
        assertThat(AccessLog.json().toFile(Path.of("a.log"))).hasToString("json to a.log");
        assertThat(AccessLog.format("$status").to(lines::add).when(exchange -> true))
                .hasToString("$status to a consumer, where a condition holds");
        assertThat(AccessLog.off().toFile(Path.of("a.log"))).hasToString("off");
    }

    private static ExchangeSummary summary(String target, Outcome outcome) {
        return Summaries.of(GivenVariables.of(RequestHead.get(target, "h")), outcome, 0, 0);
    }
}
