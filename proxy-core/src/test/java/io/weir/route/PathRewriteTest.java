package io.weir.route;

import static io.weir.route.Table.POOL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.RequestPath;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class PathRewriteTest {

    /**
     * What nginx sends to the upstream: without a URI, with {@code /}, {@code /v1} and {@code /v1/} in place of
     * {@code /api/}, with {@code /} and {@code /v1/} in place of {@code /api}.
     */
    @ParameterizedTest
    @CsvSource({
        "/api/x,                  /api/x,                 /x,         /v1x,         /v1/x,         //x,         /v1//x",
        "/api,                    +/,                     +/,         +/,           +/,            /,           /v1/",
        "/apiary,                 none,                   none,       none,         none,          /ary,        /v1/ary",
        "/api/a%2Fb,              /api/a%2Fb,             /a/b,       /v1a/b,       /v1/a/b,       //a/b,       /v1//a/b",
        "/api/a%20b,              /api/a%20b,             /a%20b,     /v1a%20b,     /v1/a%20b,     //a%20b,     /v1//a%20b",
        "/api/%25,                /api/%25,               /%25,       /v1%25,       /v1/%25,       //%25,       /v1//%25",
        "/api/%252F,              /api/%252F,             /%252F,     /v1%252F,     /v1/%252F,     //%252F,     /v1//%252F",
        "/api/%3F,                /api/%3F,               /%3F,       /v1%3F,       /v1/%3F,       //%3F,       /v1//%3F",
        "/api/%23,                /api/%23,               /%23,       /v1%23,       /v1/%23,       //%23,       /v1//%23",
        "/api/%0A,                /api/%0A,               /%0A,       /v1%0A,       /v1/%0A,       //%0A,       /v1//%0A",
        "/api/%5C,                /api/%5C,               /%5C,       /v1%5C,       /v1/%5C,       //%5C,       /v1//%5C",
        "/api/%7C,                /api/%7C,               /%7C,       /v1%7C,       /v1/%7C,       //%7C,       /v1//%7C",
        "/api/%C3%A9,             /api/%C3%A9,            /%C3%A9,    /v1%C3%A9,    /v1/%C3%A9,    //%C3%A9,    /v1//%C3%A9",
        "/api/%26%3D%3B,          /api/%26%3D%3B,         /&=;,       /v1&=;,       /v1/&=;,       //&=;,       /v1//&=;",
        "/api/%41,                /api/%41,               /A,         /v1A,         /v1/A,         //A,         /v1//A",
        "/api/a//b,               /api/a//b,              /a/b,       /v1a/b,       /v1/a/b,       //a/b,       /v1//a/b",
        "/api/../api/x,           /api/../api/x,          /x,         /v1x,         /v1/x,         //x,         /v1//x",
        "/api/%2e%2e/api/x,       /api/%2e%2e/api/x,      /x,         /v1x,         /v1/x,         //x,         /v1//x",
        "/api/..;/x,              /api/..;/x,             /..;/x,     /v1..;/x,     /v1/..;/x,     //..;/x,     /v1//..;/x",
        "//api/x,                 //api/x,                /x,         /v1x,         /v1/x,         //x,         /v1//x",
        "/api/\u00e9,             /api/\u00e9,            /\u00e9,    /v1\u00e9,    /v1/\u00e9,    //\u00e9,    /v1//\u00e9",
        "/api/x?q={x}&a=%zz,      /api/x?q={x}&a=%zz,     /x?q={x}&a=%zz, /v1x?q={x}&a=%zz, /v1/x?q={x}&a=%zz, //x?q={x}&a=%zz, /v1//x?q={x}&a=%zz",
        "/api/x?,                 /api/x?,                /x,         /v1x,         /v1/x,         //x,         /v1//x",
        "/api/a|b\",              /api/a|b\",             /a|b\",     /v1a|b\",     /v1/a|b\",     //a|b\",     /v1//a|b\"",
    })
    void prefixesAreReplacedAsNginxDoes(
            String target, String p1, String p2, String p3, String p4, String p5, String p6) {
        assertThat(sent(Route.prefix("/api/"), target)).isEqualTo(p1);
        assertThat(sent(Route.prefix("/api/").replacePrefix("/"), target)).isEqualTo(p2);
        assertThat(sent(Route.prefix("/api/").replacePrefix("/v1"), target)).isEqualTo(p3);
        assertThat(sent(Route.prefix("/api/").replacePrefix("/v1/"), target)).isEqualTo(p4);
        assertThat(sent(Route.prefix("/api").replacePrefix("/"), target)).isEqualTo(p5);
        assertThat(sent(Route.prefix("/api").replacePrefix("/v1/"), target)).isEqualTo(p6);
    }

    @ParameterizedTest
    @CsvSource({
        "/exact,          /target",
        "/exact?z=1,      /target?z=1",
        "/ex%61ct?,       /target",
        "//exact,         /target",
    })
    void anExactRouteReplacesTheWholePath(String target, String expected) {
        assertThat(sent(Route.exact("/exact").replacePrefix("/target"), target)).isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("targetsOfAnyShape")
    void withoutReplacementTheTargetGoesOnByteForByte(String target) {
        assertThat(PathRewrite.none().apply(RequestPath.of(target), 1)).isEqualTo(target);
    }

    static Stream<String> targetsOfAnyShape() {
        return Stream.of(
                "/",
                "/a%2Fb",
                "//",
                "///a//b",
                "/a|b",
                "/a\\b\"<>^`{}[]",
                "/a?",
                "/a?q={x}",
                "/a?a=%zz&b=/../c",
                "/a??b?c",
                "/%61%7e%7E",
                "/a/../b/./c",
                "/caf\u00c3\u00a9",
                "/a%0d%0aX-Evil:1",
                "/a#fragment",
                "/" + "a%2F".repeat(4 * 1024),
                "/?" + "q=1&".repeat(4 * 1024));
    }

    @ParameterizedTest
    @CsvSource({
        "/rewrite/a/b,             /b/a",
        "/rewrite/a/b%2Fc?q=1,     /b/c/a?q=1",
        "/rewrite/a%20b/c%25d,     /c%25d/a%20b",
        "/rewrite/a%3Fb/c,         /c/a%3Fb",
        "/rewrite/a|b/c\"d,        /c%22d/a%7Cb",
        "/rewrite//a//b,           /b/a",
        "/rewrite/a/b?,            /b/a",
        "/rewrite/a/b#f,           /b/a",
        "/rewrite/a,               /rewrite/a",
        "/rewrite/a%2525?q,        /rewrite/a%2525?q",
    })
    void aRewriteByRegexPutsCapturesInPlaceAsNginxDoes(String target, String expected) {
        assertThat(rewritten("^/rewrite/([^/]+)/(.*)$", "/$2/$1", target)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "/x?a=$1,      /rw/a%20b+c?z=1,   /x?a=a%20b%2Bc&z=1",
        "/x?a=$1,      /rw/a+b&c;d,       /x?a=a%2Bb%26c%3Bd",
        "/x?a=$1?,     /rw/b?z=1,         /x?a=b",
        "/$1?,         /rw/b?z=1,         /b",
        "/$1,          /rw/b?z=1,         /b?z=1",
        "$0,           /rw/b,             /rw/b",
        "$1,           /rw/b,             /b",
        "$1,           /rw/,              /",
        "/caf\u00e9/$1, /rw/b,            /caf%C3%A9/b",
        "/%41$1,       /rw/b,             /%41b",
        "/$11,         /rw/b,             /b1",
    })
    void argumentsAreAddedOrDroppedByQuestionMarks(String replacement, String target, String expected) {
        assertThat(rewritten("^/rw/(.*)$", replacement, target)).isEqualTo(expected);
    }

    @Test
    void aGroupThatTookNoPartIsEmpty() {
        assertThat(rewritten("^/a(b)?(c)$", "/x$1$2", "/ac")).isEqualTo("/xc");
    }

    @Test
    void aFixedPathTakesThePlaceOfEveryPath() {
        assertThat(sent(Route.regex("a$").fixedPath("/t\u00e9"), "/b%2Fa?q=1")).isEqualTo("/t%C3%A9?q=1");
        assertThat(sent(Route.any().fixedPath("/t?x=1"), "/b?q=1")).isEqualTo("/t?x=1&q=1");
        assertThat(sent(Route.any().fixedPath("/t?x=1"), "/b")).isEqualTo("/t?x=1");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "v1", "http://a/", "/a b", "/a\r\nX: y", "/a#b", "/a\u007f"})
    void whatCanBeNoPathIsRefused(String path) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Route.any().replacePrefix(path))
                .withMessageStartingWith("replacePrefix: \"" + path + "\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Route.any().fixedPath(path))
                .withMessageStartingWith("fixedPath: \"" + path + "\"");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Route.any().rewrite("x", path))
                .withMessageStartingWith("rewrite: \"" + path + "\"");
    }

    @ParameterizedTest
    @MethodSource
    void groupsThatThePatternLacksAreRefused(String pattern, String replacement, String message) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> PathRewrite.regex(pattern, replacement))
                .withMessage(message);
    }

    static Stream<Arguments> groupsThatThePatternLacksAreRefused() {
        return Stream.of(
                Arguments.of("^/a", "/$1", "rewrite \"/$1\": no such group at 1 (the pattern has 0: $0 .. $0)"),
                Arguments.of("(a)", "/$", "rewrite \"/$\": no such group at 1 (the pattern has 1: $0 .. $1)"),
                Arguments.of("(a)", "/$x", "rewrite \"/$x\": no such group at 1 (the pattern has 1: $0 .. $1)"));
    }

    private static String rewritten(String pattern, String replacement, String target) {
        return PathRewrite.regex(pattern, replacement).apply(RequestPath.of(target), 0);
    }

    /** The target that the upstream sees; {@code none} without route, {@code +/} where a redirect adds the slash. */
    private static String sent(Route.Draft draft, String target) {
        Route route = draft.to(POOL);
        String found = Table.ofRoutes(route).routeOf(target);
        if (!found.equals(route.toString())) {
            return found.endsWith(" +/") ? "+/" : found;
        }
        PathRewrite rewrite = ((RouteAction.Proxy) route.action()).rewrite();
        return rewrite.apply(RequestPath.of(target), route.match().path().length());
    }
}
