package io.weir.body;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.http.Headers;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CompressionTest {
    private static final Compression ALL = Compression.gzip().brotli().zstd();

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gzip                          | gzip",
                "x-gzip                        | gzip",
                "GZIP                          | gzip",
                "deflate                       | ",
                "gzip, deflate, br             | br",
                "gzip, deflate, br, zstd       | zstd",
                "gzip;q=1, br;q=0.5            | gzip",
                "gzip;q=0.5, br;q=0.501        | br",
                "gzip; q=0.5 , br;Q=0.5        | br",
                "*                             | zstd",
                "*;q=0.1                       | zstd",
                "zstd;q=0, *                   | br",
                "zstd;q=0, br;q=0.000, *;q=0.3 | gzip",
                "*;q=0                         | ",
                "gzip;q=0                      | ",
                "gzip;q=2                      | ",
                "gzip;q=x                      | ",
                "gzip;level=1                  | ",
                "identity                      | ",
                "identity, gzip;q=0.5          | ",
                "identity;q=0.5, gzip;q=0.5    | gzip",
                "identity;q=0, gzip;q=0.1      | gzip",
                "''                            | ",
                "','                           | ",
            })
    void theClientsWeightsDecideThenTheLastNamed(String accepted, String expected) {
        Compression.Choice choice = ALL.choiceFor(request("HTTP/1.1", "Accept-Encoding", accepted));

        assertThat(choice == null ? null : choice.coding().token()).isEqualTo(expected);
    }

    @Test
    void severalLinesAreOneList() {
        RequestHead request = RequestHead.builder("GET", "/")
                .headers(Headers.of("Accept-Encoding", "gzip;q=0", "Accept-Encoding", "br"))
                .build();

        assertThat(ALL.choiceFor(request).coding()).isEqualTo(Compression.Coding.BROTLI);
    }

    @Test
    void nothingIsChosenForWhoSaysNothingNorForHttp10() {
        assertThat(ALL.choiceFor(request("HTTP/1.1"))).isNull();
        assertThat(ALL.choiceFor(request("HTTP/1.0", "Accept-Encoding", "gzip")))
                .isNull();
        assertThat(ALL.choiceFor(request("HTTP/2.0", "Accept-Encoding", "gzip")))
                .isNotNull();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "200 | Content-Type: text/html                                        | true",
                "200 | Content-Type: Text/HTML;charset=utf-8                          | true",
                "200 | Content-Type: application/json                                 | true",
                "404 | Content-Type: text/html                                        | true",
                "500 | Content-Type: text/html                                        | true",
                "204 | Content-Type: text/html                                        | false",
                "206 | Content-Type: text/html                                        | false",
                "304 | Content-Type: text/html                                        | false",
                "101 | Content-Type: text/html                                        | false",
                "200 | Content-Type: image/png                                        | false",
                "200 | Content-Type: text/event-stream                                | false",
                "200 | Content-Type:                                                  | false",
                "200 | X: y                                                           | false",
                "200 | Content-Type: text/html; Content-Encoding: gzip                | true", // a parameter
                "200 | Content-Type: text/html, Content-Encoding: gzip                | false",
                "200 | Content-Type: text/html, Content-Encoding: identity            | false",
                "200 | Content-Type: text/html, Content-Range: bytes 0-1/2            | false",
                "200 | Content-Type: text/html, Content-Length: 255                   | false",
                "200 | Content-Type: text/html, Content-Length: 256                   | true",
                "200 | Content-Type: text/html, Cache-Control: no-transform           | false",
                "200 | Content-Type: text/html, Cache-Control: public                 | true",
            })
    void whatMayBeCompressed(int status, String fields, boolean eligible) {
        Headers.Builder headers = Headers.builder();
        for (String field : fields.split(", ")) {
            int colon = field.indexOf(':');
            headers.add(field.substring(0, colon), field.substring(colon + 1).trim());
        }

        assertThat(ALL.isEligible(new ResponseHead(status, headers.build()))).isEqualTo(eligible);
        assertThat(Compression.off().isEligible(new ResponseHead(status, headers.build())))
                .isFalse();
    }

    @Test
    void typesAndSizesAreChosen() {
        Compression some =
                Compression.gzip().types("text/*", "application/x-it").minBytes(0);

        assertThat(some.isEligible(ResponseHead.of(200, "Content-Type", "text/strange")))
                .isTrue();
        assertThat(some.isEligible(ResponseHead.of(200, "Content-Type", "text/event-stream")))
                .isFalse();
        assertThat(some.isEligible(ResponseHead.of(200, "Content-Type", "application/x-it", "Content-Length", "0")))
                .isTrue();
        assertThat(some.isEligible(ResponseHead.of(200, "Content-Type", "application/json")))
                .isFalse();
        assertThat(Compression.gzip()
                        .types("*/*")
                        .isEligible(ResponseHead.of(200, "Content-Type", "application/x-tar")))
                .isTrue();
    }

    @Test
    void mistakesAreNamed() {
        assertThatThrownBy(() -> Compression.gzip(10)).hasMessage("gzip level: 10 (expected: 1..9)");
        assertThatThrownBy(() -> Compression.gzip().brotli(12)).hasMessage("br level: 12 (expected: 0..11)");
        assertThatThrownBy(() -> Compression.gzip().zstd(0)).hasMessage("zstd level: 0 (expected: 1..22)");
        assertThatThrownBy(() -> Compression.gzip().minBytes(-1)).hasMessageContaining(">= 0");
        assertThatThrownBy(() -> Compression.gzip().types("text/event-stream")).hasMessageContaining("event streams");
        assertThatThrownBy(() -> Compression.off().brotli()).hasMessageContaining("begin with gzip()");
    }

    @Test
    void aCodingNamedAgainHasTheNewLevel() {
        assertThat(Compression.gzip().brotli().brotli(7).choices())
                .extracting(Compression.Choice::level)
                .containsExactly(5, 7);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "gzip, deflate, br      | gzip",
                "x-gzip;q=0.5           | x-gzip;q=0.5",
                "br, zstd               | identity",
                "*                      | identity",
                "gzip, *;q=0            | gzip",
                "identity, br           | identity",
                "gzip;q=1.0, identity;q=0.5 | gzip;q=1.0, identity;q=0.5",
            })
    void upstreamsAreAskedOnlyForWhatCanBeRead(String accepted, String expected) {
        ResponseTransform transform = Gzipped.responses(TextReplacement.of("a", "b"));

        assertThat(Representation.readable(Headers.of("Accept-Encoding", accepted), List.of(transform))
                        .all("Accept-Encoding"))
                .containsExactly(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "gzip, br", "*", ""})
    void aTextReplacementAloneReadsNoCoding(String accepted) {
        ResponseTransform tee = Tee.responses((request, response) -> null);
        Headers asked = Headers.of("Accept-Encoding", accepted);
        String expected = accepted.isEmpty() ? "" : "identity";

        assertThat(Representation.readable(asked, List.of(tee))).isEqualTo(asked);
        assertThat(Representation.readable(asked, List.of(tee, TextReplacement.of("a", "b")))
                        .get("Accept-Encoding"))
                .isEqualTo(expected);
        assertThat(Representation.readable(Headers.empty(), List.of(TextReplacement.of("a", "b"))))
                .isEqualTo(Headers.empty());
    }

    @Test
    void fieldsOfExactBytesGoAndATagIsWeak() {
        Headers fields = Headers.of(
                "Content-Length",
                "3",
                "ETag",
                "\"a\"",
                "Accept-Ranges",
                "bytes",
                "Content-MD5",
                "x",
                "Digest",
                "x",
                "Content-Digest",
                "x",
                "Repr-Digest",
                "x",
                "Last-Modified",
                "y");

        assertThat(Representation.changed(fields)).isEqualTo(Headers.of("ETag", "W/\"a\"", "Last-Modified", "y"));
        assertThat(Representation.changed(Headers.of("ETag", "W/\"a\""))).isEqualTo(Headers.of("ETag", "W/\"a\""));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "                        | Accept-Encoding",
                "Origin                  | Origin, Accept-Encoding",
                "Origin, accept-encoding | Origin, accept-encoding",
                "*                       | *",
            })
    void varyIsSaidOnce(String vary, String expected) {
        Headers fields = vary == null ? Headers.empty() : Headers.of("Vary", vary);

        assertThat(Representation.varying(fields).joined("Vary")).isEqualTo(expected);
    }

    private static RequestHead request(String protocol, String... fields) {
        return RequestHead.builder("GET", "/")
                .protocol(protocol)
                .headers(Headers.of(fields))
                .build();
    }
}
