package io.weir;

import io.weir.body.BufferingPolicy;
import io.weir.body.Compression;
import io.weir.body.Limits;
import io.weir.header.HeaderPolicy;
import io.weir.middleware.Middleware;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.ActiveHealth;
import io.weir.upstream.KeepAlive;
import io.weir.upstream.PassiveHealth;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.Timeouts;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamTls;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A configuration as lines of text: all that is set, what is left at its default left out, and no secret. */
final class ConfigText {
    private final StringBuilder text = new StringBuilder();

    private ConfigText() {}

    static String of(ProxyConfig config) {
        ConfigText writer = new ConfigText();
        writer.proxy(config);
        config.sites().forEach(writer::site);
        config.pools().values().forEach(writer::pool);
        return writer.text.toString();
    }

    private void proxy(ProxyConfig config) {
        line(0, "proxy");
        if (config.trustedProxies().toString().length() > 2) { // more than []
            line(1, "trustedProxies " + config.trustedProxies());
        }
        if (config.refusesUnknownHosts()) {
            line(1, "refuseUnknownHosts");
        }
        Limits limits = config.limits();
        if (!limits.equals(Limits.defaults())) {
            line(1, "limits " + limits);
        }
        common(1, config.middleware(), config.headers(), config.timeouts());
        Compression compression = config.compression();
        bodies(config.buffering(), compression.equals(Compression.off()) ? null : compression);
        line(1, "accessLog " + config.accessLog());
        for (ProxyListener listener : config.listeners()) {
            line(1, "listener " + listener.getClass().getName());
        }
    }

    private void site(Site site) {
        line(0, site.toString());
        common(1, site.middleware(), site.headers(), site.timeouts());
        bodies(site.buffering(), site.compression());
        if (site.accessLog() != null) {
            line(1, "accessLog " + site.accessLog());
        }
        for (Route route : site.routes()) {
            line(1, "route " + route + " " + route.action());
            common(2, route.middleware(), route.headers(), route.timeouts());
            route.settings().forEach((name, value) -> line(2, name + " " + value));
        }
    }

    private void common(int depth, List<Middleware> middleware, HeaderPolicy headers, Timeouts timeouts) {
        for (Middleware one : middleware) {
            // Those of others may hold secrets, or say nothing: their names are theirs to choose.
            boolean ours = one.getClass().getPackage() == Middleware.class.getPackage();
            line(depth, "use " + (ours ? one.toString() : one.name()));
        }
        if (!headers.toString().isEmpty()) {
            line(depth, "headers " + headers);
        }
        Map<String, Object> clocks = new LinkedHashMap<>(timeouts.own());
        if (timeouts.clientRate() != null) {
            clocks.put("clientRate", timeouts.clientRate());
        }
        if (!clocks.isEmpty()) {
            line(depth, "timeouts " + clocks);
        }
    }

    private void bodies(BufferingPolicy buffering, @Nullable Compression compression) {
        buffering.describe((name, value) -> line(1, name + " " + value));
        if (compression != null) {
            line(1, "compress " + compression);
        }
    }

    private void pool(UpstreamPool pool) {
        line(0, "pool " + pool.name());
        line(1, "balancing " + pool.balancing());
        if (!pool.stickiness().isOff()) {
            line(1, "stickiness " + pool.stickiness());
        }
        if (pool.queue().length() > 0) {
            line(1, "queue " + pool.queue().length() + " for " + pool.queue().timeout());
        }
        if (!pool.keepAlive().equals(KeepAlive.defaults())) {
            line(1, "keepAlive " + pool.keepAlive());
        }
        if (pool.isHttp2()) {
            line(1, "http2");
        }
        noteUnless(RetryPolicy.defaults(), "retry", pool.retry());
        noteUnless(PassiveHealth.defaults(), "passiveHealth", pool.passiveHealth());
        ActiveHealth probes = pool.activeHealth();
        if (probes != null) {
            line(1, "activeHealth " + probes.describe());
        }
        if (pool.failOpenBelow() > 0) {
            line(1, "failOpenBelow " + pool.failOpenBelow() + " %");
        }
        noteUnless(UpstreamTls.defaults(), "tls", pool.tls());
        if (pool.discovery() != null) {
            line(1, "discovery " + pool.discovery().getClass().getName());
        }
        pool.upstreams().forEach(this::upstream);
    }

    private void upstream(Upstream upstream) {
        Upstream unset = Upstream.at(upstream.url()).build();
        StringBuilder settings = new StringBuilder("upstream ").append(upstream);
        note(settings, "weight", upstream.weight(), unset.weight());
        note(settings, "maxFails", upstream.maxFails(), unset.maxFails());
        note(settings, "failTimeout", upstream.failTimeout(), unset.failTimeout());
        note(settings, "maxConnections", upstream.maxConnections(), unset.maxConnections());
        note(settings, "slowStart", upstream.slowStart(), unset.slowStart());
        note(settings, "tls", upstream.tls(), null);
        settings.append(upstream.isBackup() ? " backup" : "").append(upstream.isDown() ? " down" : "");
        line(1, settings.toString());
    }

    private static void note(StringBuilder settings, String name, @Nullable Object value, @Nullable Object unset) {
        if (value != null && !value.equals(unset)) {
            settings.append(' ').append(name).append(' ').append(value);
        }
    }

    private void noteUnless(Object defaults, String name, Object value) {
        if (!value.toString().equals(defaults.toString())) {
            line(1, name + " " + value);
        }
    }

    private void line(int depth, String line) {
        text.append("  ".repeat(depth)).append(line).append('\n');
    }
}
