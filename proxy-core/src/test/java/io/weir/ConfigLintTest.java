package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.body.Buffering;
import io.weir.http.Finding;
import io.weir.http.Reply;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamTls;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigLintTest {
    private static final UpstreamPool APP = UpstreamPool.of("app", "http://a", "http://b");

    @Test
    void aSoundConfigurationHasNoFindings() {
        ProxyConfig config = ProxyConfig.builder()
                .trustedProxies("10.0.0.0/8", "2001:db8::/32", "unix:")
                .site(Site.named("a.test")
                        .route(Route.prefix("/api/").replacePrefix("/v1/").to(APP))
                        .route(Route.prefix("/open").replacePrefix("/v1").to(APP))
                        .route(Route.prefix("/static/").overRegex().to(APP))
                        .route(Route.prefix("/static/img/").to(APP))
                        .route(Route.regex("^/static/.*\\.png$").to(APP))
                        .route(Route.regex("\\.(png|css)$").to(APP))
                        .route(Route.regex("^/u/(\\d+)$")
                                .rewrite("^/u/(\\d+)$", "/users?id=$1")
                                .to(APP))
                        .route(Route.prefix("/events/")
                                .eventComments(Duration.ofSeconds(15))
                                .to(APP))
                        .route(Route.exact("/healthz").method("GET", "HEAD").answer(Reply.text(200, "ok")))
                        .route(Route.any().to(APP)))
                .refuseUnknownHosts()
                .build();

        assertThat(config.lint()).isEmpty();
        assertThat(ProxyConfig.forwardingTo("http://127.0.0.1:3000").lint()).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        "/api/, /v1,   '\"/api/\" is replaced by \"/v1\", so /api/x becomes /v1x',   write replacePrefix(\"/v1/\")",
        "/api,  /v1/,  '\"/api\" is replaced by \"/v1/\", so /api/x becomes /v1//x', write prefix(\"/api/\")",
        "/api,  /,     '\"/api\" is replaced by \"/\", so /api/x becomes //x',       write prefix(\"/api/\")",
    })
    void aSlashThatIsMissingOrTooManyIsShownByAnExample(String prefix, String replacement, String cause, String cure) {
        Route route = Route.prefix(prefix).replacePrefix(replacement).to(APP);

        assertThat(lint(config -> config.route(route)))
                .containsExactly(
                        new Finding("slash-mismatch", "default site, route \"prefix " + prefix + "\"", cause, cure));
    }

    @ParameterizedTest
    @CsvSource({
        "/api/, /v1,  end the upstream URLs in \"/v1/\", /api/, /v1/",
        "/api,  /v1/, write prefix(\"/api/\"),           /api/, /v1/",
        "/api,  /,    write prefix(\"/api/\"),           /api/, /",
    })
    void thePathOfUpstreamsMayMismatchTooAndTheCureBuilds(
            String prefix, String path, String cure, String curedPrefix, String curedPath) {
        assertThat(lint(config -> config.route(Route.prefix(prefix).to(at(path)))))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.rule()).isEqualTo("slash-mismatch");
                    assertThat(finding.cure()).isEqualTo(cure);
                });
        assertThat(rules(config -> config.route(Route.prefix(curedPrefix).to(at(curedPath)))))
                .isEmpty();
    }

    @Test
    void thePathOfUpstreamsOfAnExactRouteIsNoPrefix() {
        assertThat(rules(config -> config.route(Route.exact("/api").to(at("/v1")))))
                .isEmpty();
    }

    private static UpstreamPool at(String path) {
        return UpstreamPool.of("at", "http://a" + path);
    }

    @ParameterizedTest
    @CsvSource({
        "^api/,           'every path starts with \"/\", none with \"api/\"'",
        "^/a%20b,         'it looks for a percent-escape, but paths are decoded before they are compared'",
        "^/a//b,          runs of slashes are merged before",
        "^/search\\?q=, a path holds no query",
    })
    void anExpressionThatIsNeverFoundIsTold(String regex, String cause) {
        assertThat(lint(config -> config.route(Route.regex(regex).to(APP))))
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.rule()).isEqualTo("regex-never-matches");
                    assertThat(finding.place()).isEqualTo("default site, route \"regex " + regex + "\"");
                    assertThat(finding.cause()).isEqualTo(cause);
                });
    }

    @Test
    void routesThatNoRequestComesToAreTold() {
        List<Finding> findings = lint(config -> config.route(Route.exact("/x").to(APP))
                .route(Route.regex("\\.png$").to(APP))
                .route(Route.regex("^/").to(APP))
                .route(Route.regex("\\.css$").to(APP))
                .route(Route.prefix("/a/").to(APP))
                .route(Route.prefix("/b/").overRegex().to(APP)));

        assertThat(findings)
                .allMatch(finding -> finding.rule().equals("shadowed-route"))
                .allMatch(finding -> finding.cause().equals("\"regex ^/\" takes every request that it could serve"))
                .extracting(Finding::place)
                .containsExactly("default site, route \"regex \\.css$\"", "default site, route \"prefix /a/\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"^", "/", "^/", "$", ".*", ".*$", "^.*", "^.*$", "/.*", "/.*$", "^/.*", "^/.*$"})
    void anExpressionThatIsFoundInEveryPathShadowsWhatFollows(String regex) {
        assertThat(rules(config -> config.route(Route.regex(regex).to(APP))
                        .route(Route.regex("\\.css$").to(APP))
                        .route(Route.prefix("/a/").to(APP))))
                .containsExactly("shadowed-route", "shadowed-route");
    }

    @ParameterizedTest
    @ValueSource(strings = {"^/$", "/$", "^$"})
    void anExpressionForTheEndOfAPathShadowsNothing(String regex) {
        assertThat(rules(config -> config.route(Route.regex(regex).to(APP))
                        .route(Route.regex("\\.css$").to(APP))
                        .route(Route.any().to(APP))))
                .isEmpty();
    }

    @Test
    void anExpressionBelowAPrefixThatGoesOverExpressionsIsShadowed() {
        assertThat(lint(config -> config.route(Route.any().to(APP))
                        .route(Route.prefix("/static/").overRegex().to(APP))
                        .route(Route.regex("^/static/.*\\.png$").to(APP))
                        .route(Route.regex("^/stat").to(APP))))
                .singleElement()
                .hasToString("shadowed-route: default site, route \"regex ^/static/.*\\.png$\":"
                        + " \"prefix /static/ over regex\" takes every request that it could serve;"
                        + " put it first, narrow the other one, or drop it");
    }

    @Test
    void aConditionMayKeepAnExpressionFromTakingEverything() {
        assertThat(rules(config -> config.route(Route.regex("^/").method("GET").to(APP))
                        .route(Route.any().to(APP))))
                .isEmpty();
    }

    @Test
    void conditionsThatExcludeEachOtherAreTold() {
        assertThat(rules(config ->
                        config.route(Route.any().method("GET").method("POST").to(APP))))
                .containsExactly("conditions-never-hold");
        assertThat(rules(config -> config.route(
                        Route.any().method("GET", "POST").method("POST").to(APP))))
                .isEmpty();
    }

    @Test
    void whoBelievesClientsIsTold() {
        assertThat(rules(config ->
                        config.trustedProxies("0.0.0.0/0").route(Route.any().to(APP))))
                .containsExactly("trust-all");
        assertThat(rules(config ->
                        config.trustedProxies("::/0").route(Route.any().to(APP))))
                .containsExactly("trust-all");
        assertThat(lint(config -> config.headers(h -> h.passUntrustedForwarding())
                        .site(Site.unnamed()
                                .headers(h -> h.passUntrustedForwarding())
                                .route(Route.any()
                                        .headers(h -> h.passUntrustedForwarding())
                                        .to(APP)))))
                .allMatch(finding -> finding.rule().equals("untrusted-forwarding"))
                .extracting(Finding::place)
                .containsExactly("proxy", "default site", "default site, route \"prefix /\"");
    }

    @Test
    void unknownHostsThatTheFirstSiteWouldServeAreTold() {
        Site a = Site.named("a.test").route(Route.any().to(APP));
        Site b = Site.named("b.test").route(Route.any().to(APP));

        assertThat(lint(config -> config.site(a).site(b))).singleElement().satisfies(finding -> {
            assertThat(finding.rule()).isEqualTo("missing-default-site");
            assertThat(finding.cause()).endsWith("by the first one, site [a.test]");
        });
        assertThat(rules(config -> config.site(a).refuseUnknownHosts())).isEmpty();
        assertThat(rules(config -> config.site(a).route(Route.any().answer(Reply.status(404)))))
                .isEmpty();
    }

    @Test
    void bufferingOfStreamsIsTold() {
        Buffering on = Buffering.on(65_536, 1 << 20);
        Duration often = Duration.ofSeconds(15);

        assertThat(rules(config -> config.buffering(on)
                        .route(Route.any().eventComments(often).to(APP))))
                .containsExactly("buffering-on-stream");
        assertThat(rules(config -> config.buffering(on)
                        .route(Route.any()
                                .eventComments(often)
                                .buffering(Buffering.off())
                                .to(APP))))
                .isEmpty();
        assertThat(rules(config -> config.buffering(on).route(Route.any().to(APP))))
                .isEmpty();
    }

    @Test
    void clocksThatCutStreamsAreTold() {
        Duration hour = Duration.ofHours(1);

        assertThat(rules(config -> config.timeouts(t -> t.total(hour))
                        .route(Route.any().eventComments(Duration.ofSeconds(15)).to(APP))))
                .containsExactly("total-clock-on-stream");
        assertThat(rules(config -> config.route(
                        Route.any().timeouts(t -> t.firstByte(hour).total(hour)).to(APP))))
                .containsExactly("total-clock-on-stream");
        assertThat(rules(config ->
                        config.timeouts(t -> t.total(hour)).route(Route.any().to(APP))))
                .isEmpty();
        assertThat(rules(config -> config.route(
                        Route.any().eventComments(Duration.ofSeconds(60)).to(APP))))
                .containsExactly("late-event-comments");
    }

    @Test
    void clocksThatCutWebSocketsAreTold() {
        Duration hour = Duration.ofHours(1);

        assertThat(lint(config -> config.timeouts(t -> t.total(hour))
                        .route(Route.prefix("/ws/")
                                .webSocket(ws -> ws.maxMessage(99))
                                .to(APP))
                        .route(Route.prefix("/live/")
                                .timeouts(t -> t.tunnel(hour))
                                .to(APP))
                        .route(Route.any().to(APP))))
                .allSatisfy(finding -> {
                    assertThat(finding.rule()).isEqualTo("total-clock-on-stream");
                    assertThat(finding.cause()).contains("WebSockets", "PT1H");
                })
                .extracting(Finding::place)
                .containsExactly("default site, route \"prefix /ws/\"", "default site, route \"prefix /live/\"");
        assertThat(rules(config -> config.route(Route.any()
                        .webSocket(ws -> ws.maxMessage(99))
                        .timeouts(t -> t.tunnel(hour))
                        .to(APP))))
                .isEmpty();
        assertThat(rules(config -> config.timeouts(t -> t.total(hour).tunnel(hour))
                        .route(Route.any().to(APP))))
                .isEmpty();
    }

    @ParameterizedTest
    @CsvSource({
        // limit of the route, requestBuffering holds, expected
        "12289, 12288, body-limit-above-buffer",
        "12288, 12288,",
        "100,   12288,",
        "-1,    12288,",
    })
    void aLimitOfBodiesThatDoesNotHoldIsTold(long limit, long holds, @Nullable String rule) {
        Buffering requests = Buffering.on(4096, holds - 4096);

        List<Finding> ofARoute = lint(config -> {
            Route.Draft draft = Route.any().requestBuffering(requests);
            return config.route((limit < 0 ? draft : draft.maxRequestBody(limit)).to(APP));
        });
        List<Finding> ofTheProxy = lint(config -> {
            config.requestBuffering(requests);
            return (limit < 0 ? config : config.limits(l -> l.withRequestBody(limit)))
                    .route(Route.any().to(APP));
        });

        for (List<Finding> findings : List.of(ofARoute, ofTheProxy)) {
            assertThat(findings).extracting(Finding::rule).isEqualTo(rule == null ? List.of() : List.of(rule));
        }
    }

    @Test
    void poolsThatCannotDoWhatTheySayAreTold() {
        assertThat(pool(pool -> pool.upstream("http://a", u -> u.maxFails(3))))
                .containsExactly("single-with-max-fails");
        assertThat(pool(pool -> pool.upstream("http://a", u -> u.failTimeout(Duration.ofSeconds(30)))))
                .containsExactly("single-with-max-fails");
        assertThat(pool(pool -> pool.upstream("http://a", u -> u.maxFails(0)))).isEmpty();
        assertThat(pool(pool -> pool.upstream("http://a", u -> u.maxFails(3)).upstream("http://b")))
                .isEmpty();
        assertThat(pool(pool -> pool.upstream("http://a", u -> u.down()).upstream("http://b", u -> u.backup())))
                .containsExactly("only-backups-up");
        assertThat(pool(pool -> pool.upstream("http://a", u -> u.down()))).containsExactly("nobody-up");
        assertThat(pool(pool ->
                        pool.upstream("http://a").retry(RetryPolicy.defaults().withNonIdempotent())))
                .containsExactly("retry-non-idempotent");
    }

    @Test
    void certificatesThatNobodyLooksAtAreTold() {
        UpstreamTls unverified = UpstreamTls.defaults().withoutVerification();

        assertThat(pool(pool -> pool.tls(unverified).upstream("https://a").upstream("http://b")))
                .containsExactly("unverified-tls");
        assertThat(pool(pool ->
                        pool.upstream("https://a", u -> u.tls(unverified)).upstream("https://b")))
                .containsExactly("unverified-tls");
        assertThat(pool(pool -> pool.upstream("https://a"))).isEmpty();
    }

    private static List<String> pool(UnaryOperator<UpstreamPool.Builder> settings) {
        UpstreamPool pool = settings.apply(UpstreamPool.named("app")).build();
        return rules(config -> config.route(Route.any().to(pool)));
    }

    private static List<String> rules(UnaryOperator<ProxyConfig.Builder> settings) {
        return lint(settings).stream().map(Finding::rule).toList();
    }

    private static List<Finding> lint(UnaryOperator<ProxyConfig.Builder> settings) {
        return settings.apply(ProxyConfig.builder()).build().lint();
    }
}
