package io.weir;

import io.weir.body.Buffering;
import io.weir.body.BufferingPolicy;
import io.weir.body.Limits;
import io.weir.header.HeaderPolicy;
import io.weir.http.Finding;
import io.weir.route.Route;
import io.weir.route.RouteAction;
import io.weir.route.Site;
import io.weir.upstream.Timeouts;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamTls;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Looks a configuration through for what works, but hardly as it was meant. */
final class ConfigLint {
    private final ProxyConfig config;
    private final List<Finding> findings = new ArrayList<>();

    private ConfigLint(ProxyConfig config) {
        this.config = config;
    }

    static List<Finding> of(ProxyConfig config) {
        ConfigLint lint = new ConfigLint(config);
        lint.checkTrust();
        lint.checkDefaultSite();
        lint.checkHeaders("proxy", config.headers());
        for (Site site : config.sites()) {
            lint.checkHeaders(site.toString(), site.headers());
            lint.findings.addAll(site.findings());
            site.routes().forEach(route -> lint.checkRoute(site, route));
        }
        config.pools().values().forEach(lint::checkPool);
        return List.copyOf(lint.findings);
    }

    private void checkTrust() {
        if (config.trustedProxies().trustsEverybody()) {
            found(
                    "trust-all",
                    "proxy",
                    "everybody is a trusted proxy, so any client can choose the address that is logged and let in",
                    "name the addresses of the proxies in front in trustedProxies(..)");
        }
    }

    private void checkDefaultSite() {
        boolean hasDefault = config.sites().stream().anyMatch(Site::isUnnamed);
        if (!hasDefault && !config.refusesUnknownHosts()) {
            found(
                    "missing-default-site",
                    "proxy",
                    "a stand-alone proxy serves hosts that no site names by the first one, "
                            + config.sites().get(0),
                    "add refuseUnknownHosts(), or a site without names");
        }
    }

    private void checkHeaders(String place, HeaderPolicy headers) {
        if (headers.passesUntrustedForwarding()) {
            found(
                    "untrusted-forwarding",
                    place,
                    "passUntrustedForwarding() lets any client choose the address that upstreams believe",
                    "drop it; name the proxies in front in trustedProxies(..)");
        }
    }

    private void checkRoute(Site site, Route route) {
        String place = site + ", route \"" + route + "\"";
        checkHeaders(place, route.headers());
        if (!(route.action() instanceof RouteAction.Proxy)) {
            return;
        }
        Timeouts clocks = route.timeouts().below(site.timeouts().below(config.timeouts()));
        Duration comments = route.eventComments();
        boolean streams = comments != null || clocks.firstByte() != null;
        if (streams && clocks.total() != null) {
            found(
                    "total-clock-on-stream",
                    place,
                    "it streams, and the total clock of " + clocks.total() + " cuts every stream off, however lively",
                    "leave total(..) off there; read(..) ends a stream that has gone silent");
        }
        boolean tunnels = route.webSocket() != null || route.timeouts().own().containsKey("tunnel");
        if (tunnels && !streams && clocks.total() != null) {
            found(
                    "total-clock-on-stream",
                    place,
                    "it is for WebSockets, and the total clock of " + clocks.total()
                            + " cuts every one off, however lively",
                    "leave total(..) off there; tunnel(..) ends one that has gone silent");
        }
        BufferingPolicy buffering = route.buffering().below(site.buffering().below(config.buffering()));
        checkBodyLimit(place, route.limits(config.limits()).requestBody(), buffering.ofRequests());
        if (streams && buffering.ofResponses().isOn()) {
            found(
                    "buffering-on-stream",
                    place,
                    "it streams, and buffering takes whatever the upstream sends although the client does not read:"
                            + " a client that has stopped is not noticed, and event streams are left out anyway",
                    "say buffering(Buffering.off()) there");
        }
        if (comments != null && comments.compareTo(clocks.read()) >= 0) {
            found(
                    "late-event-comments",
                    place,
                    "the read clock of " + clocks.read() + " ends a silent stream before a comment is due after "
                            + comments,
                    "shorten eventComments(..), or lengthen read(..)");
        }
    }

    /** A body that is to be read whole first has to fit, whatever else is said. */
    private void checkBodyLimit(String place, long limit, Buffering requests) {
        if (requests.isOn() && limit != Limits.defaults().requestBody() && limit > requests.capacity()) {
            found(
                    "body-limit-above-buffer",
                    place,
                    "bodies of up to " + limit + " bytes are allowed, but requestBuffering holds " + requests.capacity()
                            + ", so a larger one is answered 413",
                    "say requestBuffering(..) with more, or lower the limit to that");
        }
    }

    private void checkPool(UpstreamPool pool) {
        String place = "pool \"" + pool.name() + "\"";
        List<Upstream> servers =
                pool.upstreams().stream().filter(one -> !one.isBackup()).toList();
        if (pool.upstreams().stream().allMatch(Upstream::isDown)) {
            found(
                    "nobody-up",
                    place,
                    "all of its upstreams are down, so every request is answered 502",
                    "take down() off one");
        } else if (servers.stream().allMatch(Upstream::isDown)) {
            found(
                    "only-backups-up",
                    place,
                    "all but its backups are down, so the backups serve always",
                    "take down() off one, or backup() off the others");
        }
        if (pool.upstreams().size() == 1 && pool.discovery() == null && setsFailures(servers.get(0))) {
            found(
                    "single-with-max-fails",
                    place,
                    "failures never take its only upstream out, for there is nowhere else to go",
                    "drop maxFails(..) and failTimeout(..), or add an upstream");
        }
        if (pool.retry().repeatsNonIdempotent()) {
            found(
                    "retry-non-idempotent",
                    place,
                    "a POST of which an upstream has had bytes is sent to another, so that it may be done twice",
                    "drop withNonIdempotent(), unless the application can tell a repeated request");
        }
        for (Upstream upstream : pool.upstreams()) {
            UpstreamTls tls = pool.tlsOf(upstream);
            if (tls != null && !tls.isVerified()) {
                found(
                        "unverified-tls",
                        place + ", " + upstream.url(),
                        "its certificate is not looked at, so whoever is on the way can read and change everything",
                        "name the authority with tls(UpstreamTls.defaults().withTrust(pem))");
            }
        }
    }

    /** Other than the defaults, and other than off. */
    private static boolean setsFailures(Upstream upstream) {
        Upstream unset = Upstream.at(upstream.url()).build();
        return upstream.maxFails() != 0
                && (upstream.maxFails() != unset.maxFails()
                        || !upstream.failTimeout().equals(unset.failTimeout()));
    }

    private void found(String rule, String place, String cause, String cure) {
        findings.add(new Finding(rule, place, cause, cure));
    }
}
