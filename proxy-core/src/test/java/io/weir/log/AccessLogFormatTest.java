package io.weir.log;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.GivenVariables;
import io.weir.http.Outcome;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.RequestHead;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import org.junit.jupiter.api.Test;

class AccessLogFormatTest {
    private static final AccessLogFormat COMBINED = AccessLogFormat.combined(ZoneOffset.UTC);

    @Test
    void combinedIsNginxFormatOfThatName() {
        RequestHead request = RequestHead.builder("GET", "/a?b=c")
                .header("Host", "h")
                .header("Referer", "http://x/")
                .header("User-Agent", "curl/8")
                .build();

        String line = COMBINED.format(summary(GivenVariables.of(request).with("remote_user", "alice")));

        assertThat(line)
                .isEqualTo("192.0.2.9 - alice [02/Jan/2026:03:04:06 +0000] \"GET /a?b=c HTTP/1.1\" 200 1234"
                        + " \"http://x/\" \"curl/8\"");
    }

    @Test
    void whatIsMissingIsADash() {
        RequestHead request =
                RequestHead.builder("GET", "/").header("Referer", "").build(); // empty is not missing, as in nginx

        assertThat(COMBINED.format(summary(GivenVariables.of(request))))
                .isEqualTo("192.0.2.9 - - [02/Jan/2026:03:04:06 +0000] \"GET / HTTP/1.1\" 200 1234 \"\" \"-\"");
    }

    @Test
    void noFieldCanForgeALineOrEndAQuotation() {
        RequestHead request = RequestHead.builder("G\"T", "/\"\\\u001B\r\n")
                .protocol("HTTP/1.1")
                .header("Referer", "\" 200 0 \"\u001B[2J")
                .header("User-Agent", "a\"b\\c\td\u00E9")
                .build();

        String line = COMBINED.format(summary(GivenVariables.of(request).with("remote_user", "a\nb \"c")));

        assertThat(line)
                .isEqualTo("192.0.2.9 - a\\x0Ab \\x22c [02/Jan/2026:03:04:06 +0000]"
                        + " \"G\\x22T /\\x22\\x5C\\x1B\\x0D\\x0A HTTP/1.1\" 200 1234"
                        + " \"\\x22 200 0 \\x22\\x1B[2J\" \"a\\x22b\\x5Cc\\x09d\\xE9\"");
    }

    @Test
    void timeIsShownInTheZone() {
        AccessLogFormat format = AccessLogFormat.combined(ZoneId.of("Asia/Kolkata"));

        assertThat(format.format(summary(GivenVariables.of(RequestHead.get("/", "h")))))
                .contains(" [02/Jan/2026:08:34:06 +0530] ");
    }

    @Test
    void aFailedAttemptIsALineOfItsOwn() {
        AttemptFailure failure = new AttemptFailure(
                RequestHead.get("/a\u001B", "h"),
                "shop",
                "/api/**",
                "app",
                "http://10.0.0.2:8080",
                ProxyFailure.connecting(ProxyError.CONNECTION_REFUSED, "refused\nforged", null),
                "answered 502");

        assertThat(failure.line())
                .isEqualTo("connection_refused: refused\\x0Aforged; upstream http://10.0.0.2:8080 of \"app\","
                        + " GET /a\\x1B, site \"shop\", route \"/api/**\"; answered 502");
    }

    /** Begun at 03:04:05, over 1.5 s later. */
    private static ExchangeSummary summary(GivenVariables given) {
        long start = Instant.parse("2026-01-02T03:04:05Z").toEpochMilli();
        return Summaries.of(given, new Outcome(200, 1234, null, ""), start, 1_500_000_000L);
    }
}
