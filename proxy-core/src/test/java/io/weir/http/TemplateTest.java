package io.weir.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TemplateTest {
    private static final RequestHead REQUEST = RequestHead.builder("POST", "/a%20b/..//c?x=1&Y=2")
            .header("Host", "Shop.Example.COM:8443")
            .header("Cookie", "id=7; Lang=de")
            .header("Cookie", "last=z")
            .header("Via", "1.0 a")
            .header("via", "1.1 b")
            .header("Content-Type", "text/plain")
            .header("Content-Length", "12")
            .header("X-Long-Name", "long")
            .scheme("https")
            .protocol("HTTP/1.1")
            .peer(new Peer(IpRange.parseAddress("10.0.0.1"), 4711))
            .local(IpRange.parseAddress("2001:db8::1"), 8443)
            .tls(new TlsConnection(
                    "TLSv1.3",
                    "TLS_AES_128_GCM_SHA256",
                    "shop.example.com",
                    List.of(),
                    new ClientCertificate("CN=alice", "CN=ca", "2A", "5ba1", "5ba256")))
            .build();

    private static final GivenVariables GIVEN = GivenVariables.of(REQUEST).with("remote_user", "alice");

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "$host                       | shop.example.com",
                "$http_host                  | Shop.Example.COM:8443",
                "$http_x_long_name           | long",
                "$http_via                   | 1.0 a, 1.1 b",
                "$http_cookie                | id=7; Lang=de; last=z",
                "$http_missing               | ''",
                "$cookie_id                  | 7",
                "$cookie_lang                | de",
                "$cookie_last                | z",
                "$cookie_missing             | ''",
                "$arg_x                      | 1",
                "$arg_y                      | 2",
                "$arg_z                      | ''",
                "$args                       | x=1&Y=2",
                "$query_string               | x=1&Y=2",
                "$is_args                    | ?",
                "$uri                        | /c",
                "$document_uri               | /c",
                "$request_uri                | /a%20b/..//c?x=1&Y=2",
                "$request                    | POST /a%20b/..//c?x=1&Y=2 HTTP/1.1",
                "$request_method             | POST",
                "$request_id                 | 0123456789abcdef",
                "$scheme                     | https",
                "$https                      | on",
                "$remote_addr                | 192.0.2.9",
                "$remote_port                | 4711",
                "$realip_remote_addr         | 10.0.0.1",
                "$remote_user                | alice",
                "$server_addr                | 2001:db8::1",
                "$server_port                | 8443",
                "$server_name                | site.test",
                "$server_protocol            | HTTP/1.1",
                "$content_type               | text/plain",
                "$content_length             | 12",
                "$ssl_protocol               | TLSv1.3",
                "$ssl_cipher                 | TLS_AES_128_GCM_SHA256",
                "$ssl_server_name            | shop.example.com",
                "$ssl_client_verify          | SUCCESS",
                "$ssl_client_s_dn            | CN=alice",
                "$ssl_client_i_dn            | CN=ca",
                "$ssl_client_serial          | 2A",
                "$ssl_client_fingerprint     | 5ba1",
                "$ssl_client_fingerprint_sha256 | 5ba256",
                "$proxy_host                 | app:8080",
                "$proxy_port                 | 8080",
                "$proxy_add_x_forwarded_for  | 192.0.2.9, 10.0.0.1",
                "$HOST                       | shop.example.com",
                "$Http_X_Long_Name           | long",
            })
    void aVariableHasNginxMeaning(String text, String value) {
        assertThat(Template.parse(text).render(GIVEN)).isEqualTo(value);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''                          | ''",
                "plain                       | plain",
                "$scheme://$host$request_uri | https://shop.example.com/a%20b/..//c?x=1&Y=2",
                "${host}                     | shop.example.com",
                "${host}name                 | shop.example.comname",
                "a-$arg_x-b                  | a-1-b",
                "$arg_x$arg_y                | 12",
                "$arg_z$arg_x                | 1",
                "{$arg_x}                    | {1}",
                "$arg_x}                     | 1}",
                "$arg_x.$arg_y               | 1.2",
            })
    void textAndVariablesMix(String text, String value) {
        assertThat(Template.parse(text).render(GIVEN)).isEqualTo(value);
        assertThat(Template.parse(text)).hasToString(text);
    }

    @ParameterizedTest
    @ValueSource(strings = {"$", "a$", "$ host", "${", "${}", "${host", "${host-a}", "$$host", "$-", "a${ host}"})
    void aDollarThatStartsNoVariableIsRefused(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Template.parse(text))
                .withMessageContaining("starts no variable (expected: $name or ${name})");
    }

    @ParameterizedTest
    @ValueSource(strings = {"$unknown", "a${unknown}b", "$1", "$hostname", "$http_", "$arg_", "$cookie_", "$host_x"})
    void anUnknownVariableIsRefusedWithTheKnownOnes(String text) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Template.parse(text))
                .withMessageContaining("template \"" + text + "\": unknown variable $")
                .withMessageContaining("$host ")
                .withMessageContaining("$proxy_add_x_forwarded_for")
                .withMessageContaining("$http_NAME, $arg_NAME, $cookie_NAME");
    }

    @Test
    void aRequestThatSaysLittleLeavesThemEmpty() {
        RequestHead bare = RequestHead.builder("GET", "/").peer(Peer.unix()).build();
        GivenVariables given = GivenVariables.of(bare).atUpstream("");

        assertThat(Template.parse("$args$is_args$http_host$remote_user$content_type$https")
                        .render(given))
                .isEmpty();
        assertThat(Template.parse("$remote_port$server_port$proxy_host$proxy_port")
                        .render(given))
                .isEmpty();
        assertThat(Template.parse("$host $realip_remote_addr $server_addr").render(given))
                .isEqualTo("site.test unix: unix:");
    }

    @ParameterizedTest
    @CsvSource({"app, 80", "app:81, 81", "[::1], 80", "[::1]:82, 82"})
    void thePortOfAnUpstreamWithoutOneIsItsSchemesOwn(String authority, String port) {
        assertThat(Template.parse("$proxy_port").render(GIVEN.atUpstream(authority)))
                .isEqualTo(port);
    }

    @Test
    void anEmptyQueryHasNoMark() {
        GivenVariables given = GivenVariables.of(RequestHead.get("/a?", "h"));

        assertThat(Template.parse("/b$is_args$args").render(given)).isEqualTo("/b");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/a%0d%0aSet-Cookie:x", "/%0A", "/a%0D", "/a%1F%25"})
    void aDecodedLineBreakDoesNotComeBackThroughThePath(String target) {
        GivenVariables given = GivenVariables.of(RequestHead.get(target, "h"));

        String rendered = Template.parse("$scheme://$host$uri").render(given);

        assertThat(rendered).matches("[ -~]+").contains("/");
        assertThat(Headers.of("Location", rendered).size()).isEqualTo(1);
    }

    @Test
    void onlyATextWithoutVariablesIsConstant() {
        assertThat(Template.parse("a").isConstant()).isTrue();
        assertThat(Template.parse("a$host").isConstant()).isFalse();
    }
}
