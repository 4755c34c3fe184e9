package io.weir.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RequestHeadTest {
    @ParameterizedTest
    @CsvSource({
        "example.com,          example.com",
        "Example.COM,          example.com",
        "example.com:8080,     example.com",
        "example.com:,         example.com",
        "example.com.,         example.com",
        "example.com.:80,      example.com",
        "example.com..,        example.com.",
        "127.0.0.1:80,         127.0.0.1",
        "[::1],                [::1]",
        "[::1]:8080,           [::1]",
        "[2001:DB8::1]:80,     [2001:db8::1]",
        "[::1,                 [::1",
        "::1,                  ''",
        "a:b:80,               a",
        ":80,                  ''",
        ".,                    ''",
        "'',                   ''",
    })
    void theHostOfAnAuthorityHasNoPortNoLastDotAndNoCapitals(String authority, String host) {
        assertThat(RequestHead.hostOf(authority)).isEqualTo(host);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "example.com",
                "EXAMPLE.com.",
                "example.com:80",
                "example.com:",
                "example.com:65535",
                "localhost",
                "a_b.example.com",
                "*.example.com",
                ".example.com",
                "127.0.0.1",
                "[::1]",
                "[::1]:80",
                "[2001:db8::1]:",
                "xn--caf-dma.example",
                "a%2eb",
                "a,b"
            })
    void aHostIsANameOrAnAddress(String host) {
        assertThat(RequestHead.get("/", host).problem()).isNull();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                ".",
                ":80",
                ".:80",
                "::1",
                "[::1",
                "[::1]x",
                "[::1]x:80",
                "[]",
                "[1.2.3.4]",
                "[fe80::1%25eth0]",
                "a..b",
                "a..",
                "a b",
                " a",
                "a/b",
                "a?b",
                "a#b",
                "a\\b",
                "user@a",
                "a:b:80",
                "a:http",
                "a:-1",
                "a:65536",
                "a:99999999999",
                "a:80 ",
                "caf\u00E9",
                "a\tb",
                "a\"b",
                "<a>",
                "a|b",
                "a\u007F"
            })
    void anythingElseIsRefused(String host) {
        assertThat(RequestHead.get("/", host).problem()).isNotNull();
        assertThat(RequestHead.builder("GET", "/").authority(host).build().problem())
                .isNotNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip, chunked", "chunked, chunked", "identity", "chunked,", "xchunked", ""})
    void aCodingOtherThanChunkedIsAProblem(String coding) {
        RequestHead head = RequestHead.builder("POST", "/")
                .headers(Headers.of("Host", "a.test", "Transfer-Encoding", coding))
                .build();

        assertThat(head.problem()).isEqualTo("Transfer-Encoding in HTTP/1.1: " + coding);
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.0", "HTTP/2.0"})
    void aCodingIsForHttp11Only(String protocol) {
        RequestHead head = RequestHead.builder("POST", "/")
                .protocol(protocol)
                .headers(Headers.of("Host", "a.test", "Transfer-Encoding", "chunked"))
                .build();

        assertThat(head.problem()).isNotNull();
        assertThat(head.toBuilder().protocol("HTTP/1.1").build().problem()).isNull();
    }

    @Test
    void aRequestWithoutHostHasNoneAndIsNotRefusedForIt() {
        RequestHead head = RequestHead.builder("GET", "/").build();

        assertThat(head.authority()).isNull();
        assertThat(head.host()).isEmpty();
        assertThat(head.problem()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "GET ", "GET / HTTP/1.1\r\nX:", "G T", "G\u00C9T", "GET:"})
    void aMethodThatIsNoTokenIsRefused(String method) {
        assertThat(RequestHead.builder(method, "/").build().problem()).isEqualTo("the method is no token");
    }

    @Test
    void aTargetsProblemIsTheHeads() {
        assertThat(RequestHead.get("/a%00", "h").problem())
                .isEqualTo(RequestPath.of("/a%00").problem());
    }

    @Test
    void theTargetsAuthorityWinsOverHost() {
        RequestHead head = RequestHead.builder("GET", "/")
                .header("Host", "host.example")
                .authority("Target.example:80")
                .build();

        assertThat(head.authority()).isEqualTo("Target.example:80");
        assertThat(head.host()).isEqualTo("target.example");
    }

    @Test
    void rulesSeeTheNormalisedPathAndUpstreamsTheRawTarget() {
        RequestHead head = RequestHead.get("//%61dmin/./x?a=%zz", "h");

        assertThat(head.path()).isEqualTo("/admin/x");
        assertThat(head.rawTarget()).isEqualTo("//%61dmin/./x?a=%zz");
        assertThat(head.query()).isEqualTo("a=%zz");
    }

    @Test
    void aChangedCopyLeavesTheFirstAlone() {
        RequestHead head = RequestHead.get("/a", "h");

        RequestHead changed = head.withTarget("/b?c").withHeader("X", "1").withoutHeader("host");

        assertThat(changed.path()).isEqualTo("/b");
        assertThat(changed.headers()).isEqualTo(Headers.of("X", "1"));
        assertThat(head.path()).isEqualTo("/a");
        assertThat(head.headers()).isEqualTo(Headers.of("Host", "h"));
        assertThat(head.withoutHeader("X")).isSameAs(head);
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "/a b", "/a HTTP/1.1\r\nX: y", "/..", "/%", "/\u20AC"})
    void aNewTargetMustBeOne(String target) {
        RequestHead head = RequestHead.get("/a", "h");

        assertThatIllegalArgumentException()
                .isThrownBy(() -> head.withTarget(target))
                .withMessageStartingWith("target: \"" + Text.escape(target) + "\": ");
    }

    @Test
    void aPeerIsGivenByItsAddress() {
        assertThat(RequestHead.builder("GET", "/")
                        .peer("::ffff:10.0.0.1")
                        .build()
                        .peer()
                        .host())
                .isEqualTo("10.0.0.1");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> RequestHead.builder("GET", "/").peer("localhost"))
                .withMessage("peer: \"localhost\" (expected: an IP address)");
    }

    @Test
    void textIsSafeToPrint() {
        assertThat(RequestHead.get("/\u001B\"", "h")).hasToString("GET /\\x1B\\x22");
    }
}
