package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;

/**
 * Weir in front of three upstreams that it starts itself: two that say their name, one that streams events. Nothing else
 * is needed. {@code -Dport=} chooses the port, 8080 if not said.
 */
public final class Demo {
    private Demo() {}

    /** Runs until interrupted. */
    public static void main(String[] args) throws Exception {
        int port = Integer.getInteger("port", 8080);
        DemoUpstreams upstreams = DemoUpstreams.start();
        UpstreamPool app = UpstreamPool.of("app", upstreams.url("a"), upstreams.url("b"));
        UpstreamPool events = UpstreamPool.of("events", upstreams.url("events"));

        ProxyConfig config = ProxyConfig.builder()
                .route(Route.exact("/events").to(events))
                .route(Route.any().to(app))
                .build();

        JettyProxyServer proxy;
        try {
            proxy = JettyProxyServer.start(config, port);
        } catch (IllegalStateException e) {
            System.err.println(e.getMessage());
            System.err.println("Choose another port with -Dport=9090");
            System.exit(1);
            return;
        }
        System.out.printf("""

                Weir listens on http://127.0.0.1:%1$d in front of
                  %2$s  and  %3$s  (in turn)
                  %4$s  (events)

                Try:
                  curl -i http://127.0.0.1:%1$d/
                  curl -I http://127.0.0.1:%1$d/hello?x=1
                  curl -N http://127.0.0.1:%1$d/events
                  curl -i --http2-prior-knowledge http://127.0.0.1:%1$d/
                  curl -i http://127.0.0.1:%1$d/stop/a       stops a: b answers alone
                  curl -i http://127.0.0.1:%1$d/stop/events  stops the events: 502
                Ctrl-C ends it.
                """, proxy.port(), upstreams.url("a"), upstreams.url("b"), upstreams.url("events"));
        proxy.join();
    }
}
