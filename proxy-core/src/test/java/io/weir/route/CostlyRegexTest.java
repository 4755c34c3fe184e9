package io.weir.route;

import static io.weir.route.Table.POOL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.http.RequestHead;
import io.weir.http.RequestPath;
import java.util.concurrent.FutureTask;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What clients send must neither stop nor crash a proxy, whatever regular expressions its user wrote. */
class CostlyRegexTest {
    /** The reference back keeps java.util.regex from remembering where it failed already. */
    private static final String COSTLY = "^/(a|aa)+(b\\1)?$";

    @Test
    void aRegexThatOverflowsTheStackOnALongPathLeavesItWithoutRoute() throws Exception {
        Table table = Table.ofRoutes(
                Route.any().to(POOL),
                Route.regex("^/secret/(a|b)*$").to(POOL),
                Route.regex("").to(POOL));
        FutureTask<String> look = new FutureTask<>(() -> table.routeOf("/secret/" + "ab".repeat(8 * 1024)));

        Thread smallStack = new Thread(null, look, "small stack", 256 * 1024);
        smallStack.start();

        assertThat(look.get()).isEqualTo(Table.NONE);
        smallStack.join();
    }

    @Test
    void aRegexThatTakesTooLongLeavesThePathWithoutRoute() {
        Table table = Table.ofRoutes(Route.any().to(POOL), Route.regex(COSTLY).to(POOL));

        assertThat(table.routeOf("/" + "a".repeat(100))).isEqualTo("regex " + COSTLY);
        assertThat(table.routeOf("/" + "a".repeat(100) + "!")).isEqualTo(Table.NONE);
        assertThat(table.passedOver(RequestHead.get("/" + "a".repeat(100) + "!", "a.test")))
                .containsExactly("all others: regex \"^/(a|aa)+(b\\x5C1)?$\" is too costly on a text of 102 bytes");
    }

    @Test
    void routesThatAreFoundBeforeItStillServe() {
        Table table =
                Table.ofRoutes(Route.regex("!$").to(POOL), Route.regex(COSTLY).to(POOL));

        assertThat(table.routeOf("/" + "a".repeat(100) + "!")).isEqualTo("regex !$");
    }

    @Test
    void aRewriteThatTakesTooLongFailsRatherThanLetThePathThrough() {
        PathRewrite rewrite = PathRewrite.regex(COSTLY, "/b");

        assertThatThrownBy(() -> rewrite.apply(RequestPath.of("/" + "a".repeat(100) + "!"), 0))
                .isInstanceOf(Patterns.TooCostly.class)
                .hasMessage("regex \"^/(a|aa)+(b\\x5C1)?$\" is too costly on a text of 102 bytes");
    }

    @ParameterizedTest
    @CsvSource({"\\.(png|css)$", "^/(.*)/(.*)\\.php(/.*)?$", "(?i)\\.jpe?g$", "^/([^/]+/)*index$", "a{3}b"})
    void usualRegexesReachNoLimitOnLongPaths(String regex) {
        String path = "/abc".repeat(512);

        assertThat(Patterns.find(Patterns.compile(regex, 0), path)).isNull();
    }

    @Test
    void groupsOfAMeteredSearchAreThoseOfAnyOther() {
        Pattern pattern = Patterns.compile("^/(\\w+)/(x)?(.*)$", 0);

        var found = Patterns.find(pattern, "/ab/cd");

        assertThat(found.group(1)).isEqualTo("ab");
        assertThat(found.group(2)).isNull();
        assertThat(found.group(3)).isEqualTo("cd");
    }
}
