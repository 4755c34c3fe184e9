package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.jetty.JettyProxyServer;
import io.weir.log.ExchangeSummary;
import io.weir.route.Route;
import io.weir.testkit.Await;
import io.weir.testkit.Nginx;
import io.weir.upstream.BalancingStrategy;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/**
 * A pool, said once and given to both: to the real nginx and to Weir. No upstream that was out comes back within a test, for
 * {@code fail_timeout} is an hour: nothing hangs on the time.
 */
final class ComparedPool {
    /** What both call the strategy. */
    enum Strategy {
        ROUND_ROBIN("", BalancingStrategy.roundRobin()),
        IP_HASH("ip_hash;", BalancingStrategy.ipHash()),
        LEAST_CONNECTIONS("least_conn;", BalancingStrategy.leastConnections());

        private final String nginx;
        private final BalancingStrategy weir;

        Strategy(String nginx, BalancingStrategy weir) {
            this.nginx = nginx;
            this.weir = weir;
        }
    }

    private final Strategy strategy;
    private final UpstreamPool.Builder weir;
    private final List<String> nginx = new ArrayList<>();

    private ComparedPool(Strategy strategy) {
        this.strategy = strategy;
        weir = UpstreamPool.named("app")
                .balancing(strategy.weir)
                .retry(RetryPolicy.defaults().withStatuses(503));
    }

    static ComparedPool of(Strategy strategy) {
        return new ComparedPool(strategy);
    }

    /** A server that is never taken out. */
    ComparedPool server(String url, int weight) {
        return server(url, weight, 0);
    }

    /** A server that is out after so many failures; each costs a part of its weight. */
    ComparedPool server(String url, int weight, int maxFails) {
        weir.upstream(url, u -> u.weight(weight).maxFails(maxFails).failTimeout(Duration.ofHours(1)));
        nginx.add(address(url) + " weight=" + weight + " max_fails=" + maxFails + " fail_timeout=1h");
        return this;
    }

    /** A server that gets only so many requests at a time. */
    ComparedPool limited(String url, int weight, int maxConnections) {
        weir.upstream(url, u -> u.weight(weight).maxFails(0).maxConnections(maxConnections));
        nginx.add(address(url) + " weight=" + weight + " max_fails=0 max_conns=" + maxConnections);
        return this;
    }

    /** A server that is marked so. */
    ComparedPool down(String url, int weight) {
        weir.upstream(url, u -> u.weight(weight).down());
        nginx.add(address(url) + " weight=" + weight + " down");
        return this;
    }

    /** Both take the client's address from {@code X-Forwarded-For}. */
    Balancing startNginx() {
        Nginx.assumeInstalled();
        StringBuilder servers = new StringBuilder();
        nginx.forEach(server -> servers.append("server ").append(server).append(";\n"));
        return new RealNginx(Nginx.start("""
                keepalive_requests 100000;
                set_real_ip_from 127.0.0.1;
                real_ip_header X-Forwarded-For;
                real_ip_recursive on;
                proxy_http_version 1.1;
                proxy_set_header Connection '';
                proxy_next_upstream error timeout http_503;
                upstream app {
                    %s
                    %s
                    keepalive 32;
                }
                server {
                    listen 127.0.0.1:{port};
                    location / { proxy_pass http://app; }
                }
                """.formatted(strategy.nginx, servers)));
    }

    Balancing startWeir() {
        return new Weir(weir.build());
    }

    private static String address(String url) {
        return url.substring("http://".length());
    }

    /** One of the two, running. */
    interface Balancing extends AutoCloseable {
        int port();

        /** To be called once for each answer: returns when the proxy has counted the end of one more exchange. */
        void awaitEnd();

        @Override
        void close();
    }

    private record RealNginx(Nginx nginx) implements Balancing {
        @Override
        public int port() {
            return nginx.port();
        }

        @Override
        public void awaitEnd() {
            // Its one worker has freed the upstream before it reads anything else.
        }

        @Override
        public void close() {
            nginx.close();
        }
    }

    private static final class Weir implements Balancing {
        private final Semaphore ended = new Semaphore(0);
        private final JettyProxyServer server;

        Weir(UpstreamPool pool) {
            ProxyListener counter = new ProxyListener() {
                @Override
                public void exchangeFinished(ExchangeSummary exchange) {
                    ended.release();
                }
            };
            ProxyConfig config = ProxyConfig.builder()
                    .listener(counter)
                    .trustedProxies("127.0.0.1")
                    .route(Route.any().to(pool))
                    .build();
            server = JettyProxyServer.builder(config).listen("127.0.0.1", 0).start();
        }

        @Override
        public int port() {
            return server.port();
        }

        @Override
        public void awaitEnd() {
            try {
                // A thousand times, so that even a millisecond between two looks would be too long.
                assertThat(ended.tryAcquire(Await.DEADLINE.toSeconds(), TimeUnit.SECONDS))
                        .as("an exchange ends")
                        .isTrue();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new AssertionError("interrupted", e);
            }
        }

        @Override
        public void close() {
            server.close();
        }
    }
}
