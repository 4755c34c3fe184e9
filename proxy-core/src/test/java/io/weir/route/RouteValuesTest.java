package io.weir.route;

import static io.weir.route.Table.POOL;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.Reply;
import io.weir.middleware.Middleware;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Sites and routes are values: no step on the way changes what was made before. */
class RouteValuesTest {

    @Test
    void everyStepOfASiteLeavesTheSiteBeforeAsItWas() {
        Site site = Site.named("a.test");

        site.names("b.test");
        site.orRegex("c");
        site.route(Route.any().to(POOL));
        site.use(Middleware.gate(request -> null));
        site.headers(h -> h.host("d"));
        site.timeouts(t -> t.read(Duration.ofSeconds(1)));

        assertThat(site.nameKeys()).containsExactly("a.test");
        assertThat(site.routes()).isEmpty();
        assertThat(site.middleware()).isEmpty();
        assertThat(site.timeouts()).isSameAs(Site.unnamed().timeouts());
        assertThat(site.headers()).isSameAs(Site.unnamed().headers());
    }

    @Test
    void listsOfASiteCannotBeChanged() {
        Site site = Site.named("a.test").route(Route.any().to(POOL));

        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> site.routes().clear());
        assertThatExceptionOfType(UnsupportedOperationException.class)
                .isThrownBy(() -> site.middleware().clear());
    }

    @Test
    void aDraftThatGoesOnDoesNotChangeTheRouteItGave() {
        Route.Draft draft = Route.prefix("/a/");
        Route first = draft.to(POOL);

        Route second = draft.method("PUT")
                .overRegex()
                .use(Middleware.gate(request -> null))
                .maxRequestBody(10)
                .replacePrefix("/")
                .to(POOL);

        assertThat(first).hasToString("prefix /a/");
        assertThat(first.middleware()).isEmpty();
        assertThat(first.action()).hasToString("to pool app, raw target");
        assertThat(second).hasToString("prefix /a/ over regex [method PUT]");
        assertThat(second.action()).hasToString("to pool app, prefix replaced by /");
    }

    @Test
    void routesSayWhatTheyMatchInTheWordsOfTheirUser() {
        assertThat(Route.prefix("/th\u00e9/").to(POOL)).hasToString("prefix /th\u00e9/");
        assertThat(Route.regex("\u00e9$").answer(Reply.status(404))).hasToString("regex \u00e9$");
    }

    @ParameterizedTest
    @ValueSource(ints = {200, 300, 304, 400})
    void onlyRedirectsRedirect(int status) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Route.any().redirect(status, "/"))
                .withMessage("redirect: " + status + " (expected: 301, 302, 303, 307 or 308)");
    }

    @Test
    void aRedirectThatCouldSplitTheMessageOrNamesAnUnknownVariableIsRefused() {
        assertThatIllegalArgumentException().isThrownBy(() -> Route.any().redirect(301, "/\r\nX: y"));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Route.any().redirect(301, "https://$hots/"))
                .withMessageContaining("unknown variable $hots");
    }
}
