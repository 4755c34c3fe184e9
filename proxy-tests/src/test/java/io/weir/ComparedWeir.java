package io.weir;

import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.testkit.EchoUpstream;
import io.weir.testkit.RawClient;
import io.weir.testkit.RawResponse;
import io.weir.upstream.UpstreamPool;

/** Weir with the sites and routes of {@link NginxOracle#CONFIGURATION}, in the same order, before an upstream that echoes. */
final class ComparedWeir implements ComparedProxy, AutoCloseable {

    private final EchoUpstream upstream;
    private final JettyProxyServer weir;

    private ComparedWeir(EchoUpstream upstream, JettyProxyServer weir) {
        this.upstream = upstream;
        this.weir = weir;
    }

    static ComparedWeir start() {
        EchoUpstream upstream = EchoUpstream.start();
        ProxyConfig config = configuration(UpstreamPool.of("echo", upstream.uri()));
        return new ComparedWeir(
                upstream,
                JettyProxyServer.builder(config).listen("127.0.0.1", 0).start());
    }

    static ProxyConfig configuration(UpstreamPool echo) {
        return ProxyConfig.builder()
                .site(defaultSite(echo))
                .site(site("site-exact", Site.named("exact.example.com"), echo))
                .site(site("site-wildcard", Site.named("*.example.com"), echo))
                .site(site("site-longer-wildcard", Site.named("*.deep.example.com"), echo))
                .site(site("site-trailing-wildcard", Site.named("mail.*"), echo))
                .site(site("site-longer-trailing-wildcard", Site.named("mail.example.*"), echo))
                .site(site("site-regex", Site.regex("^api[0-9]+[.]"), echo))
                .site(site("site-regex-second", Site.regex("^api1[.]"), echo))
                .site(site("site-and-subdomains", Site.named(".example.org"), echo))
                .site(site("site-two-names", Site.named("www.example.net", "Capital.example.net"), echo))
                .build();
    }

    private static Site defaultSite(UpstreamPool echo) {
        return Site.named("default.test")
                .route(location("any", Route.any()).to(echo))
                .route(location("prefix-as-is", Route.prefix("/plain/")).to(echo))
                .route(location("prefix-to-root", Route.prefix("/strip/").replacePrefix("/"))
                        .to(echo))
                .route(location("prefix-to-v1-unended", Route.prefix("/join/").replacePrefix("/v1"))
                        .to(echo))
                .route(location("prefix-to-v1", Route.prefix("/dir/").replacePrefix("/v1/"))
                        .to(echo))
                .route(location("open-prefix-as-is", Route.prefix("/open")).to(echo))
                .route(location("open-prefix-to-root", Route.prefix("/bare").replacePrefix("/"))
                        .to(echo))
                .route(location("exact-as-is", Route.exact("/exact")).to(echo))
                .route(location("exact-to-other", Route.exact("/fixed").replacePrefix("/other"))
                        .to(echo))
                .route(location("exact-below-prefix", Route.exact("/dir/exact")).to(echo))
                .route(location("prefix-over-regex", Route.prefix("/static/").overRegex())
                        .to(echo))
                .route(location("prefix-below-prefix-over-regex", Route.prefix("/static/open/"))
                        .to(echo))
                .route(location("deep", Route.prefix("/deep/")).to(echo))
                .route(location("deeper", Route.prefix("/deep/er/").replacePrefix("/v1/"))
                        .to(echo))
                .route(location("deepest", Route.prefix("/deep/er/est")).to(echo))
                .route(location("prefix-with-capital", Route.prefix("/Case/")).to(echo))
                .route(location("prefix-with-space", Route.prefix("/sp ace/").replacePrefix("/"))
                        .to(echo))
                .route(location("prefix-with-utf8", Route.prefix("/th\u00e9/").replacePrefix("/"))
                        .to(echo))
                .route(location(
                                "rewrite-with-captures",
                                Route.prefix("/rewrite/").rewrite("^/rewrite/([^/]+)/(.*)$", "/$2/$1"))
                        .to(echo))
                .route(location("regex", Route.regex("\\.(png|css)$")).to(echo))
                .route(location("regex-any-case", Route.regex("(?i)\\.jpe?g$")).to(echo))
                .route(location("regex-first", Route.regex("^/order/")).to(echo))
                .route(location("regex-second", Route.regex("^/order/second")).to(echo))
                .route(location("regex-one-character", Route.regex("^/one/.$")).to(echo));
    }

    private static Route.Draft location(String id, Route.Draft route) {
        return route.headers(h -> h.response().always().set("X-Location", id));
    }

    private static Site site(String id, Site site, UpstreamPool echo) {
        return site.headers(h -> h.response().always().set("X-Location", id))
                .route(Route.any().to(echo));
    }

    /** Prints what is not as {@link NginxRecord} has it, for the list of {@link IntendedDifference}s. */
    public static void main(String... arguments) {
        try (ComparedWeir weir = start()) {
            for (ComparisonCase request : ComparisonCases.all()) {
                String line = Observation.of(weir, request).lineOf(request);
                if (!line.equals(NginxRecord.of(request))) {
                    System.out.println("nginx: " + NginxRecord.of(request) + "\nWeir:  " + line);
                }
            }
        }
    }

    @Override
    public RawResponse send(ComparisonCase request) {
        return RawClient.exchange(weir.port(), request.bytes());
    }

    @Override
    public EchoUpstream upstream() {
        return upstream;
    }

    @Override
    public void close() {
        weir.close();
        upstream.close();
    }
}
