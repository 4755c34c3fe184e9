package io.weir.jetty;

import io.weir.ProxyConfig;
import io.weir.jetty.listen.ProxyProtocolConnections;
import io.weir.jetty.listen.TlsConnections;
import io.weir.jetty.server.ClientClocks;
import io.weir.jetty.server.Http2Connections;
import io.weir.jetty.server.SharedSelectorConnector;
import io.weir.jetty.server.UnixSocketFile;
import io.weir.jetty.tls.ServerTls;
import io.weir.jetty.tls.TlsWatch;
import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.util.HostPort;

/** Makes a server's connectors out of its {@link Listener}s, and keeps their certificates. */
final class Connectors {
    /** For requests without a host over a Unix-domain socket, whose path Jetty would take for an authority. */
    private static final HostPort NO_AUTHORITY = new HostPort("localhost");

    private final Server server;
    private final ProxyConfig config;
    private final int selectors;
    private final List<ServerTls> certificates = new ArrayList<>();

    Connectors(Server server, ProxyConfig config, int selectors) {
        this.server = server;
        this.config = config;
        this.selectors = selectors;
    }

    /**
     * Adds one to the server; blocks while certificates are read.
     *
     * @throws IllegalStateException if a file can't be used: the message names it
     */
    SharedSelectorConnector add(Listener listener) {
        SharedSelectorConnector connector = new SharedSelectorConnector(
                server, 1, selectors, factories(listener).toArray(ConnectionFactory[]::new));
        connector.setHost(listener.host());
        connector.setPort(listener.port());
        if (listener.socket() != null) {
            connector.setUnixSocket(new UnixSocketFile(listener.socket(), listener.permissions()));
        }
        connector.setAcceptQueueSize(1024);
        connector.setIdleTimeout(config.timeouts().keepAlive().toMillis());
        connector.setClientClocks(new ClientClocks(
                config.timeouts().clientHead(), config.timeouts().keepAlive()));
        server.addConnector(connector);
        return connector;
    }

    List<ServerTls> certificates() {
        return List.copyOf(certificates);
    }

    /** The first of them gets the connections; HTTP/1.1 looks for HTTP/2 without TLS among the others. */
    private List<ConnectionFactory> factories(Listener listener) {
        HttpConfiguration http = new HttpConfiguration();
        JettyProxyHandler.configure(http, config);
        http.setNotifyForbiddenComplianceViolations(true); // nobody listens; otherwise each request has them filtered
        if (listener.socket() != null) {
            http.setServerAuthority(NO_AUTHORITY);
        }
        HttpConnectionFactory http1 = new HttpConnectionFactory(http);
        Http2Connections http2 = new Http2Connections(http);
        List<ConnectionFactory> factories = new ArrayList<>(List.of(http1, http2));
        if (listener.tls() != null) {
            factories.add(0, new TlsConnections(read(listener, listener.tls()), http1, http2));
        }
        if (listener.senders() != null) {
            factories.add(0, new ProxyProtocolConnections(listener.senders(), factories.get(0)));
        }
        return factories;
    }

    private ServerTls read(Listener listener, Tls tls) {
        ServerTls read;
        try {
            read = ServerTls.of(tls.settings());
        } catch (IllegalArgumentException e) {
            throw new IllegalStateException("listener " + listener + ": " + e.getMessage(), e);
        }
        certificates.add(read);
        server.addManaged(new TlsWatch(read, server.getScheduler(), server.getThreadPool()));
        return read;
    }
}
