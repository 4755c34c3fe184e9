package com.example.consumer;

import com.sun.net.httpserver.HttpServer;
import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyServer;
import io.weir.middleware.IpAccess;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;

/** Asks a server through a proxy that it starts itself, and prints the answer. */
public final class Consumer {
    private Consumer() {}

    public static void main(String[] args) throws Exception {
        HttpServer upstream = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        upstream.createContext("/", exchange -> {
            byte[] path = exchange.getRequestURI().toString().getBytes("UTF-8");
            exchange.sendResponseHeaders(200, path.length);
            exchange.getResponseBody().write(path);
            exchange.close();
        });
        upstream.start();

        UpstreamPool app =
                UpstreamPool.of("app", "http://127.0.0.1:" + upstream.getAddress().getPort());
        ProxyConfig config = ProxyConfig.builder()
                .use(IpAccess.allow("127.0.0.0/8").denyOthers())
                .route(Route.prefix("/app/").replacePrefix("/v2/").to(app))
                .build();
        try (JettyProxyServer proxy =
                JettyProxyServer.builder(config).listen("127.0.0.1", 0).start()) {
            URI uri = URI.create("http://127.0.0.1:" + proxy.port() + "/app/users");
            HttpResponse<String> answer = HttpClient.newHttpClient()
                    .send(HttpRequest.newBuilder(uri).build(), HttpResponse.BodyHandlers.ofString());
            System.out.println("answer: " + answer.statusCode() + " " + answer.body());
            System.out.println("module: " + JettyProxyServer.class.getModule().getName());
        } finally {
            upstream.stop(0);
        }
    }
}
