package io.weir.route;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.Headers;
import io.weir.upstream.UpstreamPool;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ResponseMappingTest {
    private static final String UPSTREAM = "http://up:3000";
    private static final String PUBLIC = "www.test";
    private static final UpstreamPool POOL = UpstreamPool.of("app", UPSTREAM);

    @ParameterizedTest
    @CsvSource({
        "http://up:3000/plain/b,          /plain/b",
        "http://up:3000/b?q={x},          /b?q={x}",
        "http://up:3000/,                 /",
        "http://up:3000,                  /",
        "http://up:3000?q=1,              /?q=1",
        "http://up:3000#f,                /#f",
        "HTTP://UP:3000/A,                /A",
        "http://up:30001/b,               http://up:30001/b",
        "http://up:3000.evil.test/b,      http://up:3000.evil.test/b",
        "http://up:3000@evil.test/b,      http://up:3000@evil.test/b",
        "http://up/b,                     http://up/b",
        "https://up:3000/b,               https://up:3000/b",
        "http://www.test/b,               http://www.test/b",
        "https://www.test/b,              https://www.test/b",
        "http://other.test/b,             http://other.test/b",
        "//other.test/b,                  //other.test/b",
        "/b,                              /b",
        "b,                               b",
        "../b,                            ../b",
        "?q,                              ?q",
        "'',                              ''",
    })
    void withoutReplacementTheUpstreamsUrlBecomesTheRoot(String location, String expected) {
        assertThat(location(Route.prefix("/plain/").to(POOL), location)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "/strip/, /,      http://up:3000/b,                   /strip/b",
        "/strip/, /,      http://up:3000/,                    /strip/",
        "/strip/, /,      http://up:3000,                     /strip/",
        "/strip/, /,      /b,                                 /b",
        "/strip/, /,      http://www.test/b,                  http://www.test/b",
        "/join/,  /v1,    http://up:3000/v1b,                 /join/b",
        "/join/,  /v1,    http://up:3000/v1/b,                /join//b",
        "/join/,  /v1,    http://up:3000/b,                   http://up:3000/b",
        "/dir/,   /v1/,   http://up:3000/v1/b%2Fc?q={x}#f,    /dir/b%2Fc?q={x}#f",
        "/dir/,   /v1/,   http://up:3000/v1/,                 /dir/",
        "/dir/,   /v1/,   http://up:3000/v1,                  http://up:3000/v1",
        "/dir/,   /v1/,   http://up:3000/v2/b,                http://up:3000/v2/b",
        "/dir/,   /v1/,   /v1/b,                              /v1/b",
        "/bare,   /,      http://up:3000/b,                   /bareb",
        "/,       /v1/,   http://up:3000/v1/b,                /b",
        "/sp ace/, /,     http://up:3000/b,                   /sp%20ace/b",
        "/th\u00e9/, /,   http://up:3000/b,                   /th%C3%A9/b",
    })
    void withAReplacementItBecomesTheRoutesPrefix(String prefix, String replacement, String location, String expected) {
        Route route = Route.prefix(prefix).replacePrefix(replacement).to(POOL);

        assertThat(location(route, location)).isEqualTo(expected);
    }

    @Test
    void aPathInTheUpstreamsUrlIsAReplacementToo() {
        Route route = Route.prefix("/dir/").to(UpstreamPool.of("app", UPSTREAM + "/v1/"));

        assertThat(location(route, "http://up:3000/v1/b")).isEqualTo("/dir/b");
    }

    @ParameterizedTest
    @CsvSource({
        "localhost:11434, http://localhost:11434/b,   /b",
        "localhost:11434, http://LOCALHOST:11434/b,   /b",
        "localhost:11434, http://localhost:114345/b,  http://localhost:114345/b",
        "localhost:11434, https://localhost:11434/b,  https://localhost:11434/b",
        "WWW.test,        http://www.test/b,          http://www.test/b",
        "'',              http:///b,                  http:///b",
    })
    void theHostThatWasSentNamesTheUpstreamUnlessItIsThePublicOne(String hostSent, String location, String expected) {
        Headers mapped = Route.any().to(POOL).mapBack(Headers.of("Location", location), UPSTREAM, hostSent, PUBLIC);

        assertThat(mapped.get("Location")).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://up:3000//evil.test",
                "http://up:3000///evil.test",
                "http://up:3000/\\evil.test",
                "http://up:3000/\t/evil.test",
                "http://up:3000/\\/\\evil.test"
            })
    void noRedirectCanBeMadeToNameAnotherHost(String location) {
        Route raw = Route.any().to(POOL);
        Route replacing = Route.any().replacePrefix("/").to(POOL);
        Route byRule = Route.any()
                .mapping(m -> m.withoutDefault().redirect(UPSTREAM + "/", "/"))
                .to(POOL);

        assertThat(location(raw, location)).isEqualTo("/evil.test");
        assertThat(location(replacing, location)).isEqualTo("/evil.test");
        assertThat(location(byRule, location)).isEqualTo("/evil.test");
    }

    @ParameterizedTest
    @CsvSource({
        "0; url=http://up:3000/v1/b,       0; url=/dir/b",
        "0;URL=http://up:3000/v1/b,        0;URL=/dir/b",
        "5; url=\"http://up:3000/v1/b\",   5; url=\"/dir/b\"",
        "0; url=http://other.test/b,       0; url=http://other.test/b",
        "5,                                5",
        "0; url=,                          0; url=",
    })
    void refreshIsMappedLikeLocation(String refresh, String expected) {
        Route route = Route.prefix("/dir/").replacePrefix("/v1/").to(POOL);

        Headers mapped = route.mapBack(Headers.of("refresh", refresh), UPSTREAM, PUBLIC, PUBLIC);

        assertThat(mapped.get("Refresh")).isEqualTo(expected);
    }

    @Test
    void rulesGoBeforeTheDefaultAndTheFirstWins() {
        Route route = Route.any()
                .mapping(m -> m.redirect("http://up:3000/old/", "https://new.test/")
                        .redirect("http://up:3000/old/", "/never/")
                        .redirect("http://intern.test/", "/"))
                .to(POOL);

        assertThat(location(route, "http://up:3000/old/b")).isEqualTo("https://new.test/b");
        assertThat(location(route, "http://intern.test/b")).isEqualTo("/b");
        assertThat(location(route, "http://up:3000/b")).isEqualTo("/b");
    }

    @Test
    void withoutDefaultOnlyRulesMap() {
        Route route = Route.any().mapping(ResponseMapping::withoutDefault).to(POOL);

        assertThat(location(route, "http://up:3000/b")).isEqualTo("http://up:3000/b");
    }

    @Test
    void aRouteMapsEachCookieAndNothingElse() {
        Route route = Route.any()
                .mapping(m -> m.cookiePath("/v1/", "/app/")
                        .cookieDomain("up", "www.test")
                        .cookieFlags("Secure"))
                .to(POOL);
        Headers sent = Headers.of(
                "Set-Cookie", "a=/v1/; Path=/v1/x; Domain=up", "Set-Cookie", "b=1", "X-Cookie", "Path=/v1/x");

        Headers mapped = route.mapBack(sent, UPSTREAM, PUBLIC, PUBLIC);

        assertThat(mapped.all("Set-Cookie"))
                .containsExactly("a=/v1/; Path=/app/x; Domain=www.test; Secure", "b=1; Secure");
        assertThat(mapped.get("X-Cookie")).isEqualTo("Path=/v1/x");
    }

    @Test
    void fieldsThatNeedNoMappingAreTheSameObject() {
        Headers headers = Headers.of("Location", "/b", "Set-Cookie", "a=b; path=/", "Content-Location", UPSTREAM);

        assertThat(Route.any().to(POOL).mapBack(headers, UPSTREAM, PUBLIC, PUBLIC))
                .isSameAs(headers);
    }

    @Test
    void whatCouldSplitTheMessageOrMapEverythingIsRefused() {
        ResponseMapping mapping = ResponseMapping.defaults();

        assertThatIllegalArgumentException().isThrownBy(() -> mapping.redirect("http://a/", "/\r\nX: y"));
        assertThatIllegalArgumentException().isThrownBy(() -> mapping.redirect("", "/"));
    }

    private static String location(Route route, String location) {
        return route.mapBack(Headers.of("Location", location), UPSTREAM, PUBLIC, PUBLIC)
                .get("Location");
    }
}
