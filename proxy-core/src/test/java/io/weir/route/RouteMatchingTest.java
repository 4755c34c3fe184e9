package io.weir.route;

import static io.weir.route.Table.POOL;
import static io.weir.route.Table.answering;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.RequestHead;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RouteMatchingTest {
    private static final Table ALL_KINDS = Table.ofRoutes(
            Route.any().to(POOL),
            Route.prefix("/plain/").to(POOL),
            Route.prefix("/open").to(POOL),
            Route.exact("/exact").to(POOL),
            Route.exact("/plain/exact").to(POOL),
            Route.prefix("/static/").overRegex().to(POOL),
            Route.prefix("/static/open/").to(POOL),
            Route.prefix("/deep/").to(POOL),
            Route.prefix("/deep/er/").to(POOL),
            Route.prefix("/deep/er/est").to(POOL),
            Route.prefix("/sp ace/").to(POOL),
            Route.prefix("/th\u00e9/").to(POOL),
            Route.prefix("/100%/").to(POOL),
            Route.regex("\\.(png|css)$").to(POOL),
            Route.regex("(?i)\\.jpe?g$").to(POOL),
            Route.regex("^/order/").to(POOL),
            Route.regex("^/order/second").to(POOL),
            Route.regex("^/one/.$").to(POOL));

    @ParameterizedTest
    @CsvSource({
        "/,                       prefix /",
        "/a/b,                    prefix /",
        "/plain/a,                prefix /plain/",
        "/PLAIN/a,                prefix /",
        "//plain//a,              prefix /plain/",
        "/%2Fplain/a,             prefix /plain/",
        "/x/../plain/a,           prefix /plain/",
        "/plain/../a,             prefix /",
        "/plain/..;/a,            prefix /plain/",
        "/plain;x/a,              prefix /",
        "/plain%2Fa,              prefix /plain/",
        "/%70lain/a?q=/exact,     prefix /plain/",
        "/open,                   prefix /open",
        "/opener/a,               prefix /open",
        "/exact,                  exact /exact",
        "/exact?q=1,              exact /exact",
        "/%65xact,                exact /exact",
        "/exact/,                 prefix /",
        "/exacta,                 prefix /",
        "/Exact,                  prefix /",
        "/plain/exact,            exact /plain/exact",
        "/plain/./exact,          exact /plain/exact",
        "/plain/exact/a,          prefix /plain/",
        "/static/a.png,           prefix /static/ over regex",
        "/x/../static/a.png,      prefix /static/ over regex",
        "/static/open/a.png,      regex \\.(png|css)$",
        "/static/open/a,          prefix /static/open/",
        "/deep/a,                 prefix /deep/",
        "/deep/era,               prefix /deep/",
        "/deep/er/a,              prefix /deep/er/",
        "/deep/er/estimate,       prefix /deep/er/est",
        "/deep//er//a,            prefix /deep/er/",
        "/sp%20ace/a,             prefix /sp ace/",
        "/th%C3%A9/a,             prefix /th\u00e9/",
        "/th%c3%a9/a,             prefix /th\u00e9/",
        "/th%E9/a,                prefix /",
        "/100%25/a,               prefix /100%/",
        "/plain/a.png,            regex \\.(png|css)$",
        "/a.css?x=.jpg,           regex \\.(png|css)$",
        "/a.%70ng,                regex \\.(png|css)$",
        "/a.PNG,                  prefix /",
        "/a.JPG,                  regex (?i)\\.jpe?g$",
        "/a.png/b,                prefix /",
        "/a.png;x,                prefix /",
        "/order/second,           regex ^/order/",
        "/order,                  prefix /",
    })
    void pathsFindTheirRouteAsInNginx(String target, String route) {
        assertThat(ALL_KINDS.routeOf(target)).isEqualTo(route);
    }

    @ParameterizedTest
    @CsvSource({
        "/a.png%0a,        regex \\.(png|css)$",
        "/a.png%0d,        prefix /",
        "/a.png%0d%0a,     prefix /",
        "/a.png%C2%85,     prefix /",
        "/a.png%E2%80%A8,  prefix /",
        "/one/a,           regex ^/one/.$",
        "/one/%E9,         regex ^/one/.$",
        "/one/%C3%A9,      prefix /",
        "/one/%0a,         prefix /",
        "/one/%0d,         regex ^/one/.$",
        "/one/%85,         regex ^/one/.$",
    })
    void onlyALineFeedEndsALineForRegexesAsInPcre(String target, String route) {
        assertThat(ALL_KINDS.routeOf(target)).isEqualTo(route);
    }

    @ParameterizedTest
    @CsvSource({
        "/plain,        prefix /plain/ +/",
        "/%70lain,      prefix /plain/ +/",
        "//plain?q=1,   prefix /plain/ +/",
        "/static,       prefix /static/ over regex +/",
        "/deep/er,      prefix /deep/er/ +/",
        "/plai,         prefix /",
    })
    void aPathThatLacksJustTheSlashOfAProxiedPrefixIsRedirected(String target, String route) {
        assertThat(ALL_KINDS.routeOf(target)).isEqualTo(route);
    }

    @Test
    void theRedirectGoesBeforeRegexesAsInNginx() {
        Table table = Table.ofRoutes(
                Route.prefix("/pre/").to(POOL), Route.regex("^/pre$").to(POOL));

        assertThat(table.routeOf("/pre")).isEqualTo("prefix /pre/ +/");
    }

    @Test
    void anExactRouteThatProxiesRedirectsTooAsInNginx() {
        Table table = Table.ofRoutes(Route.exact("/ex/").to(POOL), Route.any().to(POOL));

        assertThat(table.routeOf("/ex")).isEqualTo("exact /ex/ +/");
        assertThat(table.routeOf("/ex/")).isEqualTo("exact /ex/");
        assertThat(table.routeOf("/ex/a")).isEqualTo("prefix /");
    }

    @Test
    void aRouteForThePathWithoutSlashKeepsTheRedirectAway() {
        Table prefix = Table.ofRoutes(Route.prefix("/tw/").to(POOL), answering(Route.prefix("/tw")));
        Table exact = Table.ofRoutes(Route.prefix("/tw/").to(POOL), answering(Route.exact("/tw")));

        assertThat(prefix.routeOf("/tw")).isEqualTo("prefix /tw");
        assertThat(exact.routeOf("/tw")).isEqualTo("exact /tw");
    }

    @Test
    void aRouteForThePathWithoutSlashThatDoesNotFitLetsTheRedirectHappen() {
        Table table = Table.ofRoutes(
                Route.prefix("/tw/").to(POOL), answering(Route.exact("/tw").method("POST")));

        assertThat(table.routeOf("/tw")).isEqualTo("prefix /tw/ +/");
    }

    @Test
    void aPrefixThatDoesNotProxyRedirectsNobody() {
        Table table =
                Table.ofRoutes(answering(Route.prefix("/tw/")), Route.any().to(POOL));

        assertThat(table.routeOf("/tw")).isEqualTo("prefix /");
    }

    @Test
    void theRedirectIsOnlyForRequestsThatTheRouteServes() {
        Table table = Table.ofRoutes(
                Route.prefix("/tw/").method("POST").to(POOL), Route.any().to(POOL));

        assertThat(table.routeOf("/tw")).isEqualTo("prefix /");
    }

    @Test
    void withoutARouteThatFitsThereIsNone() {
        assertThat(Table.ofRoutes(Route.prefix("/a/").to(POOL)).routeOf("/b")).isEqualTo(Table.NONE);
    }

    @Test
    void conditionsFilterCandidatesBeforeTheLongestPrefixIsChosen() {
        Table table = Table.ofRoutes(
                Route.exact("/a/b").method("PUT").to(POOL),
                Route.prefix("/a/b").header("X-Version", "2").to(POOL),
                Route.prefix("/a/").query("q").to(POOL),
                Route.prefix("/a/").client("10.0.0.0/8").to(POOL),
                Route.regex("b$").method("HEAD").to(POOL),
                Route.any().to(POOL));
        RequestHead get = RequestHead.get("/a/b", "a.test");

        assertThat(table.routeOf(get.toBuilder().method("PUT").build())).isEqualTo("exact /a/b [method PUT]");
        assertThat(table.routeOf(get.withHeader("x-version", "2"))).isEqualTo("prefix /a/b [header X-Version: 2]");
        assertThat(table.routeOf(get.withTarget("/a/b?q=1"))).isEqualTo("prefix /a/ [query q]");
        assertThat(table.routeOf(get.withTarget("/a/b?p&q"))).isEqualTo("prefix /a/ [query q]");
        assertThat(table.routeOf(get.toBuilder().peer("10.1.2.3").build()))
                .isEqualTo("prefix /a/ [client [10.0.0.0/8]]");
        assertThat(table.routeOf(get.toBuilder().method("HEAD").build())).isEqualTo("regex b$ [method HEAD]");
        assertThat(table.routeOf(get)).isEqualTo("prefix /");
    }

    @Test
    void whoIsPassedOverIsToldWhy() {
        Table table = Table.ofRoutes(
                Route.exact("/a").method("PUT", "POST").to(POOL),
                Route.prefix("/a").query("q", "1").to(POOL),
                Route.regex("b").to(POOL),
                Route.any().to(POOL));

        List<String> reasons = table.passedOver(RequestHead.get("/a", "a.test"));

        assertThat(reasons)
                .containsExactly(
                        "exact /a [method PUT|POST]: not method PUT|POST",
                        "prefix /a [query q=1]: not query q=1",
                        "regex b: not found in /a");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a", "*", "http://a/", "/a//b", "/a/./b", "/../a", "/a\u0000"})
    void aPathThatCouldNeverMatchIsRefused(String path) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Route.prefix(path))
                .withMessageContaining("route path: \"" + path + "\"");
    }

    @Test
    void dotsThatAreNoSegmentYetMayEndAPrefixButNoExactPath() {
        assertThat(Route.prefix("/a/.").to(POOL)).hasToString("prefix /a/.");
        assertThatIllegalArgumentException().isThrownBy(() -> Route.exact("/a/.."));
    }

    @ParameterizedTest
    @ValueSource(strings = {"[[:digit:]]", "[^[:alpha:]]"})
    void posixClassesWhichJavaWouldReadAsLettersAreRefused(String regex) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Route.regex(regex))
                .withMessageContaining("write \\d or \\p{Digit}");
    }

    @Test
    void onlyAPrefixGoesOverRegexes() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Route.exact("/a").overRegex())
                .withMessageContaining("only a prefix route");
    }

    @Test
    void conditionsThatNothingFulfilsAreRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Route.any().method());
        assertThatIllegalArgumentException().isThrownBy(() -> Route.any().client());
        assertThatIllegalArgumentException().isThrownBy(() -> Route.any().header("X Y"));
        assertThatIllegalArgumentException().isThrownBy(() -> Route.any().client("10.0.0.0/33"));
    }
}
