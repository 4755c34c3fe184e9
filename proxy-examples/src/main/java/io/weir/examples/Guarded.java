package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.Access;
import io.weir.middleware.ApiKey;
import io.weir.middleware.BasicAuth;
import io.weir.middleware.ConnectionLimit;
import io.weir.middleware.IpAccess;
import io.weir.middleware.RateLimit;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Who may come in, and how much they may take: passwords for people, keys for programs, limits for all.
 *
 * <p>It wants two files in the directory where it is started: {@code users.htpasswd}, the people, and {@code api.keys}, the
 * programs:
 *
 * <pre>{@code
 * htpasswd -cB users.htpasswd alice
 * key=$(openssl rand -hex 24); echo "reports:$(printf %s "$key" | sha256sum | cut -d' ' -f1)" >> api.keys
 * }</pre>
 */
public final class Guarded {
    private Guarded() {}

    /** The office comes in without a password; {@code users} is a file of Apache's htpasswd, {@code keys} one of hashes. */
    public static ProxyConfig config(String upstream, Path users, Path keys) {
        UpstreamPool app = UpstreamPool.of("app", upstream);

        return ProxyConfig.builder()
                .use(RateLimit.of(10, Duration.ofSeconds(1)).burst(20).nodelay())
                .use(ConnectionLimit.of(20))
                .headers(h -> h.request().set("X-User", "$remote_user"))
                .route(Route.prefix("/api/")
                        .use(ApiKey.file(keys))
                        .use(RateLimit.of(600, Duration.ofMinutes(1)).by("$remote_user"))
                        .to(app))
                .route(Route.any()
                        .use(Access.any(
                                IpAccess.allow("192.168.1.0/24").denyOthers(),
                                BasicAuth.realm("Staff").htpasswd(users)))
                        .to(app))
                .build();
    }

    /** In front of port 3000. */
    public static void main(String[] args) {
        ProxyConfig config = config("http://127.0.0.1:3000", Path.of("users.htpasswd"), Path.of("api.keys"));
        JettyProxyServer.builder(config)
                .listen(Integer.getInteger("port", 8080))
                .maxConnections(10_000)
                .start()
                .join();
    }
}
