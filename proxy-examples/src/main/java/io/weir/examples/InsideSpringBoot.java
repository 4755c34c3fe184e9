package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyHandler;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Server;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Weir in a Spring Boot 4 application with the Jetty starter: {@code /api/} goes to an upstream, all else to the
 * application's controllers, on one port. {@code --upstream=} and {@code --server.port=} change where.
 */
@SpringBootApplication(proxyBeanMethods = false)
@RestController
public class InsideSpringBoot {
    /** Runs until interrupted. */
    public static void main(String[] args) {
        SpringApplication.run(InsideSpringBoot.class, args);
    }

    /** A controller of the application's own. */
    @GetMapping("/")
    String greeting() {
        return "the application\n";
    }

    /** Puts the proxy before the application: what no route serves is left to it. */
    @Bean
    WebServerFactoryCustomizer<JettyServletWebServerFactory> proxy(
            @Value("${upstream:http://127.0.0.1:3000}") String upstream) {
        ProxyConfig config = ProxyConfig.builder()
                .route(Route.prefix("/api/").to(UpstreamPool.of("api", upstream)))
                .build();
        return factory -> factory.addServerCustomizers(server -> mount(server, config));
    }

    private static void mount(Server server, ProxyConfig config) {
        for (Connector connector : server.getConnectors()) {
            for (ConnectionFactory factory : connector.getConnectionFactories()) {
                if (factory instanceof HttpConfiguration.ConnectionFactory http) {
                    JettyProxyHandler.configure(http.getHttpConfiguration(), config);
                }
            }
        }
        server.setHandler(new Handler.Sequence(JettyProxyHandler.of(config), server.getHandler()));
    }
}
