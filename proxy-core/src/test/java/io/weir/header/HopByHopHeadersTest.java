package io.weir.header;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.Headers;
import java.util.Locale;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HopByHopHeadersTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection",
                "PROXY-connection",
                "keep-alive",
                "te",
                "Transfer-Encoding",
                "Upgrade",
                "Proxy-Authenticate",
                "Proxy-Authorization",
                "HTTP2-Settings"
            })
    void theFixedListNeverPasses(String name) {
        assertThat(HopByHopHeaders.isHopByHop(name)).isTrue();
        assertThat(HopByHopHeaders.strip(Headers.of("A", "1", name, "x"))).isEqualTo(Headers.of("A", "1"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Trailer",
                "Content-Length",
                "Host",
                "Accept-Encoding",
                "Upgrade-Insecure-Requests",
                "Keep-Alives",
                "TEs",
                "Date",
                "Sec-WebSocket-Key",
                "Expect"
            })
    void othersPass(String name) {
        assertThat(HopByHopHeaders.isHopByHop(name)).isFalse();
        assertThat(HopByHopHeaders.strip(Headers.of(name, "x"))).isEqualTo(Headers.of(name, "x"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '\'',
            value = {
                "'X-Drop'",
                "'x-drop'",
                "'close, X-Drop'",
                "'close,X-DROP,keep-alive'",
                "'\tX-Drop\t'",
                "',, X-Drop ,,'",
                "'upgrade, X-Drop'",
                "'X-Other,X-Drop'",
            })
    void aNominatedFieldGoesWhateverTheSpelling(String connection) {
        Headers headers = Headers.of("Connection", connection, "X-Drop", "1", "X-Keep", "2", "x-drop", "3");

        assertThat(HopByHopHeaders.strip(headers)).isEqualTo(Headers.of("X-Keep", "2"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "close",
                "Keep-Alive",
                "upgrade",
                "",
                ",",
                "X-Drop;q=1",
                "\"X-Drop\"",
                "X Drop",
                "X-Dropped",
                "\u00A0X-Drop"
            })
    void nothingElseGoes(String connection) {
        Headers headers = Headers.of("Connection", connection, "X-Drop", "1");

        assertThat(HopByHopHeaders.strip(headers)).isEqualTo(Headers.of("X-Drop", "1"));
    }

    @Test
    void everyConnectionLineNominates() {
        Headers headers =
                Headers.of("Connection", "close", "X-A", "1", "connection", "X-A", "X-B", "2", "CONNECTION", "X-B");

        assertThat(HopByHopHeaders.strip(headers)).isEqualTo(Headers.empty());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host",
                "Content-Length",
                "Content-Type",
                "Content-Encoding",
                "Authorization",
                "Cookie",
                "Set-Cookie",
                "Forwarded",
                "X-Real-IP",
                "X-Forwarded-For",
                "X-Forwarded-Proto",
                "X-Forwarded-Whatever",
                "Via",
                "Location"
            })
    void whatCarriesIdentityOrFramingCannotBeNominated(String name) {
        Headers headers =
                Headers.of("Connection", "close, " + name.toUpperCase(Locale.ROOT), "Connection", name, name, "x");

        assertThat(HopByHopHeaders.strip(headers)).isEqualTo(Headers.of(name, "x"));
    }
}
