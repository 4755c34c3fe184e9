package io.weir.engine;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.header.HeaderPolicy;
import io.weir.testkit.ScriptedUpstream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The head that an upstream gets, byte for byte. */
class RequestHeadTest {

    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/",
                "//",
                "/a//b",
                "/a%2Fb",
                "/a%2fb",
                "/%61",
                "/./a/../b",
                "/a|b",
                "/a\"b<c>d^e`f",
                "/{a}[b]\\c",
                "/a;b=c,d:e@f&g$h",
                "/caf\u00c3\u00a9",
                "/?",
                "/?q={x}&r=a|b",
                "/?%zz&%",
                "/?a?b??c",
                "/a?b=c//d/../e",
                "/%25%20%3F"
            })
    void theTargetIsAsTheClientSentIt(String target) {
        assertThat(seenBy("GET " + target + " HTTP/1.1\r\nHost: a.test\r\n\r\n"))
                .startsWith("GET " + target + " HTTP/1.1\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"GET", "get", "Get", "FooBar", "PURGE", "M-SEARCH", "!#$%&'*+.^_`|~09", "PROPFIND", "DELETE"})
    void theMethodIsAsTheClientSentIt(String method) {
        assertThat(seenBy(method + " / HTTP/1.1\r\nHost: a.test\r\n\r\n")).startsWith(method + " / HTTP/1.1\r\n");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "X-Forwarded-For: 6.6.6.6\r\nForwarded: for=6.6.6.6\r\nX-Real-IP: 6.6.6.6\r\nConnection: close\r\n",
                "Connection: X-Real-IP, X-Forwarded-For\r\nx-real-ip: 6.6.6.6\r\n",
                "X-Forwarded-For: 6.6.6.6\r\nConnection: x-forwarded-for\r\nConnection: close\r\n",
                "X_Forwarded_For: 6.6.6.6\r\nX_Real_IP: 6.6.6.6\r\n",
                "X-Forwarded-Host: 6.6.6.6\r\nX-Forwarded-Proto: 6.6.6.6\r\nConnection: X-Forwarded-Host\r\n",
            })
    void whatAnUntrustedClientSaysOfItselfDoesNotSurvive(String fields) {
        String request = "GET / HTTP/1.1\r\nHost: a.test\r\n" + fields + "\r\n";

        assertThat(seenBy(request)).doesNotContain("6.6.6.6");
        assertThat(seenBy(request, HeaderPolicy.forwarded()))
                .doesNotContain("6.6.6.6")
                .contains("X-Real-IP: 127.0.0.1\r\nX-Forwarded-For: 127.0.0.1\r\n");
    }

    @Test
    void fieldsKeepTheirOrderCaseAndRepetition() {
        String fields =
                "b: 1\r\nA: 2\r\nX-lower: l\r\nX-UPPER: U\r\nb: 3\r\nCookie: a=b\r\nAccept: */*\r\nCookie: c=d\r\n"
                        + "X-Empty: \r\nX-Latin: caf\u00e9\r\nX-Inner:  two  blanks \r\n";
        String kept = fields.replace("  two  blanks ", " two  blanks");

        assertThat(seenBy("GET / HTTP/1.1\r\n" + fields + "Host: a.test\r\n\r\n"))
                .contains("\r\n" + kept);
    }

    @Test
    void namesThatJettyKnowsTakeItsSpelling() {
        assertThat(seenBy("GET / HTTP/1.1\r\nuser-agent: me\r\nACCEPT: */*\r\nHost: a.test\r\n\r\n"))
                .contains("\r\nUser-Agent: me\r\nAccept: */*\r\n");
    }

    @Test
    void nothingIsAddedButTheHost() {
        String seen = seenBy("GET / HTTP/1.1\r\nHost: a.test\r\nX: y\r\n\r\n");

        assertThat(seen).matches("GET / HTTP/1\\.1\r\nHost: 127\\.0\\.0\\.1:[0-9]+\r\nX: y\r\n\r\n");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "Content-Length: 2~~hi                           | Content-Length: 2~~hi",
                "content-length: 2~~hi                           | Content-Length: 2~~hi",
                "Content-Length: 002~~hi                         | Content-Length: 2~~hi",
                "Content-Length: 0~~                             | Content-Length: 0~~",
                "Transfer-Encoding: chunked~~2~hi~0~~            | Transfer-Encoding: chunked~~2~hi~0~~",
                "transfer-encoding: Chunked~~2;a=b~hi~0;c~~      | Transfer-Encoding: chunked~~2~hi~0~~",
                "Transfer-Encoding: chunked~~0~~                 | Transfer-Encoding: chunked~~0~~",
                "Transfer-Encoding: chunked~~2~hi~0~X-T: u~~     | Transfer-Encoding: chunked~~2~hi~0~X-T: u~~",
                "Transfer-Encoding: chunked~~2~hi~0~Host: evil~~ | Transfer-Encoding: chunked~~2~hi~0~~",
                "TE: trailers~Connection: TE~Content-Length: 2~~hi | TE: trailers~Content-Length: 2~Connection: TE~~hi",
                "Connection: X-Gone~X-Gone: 1~Content-Length: 0~~ | Content-Length: 0~~",
                "Connection: close~Keep-Alive: 5~Content-Length: 0~~ | Content-Length: 0~~"
            })
    void framingIsItsOwn(String sent, String seen) {
        assertThat(seenBy("POST / HTTP/1.1\r\nHost: a.test\r\n" + sent.replace("~", "\r\n")))
                .matches(
                        "POST / HTTP/1\\.1\r\nHost: 127\\.0\\.0\\.1:[0-9]+\r\n\\Q" + seen.replace("~", "\r\n") + "\\E");
    }

    /** The raw bytes of that request as they came to an upstream of which no forwarding fields are asked. */
    private static String seenBy(String request) {
        return seenBy(request, HeaderPolicy.none());
    }

    private static String seenBy(String request, HeaderPolicy policy) {
        try (var upstream = ScriptedUpstream.answering(OK);
                var proxy = WiredProxy.to(pool -> pool.upstream(upstream.uri()), config -> config.headers(policy))) {

            assertThat(proxy.exchange(request).status()).isEqualTo(200);

            return upstream.connection(1).received();
        }
    }
}
