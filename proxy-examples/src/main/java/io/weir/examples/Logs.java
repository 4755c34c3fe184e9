package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.http.Reply;
import io.weir.jetty.JettyProxyServer;
import io.weir.log.AccessLog;
import io.weir.route.Route;
import io.weir.route.Site;
import io.weir.upstream.UpstreamPool;
import java.nio.file.Path;
import java.util.Scanner;

/** An access log for each site, one of them in a format of its own and only of what went wrong. */
public final class Logs {
    private static final String TIMES = "$remote_addr \"$request\" $status $request_time"
            + " $upstream_addr $upstream_status $upstream_connect_time $upstream_header_time $upstream_response_time";

    private Logs() {}

    /** The logs go into that directory, requests to that URL. */
    public static ProxyConfig config(Path directory, String url) {
        UpstreamPool app = UpstreamPool.of("app", url);

        return ProxyConfig.builder()
                .accessLog(AccessLog.json()) // to the logger io.weir.access
                .site(Site.named("app.example.com")
                        .accessLog(AccessLog.combined().toFile(directory.resolve("app-access.log")))
                        .route(Route.any().to(app)))
                .site(Site.named("api.example.com")
                        .accessLog(AccessLog.format(TIMES)
                                .toFile(directory.resolve("api-errors.log"))
                                .when(exchange -> exchange.outcome().status() >= 400))
                        .route(Route.any().to(app)))
                .route(Route.any().answer(Reply.status(404)))
                .build();
    }

    /** Starts it, and opens the files again whenever a line is read: rename them first. */
    public static void main(String[] args) {
        ProxyConfig config = config(Path.of(""), "http://127.0.0.1:3000");
        try (JettyProxyServer proxy = JettyProxyServer.builder(config)
                        .listen(Integer.getInteger("port", 8080))
                        .start();
                Scanner input = new Scanner(System.in)) {
            while (input.hasNextLine()) {
                input.nextLine();
                proxy.reopenLogs(); // nginx -s reopen
            }
        }
    }
}
