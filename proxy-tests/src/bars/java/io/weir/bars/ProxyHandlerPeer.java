package io.weir.bars;

import org.eclipse.jetty.http.HttpURI;
import org.eclipse.jetty.proxy.ProxyHandler;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;

/** Jetty's own reverse proxy in front of the upstream that its argument names, with Jetty's defaults. */
final class ProxyHandlerPeer {
    private ProxyHandlerPeer() {}

    public static void main(String[] arguments) throws Exception {
        Server server = new Server();
        ServerConnector connector = new ServerConnector(server);
        connector.setHost("127.0.0.1");
        server.addConnector(connector);
        server.setHandler(new ProxyHandler.Reverse(
                request -> HttpURI.from(arguments[0] + request.getHttpURI().getPathQuery())));
        server.start();
        PeerProcess.serve(connector.getLocalPort());
    }
}
