package io.weir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.ActiveHealth;
import io.weir.upstream.Stickiness;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigCheckTest {
    private static final UpstreamPool APP = UpstreamPool.of("app", "http://127.0.0.1:3000");
    private static final UpstreamPool WITH_PATH = UpstreamPool.of("v2", "http://127.0.0.1:3000/v2/");
    private static final Route ANY = Route.any().to(APP);

    @ParameterizedTest
    @MethodSource
    void aBrokenConfigNamesPlaceAndCure(String problem, UnaryOperator<ProxyConfig.Builder> broken) {
        ProxyConfig.Builder builder = broken.apply(ProxyConfig.builder());

        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(builder::build)
                .withMessage(problem)
                .satisfies(e -> assertThat(e.problems()).containsExactly(problem));
    }

    static Stream<Arguments> aBrokenConfigNamesPlaceAndCure() {
        return Stream.of(
                broken("no route: add one with route(Route.any().to(pool)), or a site with routes", b -> b),
                broken("site [a.test] has no route; add one with route(..)", b -> b.site(Site.named("a.test"))),
                broken(
                        "two default sites: give one of them names, or put the routes into one",
                        b -> b.route(ANY).site(Site.unnamed().route(ANY))),
                broken(
                        "site [A.test]: the name \"a.test\" belongs to site [a.test, b.test] already; drop one",
                        b -> b.site(Site.named("a.test", "b.test").route(ANY))
                                .site(Site.named("A.test").route(ANY))),
                broken(
                        "site [a.test]: the name \"a.test\" belongs to site [.a.test] already; drop one",
                        b -> b.site(Site.named(".a.test").route(ANY))
                                .site(Site.named("a.test").route(ANY))),
                broken(
                        "site [*.a.test]: the name \"*.a.test\" belongs to site [.a.test] already; drop one",
                        b -> b.site(Site.named(".a.test").route(ANY))
                                .site(Site.named("*.a.test").route(ANY))),
                broken(
                        "site [~a]: the name \"~a\" belongs to site [~a] already; drop one",
                        b -> b.site(Site.regex("a").route(ANY))
                                .site(Site.regex("a").route(ANY))),
                broken(
                        "default site, route \"prefix /a/\": \"prefix /a/ over regex\" stands before it and leaves it"
                                + " no request; drop one, or put it first",
                        b -> b.route(Route.prefix("/a/").overRegex().to(APP))
                                .route(Route.prefix("/a/").to(APP))),
                broken(
                        "default site, route \"exact /a [method PUT]\": \"exact /a\" stands before it and leaves it no"
                                + " request; drop one, or put it first",
                        b -> b.route(Route.exact("/a").to(APP))
                                .route(Route.exact("/a").method("PUT").to(APP))),
                broken(
                        "default site, route \"regex a [header X, method PUT]\": \"regex a [method PUT]\" stands"
                                + " before it and leaves it no request; drop one, or put it first",
                        b -> b.route(Route.regex("a").method("PUT").to(APP))
                                .route(Route.regex("a")
                                        .header("X")
                                        .method("PUT")
                                        .to(APP))),
                broken(
                        "site [a.test], route \"prefix /a/\": the upstream URLs of pool \"v2\" have a path, which"
                                + " replaces the prefix already; drop the path or the route's rewrite",
                        b -> b.site(Site.named("a.test")
                                .route(Route.prefix("/a/").replacePrefix("/").to(WITH_PATH)))),
                broken(
                        "default site, route \"regex a\": a regular expression has no prefix to replace; use"
                                + " rewrite(..), fixedPath(..), or upstream URLs without a path",
                        b -> b.route(Route.regex("a").replacePrefix("/").to(APP))),
                broken(
                        "default site, route \"regex a\": a regular expression has no prefix to replace; use"
                                + " rewrite(..), fixedPath(..), or upstream URLs without a path",
                        b -> b.route(Route.regex("a").to(WITH_PATH))),
                broken(
                        "default site, route \"prefix /a\": it does not proxy, so there is no path to rewrite; drop the"
                                + " rewrite or use to(pool)",
                        b -> b.route(Route.prefix("/a").replacePrefix("/").answer(Reply.status(204)))),
                broken(
                        "default site, route \"prefix /b\": another pool is named \"app\" too; use the same value, or"
                                + " rename one",
                        b -> b.route(Route.prefix("/a").to(APP))
                                .route(Route.prefix("/b").to(UpstreamPool.of("app", "http://127.0.0.1:3000")))),
                broken(
                        "pool \"app\" has no upstream; add one with upstream(url)",
                        b -> b.route(Route.any().to(UpstreamPool.of("app")))),
                broken(
                        "pool \"app\" names http://a twice; drop one, or give it a weight of 2",
                        b -> b.route(Route.any().to(UpstreamPool.of("app", "http://a", "http://A:80")))),
                broken(
                        "pool \"app\" has only backups; take backup() off one",
                        b -> b.route(Route.any()
                                .to(UpstreamPool.named("app")
                                        .upstream("http://a", Upstream.Builder::backup)
                                        .build()))),
                broken(
                        "pool \"app\": a probe may take PT10S, longer than the interval of PT5S; shorten the timeout, or"
                                + " lengthen the interval",
                        b -> b.route(Route.any()
                                .to(UpstreamPool.named("app")
                                        .upstream("http://a")
                                        .activeHealth(ActiveHealth.get("/").withTimeout(Duration.ofSeconds(10)))
                                        .build()))),
                broken(
                        "pool \"app\": nobody will ever wait in its queue, for no upstream has a limit; set"
                                + " maxConnections(..) on them, or drop the queue",
                        b -> b.route(Route.any()
                                .to(UpstreamPool.named("app")
                                        .upstream("http://a")
                                        .queue(10, Duration.ofSeconds(1))
                                        .build()))),
                broken(
                        "site [a.test], route \"prefix /\": pool \"one\" issues the cookie \"s\" on this site too; give"
                                + " the one of \"two\" another name",
                        b -> b.site(Site.named("a.test")
                                .route(Route.prefix("/a/").to(sticky("one")))
                                .route(Route.any().to(sticky("two"))))),
                broken(
                        "site [a.test]: clientHead and keepAlive run before the site is known; set them on the proxy",
                        b -> b.site(Site.named("a.test")
                                .timeouts(t -> t.clientHead(Duration.ofSeconds(1)))
                                .route(ANY))),
                broken(
                        "default site, route \"prefix /\": clientHead and keepAlive run before the route is known; set"
                                + " them on the proxy",
                        b -> b.route(Route.any()
                                .timeouts(t -> t.keepAlive(Duration.ofSeconds(1)))
                                .to(APP))));
    }

    private static UpstreamPool sticky(String name) {
        return UpstreamPool.named(name)
                .upstream("http://a")
                .stickiness(Stickiness.cookie("s"))
                .build();
    }

    private static Arguments broken(String problem, UnaryOperator<ProxyConfig.Builder> config) {
        return arguments(problem, config);
    }

    @Test
    void pathsThatDifferInsideAPoolAreNamed() {
        UpstreamPool pool = UpstreamPool.of("app", "http://a/v1/", "http://b/v2/");

        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(
                        () -> ProxyConfig.builder().route(Route.any().to(pool)).build())
                .withMessageStartingWith("pool \"app\": its URLs have different paths [")
                .withMessageEndingWith("]; requests could change their meaning with the upstream; use one");
    }

    @Test
    void allProblemsAreListedAtOnce() {
        ProxyConfig.Builder builder = ProxyConfig.builder()
                .site(Site.named("a.test"))
                .site(Site.named("a.test").route(Route.regex("a").to(WITH_PATH)))
                .route(Route.any().to(UpstreamPool.of("empty")));

        assertThatExceptionOfType(ConfigException.class)
                .isThrownBy(builder::build)
                .withMessageStartingWith("4 problems:\n  - ")
                .satisfies(e -> assertThat(e.problems()).hasSize(4));
    }

    @Test
    void whatOnlyLooksAlikeIsFine() {
        ProxyConfig config = ProxyConfig.builder()
                .site(Site.named("a.test", "a.test").route(ANY))
                .site(Site.named("*.a.test").route(ANY))
                .site(Site.named("a.test.*").route(ANY))
                .site(Site.regex("\\d").route(ANY))
                .site(Site.regex("\\D").route(ANY))
                .route(Route.exact("/a").method("PUT").to(APP))
                .route(Route.exact("/a").to(APP))
                .route(Route.prefix("/a").to(APP))
                .route(Route.regex("/a").to(APP))
                .build();

        assertThat(config.pools()).containsOnlyKeys("app");
    }

    @Test
    void aConfigDoesNotChangeWithItsBuilder() {
        ProxyConfig.Builder builder = ProxyConfig.builder().route(ANY);
        ProxyConfig config = builder.build();

        builder.site(Site.named("a.test").route(ANY))
                .route(Route.exact("/a").to(APP))
                .refuseUnknownHosts();

        assertThat(config.sites()).hasSize(1);
        assertThat(config.sites().get(0).routes()).hasSize(1);
        assertThat(config.refusesUnknownHosts()).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "http://127.0.0.1:3000,          /a%2Fb?q,    /a%2Fb?q",
        "http://127.0.0.1:3000/,         /a%2Fb?q,    /a/b?q",
        "http://127.0.0.1:3000/v2/,      /a%2Fb?q,    /v2/a/b?q",
    })
    void forwardingToTakesEveryRequestToOneUpstream(String url, String target, String sent) {
        ReverseProxy proxy = new ReverseProxy(ProxyConfig.forwardingTo(url), new IdleEngine(true));

        Explanation explanation = proxy.explain(RequestHead.get(target, "any.test"), 0);

        assertThat(explanation.requestLine()).isEqualTo("GET " + sent);
        assertThat(explanation.upstream()).isEqualTo("http://127.0.0.1:3000");
    }

    @Test
    void forwardingToAPathWithoutItsLastSlashIsRefused() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProxyConfig.forwardingTo("http://a.test/v2"))
                .withMessage("forwardingTo: \"http://a.test/v2\": its path takes the place of \"/\", so /x would become"
                        + " /v2x; write \"http://a.test/v2/\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "a.test:3000", "https://", "http://", "ftp://a.test"})
    void forwardingToWhatIsNoHttpUrlIsRefused(String url) {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> ProxyConfig.forwardingTo(url))
                .withMessageStartingWith("upstream \"" + url + "\": ");
    }
}
