package io.weir.examples;

import io.weir.ProxyConfig;
import io.weir.jetty.JettyProxyHandler;
import io.weir.route.Route;
import io.weir.upstream.UpstreamPool;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.DefaultHandler;
import org.eclipse.jetty.util.Callback;

/** Weir in an application's own Jetty server: {@code /api/} goes to an upstream, the rest is the application's. */
public final class InsideJetty {
    private InsideJetty() {}

    /** A server, not started, on that port. */
    public static Server server(int port, String upstreamUrl, Handler application) {
        ProxyConfig config = ProxyConfig.builder()
                .route(Route.prefix("/api/").to(UpstreamPool.of("api", upstreamUrl)))
                .build();

        Server server = new Server();
        HttpConfiguration http = new HttpConfiguration();
        JettyProxyHandler.configure(http, config);
        ServerConnector connector = new ServerConnector(server, new HttpConnectionFactory(http));
        connector.setPort(port);
        server.addConnector(connector);
        server.setHandler(new Handler.Sequence(JettyProxyHandler.of(config), application, new DefaultHandler()));
        return server;
    }

    /** Runs until interrupted. */
    public static void main(String[] args) throws Exception {
        Server server = server(Integer.getInteger("port", 8080), "http://127.0.0.1:3000", new Greeting());
        server.start();
        server.join();
    }

    /** The application: it greets at {@code /}. */
    public static final class Greeting extends Handler.Abstract {
        @Override
        public boolean handle(Request request, Response response, Callback callback) {
            if (!Request.getPathInContext(request).equals("/")) {
                return false;
            }
            response.write(true, ByteBuffer.wrap("the application\n".getBytes(StandardCharsets.UTF_8)), callback);
            return true;
        }
    }
}
