package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.http.RequestHead;
import io.weir.jetty.JettyProxyServer;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;

/**
 * The two answers that send people to the log. {@code curl -i} on {@code /refused} gives 502, because nobody listens there;
 * on {@code /silent} 504, because the read clock runs out: whatever is on port 3000 has to take a request and say nothing,
 * as {@code nc -lk 3000} does. For each the log has one line, which names the route, the
 * upstream, the cause and, of a clock, its value; {@code explain} says beforehand where a request would go.
 */
public final class Diagnosis {
    private Diagnosis() {}

    /** Two routes into trouble. */
    public static ProxyConfig config(String refusing, String silent, Duration patience) {
        return ProxyConfig.builder()
                .route(Route.prefix("/refused").to(UpstreamPool.of("refusing", refusing)))
                .route(Route.prefix("/silent").timeouts(t -> t.read(patience)).to(UpstreamPool.of("silent", silent)))
                .build();
    }

    /** Explains both, then runs until interrupted. */
    public static void main(String[] args) {
        ProxyConfig config = config("http://127.0.0.1:1", "http://127.0.0.1:3000", Duration.ofSeconds(5));
        JettyProxyServer proxy = JettyProxyServer.start(config, Integer.getInteger("port", 8080));
        System.out.println(proxy.explain(RequestHead.get("/refused", "127.0.0.1")));
        System.out.println(proxy.explain(RequestHead.get("/silent", "127.0.0.1")));
        proxy.join();
    }
}
