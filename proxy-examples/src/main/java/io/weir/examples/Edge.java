package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.jetty.Listener;
import io.weir.jetty.Tls;
import io.weir.middleware.Hsts;
import io.weir.middleware.HttpsRedirect;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.UpstreamPool;
import java.nio.file.Path;
import java.time.Duration;

/**
 * Two sites over TLS, each with its certificate, plain HTTP sent there, and a listener behind a load balancer.
 *
 * <p>It wants five files in one directory, all PEM: {@code shop.pem} and {@code shop.key}, the chain and the key of
 * {@code shop.example.com}; {@code admin.pem} and {@code admin.key}, those of {@code admin.example.com}; and
 * {@code staff-ca.pem}, the authorities that sign the certificates of staff. To try it:
 *
 * <pre>{@code
 * for site in shop admin; do openssl req -x509 -nodes -newkey rsa:2048 -days 30 -subj /CN=$site.example.com \
 *     -addext subjectAltName=DNS:$site.example.com -keyout $site.key -out $site.pem; done; cp admin.pem staff-ca.pem
 * }</pre>
 */
public final class Edge {
    private Edge() {}

    /** What clients get over plain HTTP as well as over TLS. */
    public static ProxyConfig config() {
        return config("http://127.0.0.1:3000", "http://127.0.0.1:3001");
    }

    /** The same, with each site's upstream elsewhere. */
    public static ProxyConfig config(String shopUrl, String adminUrl) {
        UpstreamPool shop = UpstreamPool.of("shop", shopUrl);
        UpstreamPool admin = UpstreamPool.of("admin", adminUrl);
        return ProxyConfig.builder()
                .use(HttpsRedirect.except("/.well-known/acme-challenge/")) // return 301 https://$host$request_uri
                .use(Hsts.maxAge(Duration.ofDays(1))) // add_header Strict-Transport-Security
                .site(Site.named("shop.example.com").route(Route.any().to(shop)))
                .site(Site.named("admin.example.com")
                        .headers(h -> h.request().set("X-Client", "$ssl_client_s_dn"))
                        .route(Route.any().to(admin)))
                .build();
    }

    /** Listens on ports of the system's choice; the directory has to hold the certificates. */
    public static JettyProxyServer start(Path directory) {
        Tls tls = Tls.pem(directory.resolve("shop.pem"), directory.resolve("shop.key")) // the default
                .andPem(directory.resolve("admin.pem"), directory.resolve("admin.key")) // by SNI
                .askClients(directory.resolve("staff-ca.pem")); // ssl_verify_client optional
        return JettyProxyServer.builder(config())
                .listen(0)
                .listenTls(0, tls)
                .listen(Listener.on("127.0.0.1", 0).tls(tls).proxyProtocol("10.0.0.0/8")) // listen … ssl proxy_protocol
                .start();
    }

    /** With the files of the directory that it is given, or of the one where it is started. Prints where it listens. */
    public static void main(String[] args) {
        JettyProxyServer proxy = start(Path.of(args.length == 0 ? "." : args[0]));
        System.out.println("listening on " + proxy.ports());
        proxy.join();
    }
}
