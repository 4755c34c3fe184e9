package io.weir.middleware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.Reply;
import io.weir.http.RequestHead;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HttpsRedirectTest {

    @ParameterizedTest
    @CsvSource({
        "GET,    a.test,        /x?y=1,     301, https://a.test/x?y=1",
        "HEAD,   A.test:8080,   /,          301, https://a.test/",
        "POST,   a.test,        /x,         308, https://a.test/x",
        "DELETE, a.test,        /a%2Fb,     308, https://a.test/a%2Fb",
        "GET,    [::1]:8080,    /,          301, https://[::1]/",
        "GET,    a.test,        //b.test/c, 301, https://a.test//b.test/c",
    })
    void plainRequestsGoToTheSameUrlOverTls(String method, String host, String target, int status, String location) {
        Reply reply = answered(HttpsRedirect.always(), request(method, target, host));

        assertThat(reply.status()).isEqualTo(status);
        assertThat(reply.head().header("Location")).isEqualTo(location);
    }

    @Test
    void anotherPortIsNamed() {
        Reply reply = answered(HttpsRedirect.always().toPort(8443), request("GET", "/x", "a.test:8080"));

        assertThat(reply.head().header("Location")).isEqualTo("https://a.test:8443/x");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/.well-known/acme-challenge/token", "/x/../.well-known/acme-challenge/token"})
    void exemptPathsPass(String target) {
        HttpsRedirect redirect = HttpsRedirect.except("/.well-known/acme-challenge/");

        assertThat(verdict(redirect, request("GET", target, "a.test"))).isInstanceOf(Verdict.Proceed.class);
    }

    @Test
    void aPathThatOnlyLooksExemptIsRedirected() {
        HttpsRedirect redirect = HttpsRedirect.except("/.well-known/acme-challenge/");

        Reply reply = answered(redirect, request("GET", "/.well-known/acme-challenge/../../secret", "a.test"));

        assertThat(reply.status()).isEqualTo(301);
    }

    @Test
    void requestsOverTlsPass() {
        RequestHead request =
                request("GET", "/", "a.test").toBuilder().scheme("https").build();

        assertThat(verdict(HttpsRedirect.always(), request)).isInstanceOf(Verdict.Proceed.class);
    }

    @Test
    void withoutAHostThereIsNowhereToGo() {
        Reply reply = answered(
                HttpsRedirect.always(),
                RequestHead.builder("GET", "/").protocol("HTTP/1.0").build());

        assertThat(reply.status()).isEqualTo(400);
    }

    @Test
    void whatIsNoPathOrPortIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpsRedirect.except("acme"))
                .withMessageStartingWith("except: \"acme\" (expected: a path");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> HttpsRedirect.always().toPort(0))
                .withMessage("toPort: 0 (expected: 1..65535)");
    }

    private static RequestHead request(String method, String target, String host) {
        return RequestHead.builder(method, target).header("Host", host).build();
    }

    private static Reply answered(HttpsRedirect redirect, RequestHead request) {
        return ((Verdict.Answer) verdict(redirect, request)).reply();
    }

    private static Verdict verdict(HttpsRedirect redirect, RequestHead request) {
        return redirect.onRequest(request, GivenContext.of(request, "192.0.2.1"));
    }
}
