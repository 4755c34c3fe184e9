package io.weir.jetty;

import io.weir.Explanation;
import io.weir.ProxyConfig;
import io.weir.ProxyStatus;
import io.weir.http.RequestHead;
import io.weir.jetty.server.ClientClocks;
import io.weir.jetty.server.Http2Connections;
import io.weir.jetty.server.InlineThreadPool;
import io.weir.jetty.server.SharedSelectorConnector;
import io.weir.upstream.AddressResolver;
import java.net.BindException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A proxy that listens by itself, tuned for nothing else. The smallest one:
 *
 * <pre>{@code JettyProxyServer.start(ProxyConfig.forwardingTo("http://127.0.0.1:3000"), 8080).join();}</pre>
 */
public final class JettyProxyServer implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(JettyProxyServer.class);

    private final Server server;
    private final JettyProxyHandler handler;
    private final List<ServerConnector> connectors;

    private JettyProxyServer(Server server, JettyProxyHandler handler, List<ServerConnector> connectors) {
        this.server = server;
        this.handler = handler;
        this.connectors = connectors;
    }

    /** Starts a proxy on that port of every interface; see {@link Builder#start}. */
    public static JettyProxyServer start(ProxyConfig config, int port) {
        return builder(config).listen(port).start();
    }

    /** A server under construction. */
    public static Builder builder(ProxyConfig config) {
        return new Builder(config);
    }

    /** The port of the first listener; useful where 0 was asked for. */
    public int port() {
        return connectors.get(0).getLocalPort();
    }

    /** The ports of the listeners, in order. */
    public List<Integer> ports() {
        return connectors.stream().map(ServerConnector::getLocalPort).toList();
    }

    /**
     * Puts another configuration in force; exchanges that run end as they began. Listeners stay as they are. Blocks while
     * the files that it names are read.
     *
     * @throws IllegalArgumentException if one can't be used: the message names it; the configuration in force stays
     */
    public void reload(ProxyConfig config) {
        handler.reload(config);
    }

    /** What would become of a request; nothing is sent. */
    public Explanation explain(RequestHead head) {
        return handler.explain(head);
    }

    /** How the pools and their upstreams are doing. */
    public ProxyStatus status() {
        return handler.status();
    }

    /**
     * Has an upstream take nothing new and end what it has, until {@link #undrain}.
     *
     * @throws IllegalArgumentException if there is no such pool, or no such upstream in it
     * @see JettyProxyHandler#drain
     */
    public void drain(String pool, String url) {
        handler.drain(pool, url);
    }

    /** Has it take requests again. */
    public void undrain(String pool, String url) {
        handler.undrain(pool, url);
    }

    /** Waits until the server has stopped. */
    public void join() {
        try {
            server.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Takes no new connections, gives running exchanges that long to end, then closes. */
    public void stop(Duration grace) {
        LOG.info("stopping: {} for running exchanges", grace);
        server.setStopTimeout(grace.toMillis());
        try {
            server.stop();
        } catch (TimeoutException e) {
            LOG.warn("stopping: what still ran after {} was closed", grace);
        } catch (Exception e) {
            LOG.warn("stopping failed", e);
        }
        server.destroy();
    }

    /** Closes at once. */
    @Override
    public void close() {
        stop(Duration.ZERO);
    }

    /** The Jetty server below, for what this class does not offer. */
    public Server server() {
        return server;
    }

    /** A server under construction. */
    public static final class Builder {
        private final ProxyConfig config;
        private final List<Listener> listeners = new ArrayList<>();
        private @Nullable ByteBufferPool buffers;
        private @Nullable AddressResolver resolver;
        private int maxConnections;
        private int selectors = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);

        private record Listener(String host, int port) {
            @Override
            public String toString() {
                return host + ":" + port;
            }
        }

        private Builder(ProxyConfig config) {
            this.config = config;
        }

        /** Listens on that port of every interface; 0 for any free one. */
        public Builder listen(int port) {
            return listen("0.0.0.0", port);
        }

        /** Listens on that port of one interface. */
        public Builder listen(String host, int port) {
            if (port < 0 || port > 65535) {
                throw new IllegalArgumentException("listen: port " + port + " (expected: 0..65535)");
            }
            listeners.add(new Listener(host, port));
            return this;
        }

        /** Threads that serve sockets, per listener; half the processors if not said. */
        public Builder selectors(int selectors) {
            if (selectors < 1) {
                throw new IllegalArgumentException("selectors: " + selectors + " (expected: >= 1)");
            }
            this.selectors = selectors;
            return this;
        }

        /**
         * How many connections of clients a listener has at once; no limit if not said. Further ones are not accepted: they
         * wait in the system's queue until another closes.
         */
        public Builder maxConnections(int connections) {
            if (connections < 1) {
                throw new IllegalArgumentException("maxConnections: " + connections + " (expected: >= 1)");
            }
            maxConnections = connections;
            return this;
        }

        /** Where buffers come from: a pool of the application's, say, or one that finds leaks. Jetty's own if not said. */
        public Builder buffers(ByteBufferPool buffers) {
            this.buffers = buffers;
            return this;
        }

        /** Has the names of upstreams resolved by that one; by the JDK if not said. */
        public Builder resolver(AddressResolver resolver) {
            this.resolver = resolver;
            return this;
        }

        /**
         * Starts.
         *
         * @throws IllegalStateException if there is no listener, or a port or a file can't be had: the message names it
         */
        public JettyProxyServer start() {
            if (listeners.isEmpty()) {
                throw new IllegalStateException("no listener: add one with listen(port)");
            }
            InlineThreadPool threads = new InlineThreadPool(200, 8);
            threads.setName("weir");
            threads.setDaemon(false);
            Server server = new Server(threads, null, buffers);
            HttpConfiguration http = new HttpConfiguration();
            JettyProxyHandler.configure(http, config);
            List<SharedSelectorConnector> connectors = new ArrayList<>();
            for (Listener listener : listeners) {
                SharedSelectorConnector connector = new SharedSelectorConnector(
                        server, 1, selectors, new HttpConnectionFactory(http), new Http2Connections(http));
                connector.setHost(listener.host);
                connector.setPort(listener.port);
                connector.setAcceptQueueSize(1024);
                connector.setIdleTimeout(config.timeouts().keepAlive().toMillis());
                connector.setClientClocks(new ClientClocks(
                        config.timeouts().clientHead(), config.timeouts().keepAlive()));
                connectors.add(connector);
                server.addConnector(connector);
                if (maxConnections > 0) {
                    server.addBean(new NetworkConnectionLimit(maxConnections, connector));
                }
            }
            ClientConnector upstreams = connectors.get(0).clientConnector(); // the same for all
            JettyProxyHandler handler = JettyProxyHandler.standAlone(config, upstreams);
            if (resolver != null) {
                handler.resolver(resolver);
            }
            server.setHandler(handler);
            try {
                server.start();
            } catch (Exception e) {
                throw failed(server, e);
            }
            LOG.info(
                    "listening on {}; sites {}",
                    connectors.stream().map(ServerConnector::getLocalPort).toList(),
                    config.sites());
            return new JettyProxyServer(server, handler, List.copyOf(connectors));
        }

        private IllegalStateException failed(Server server, Exception cause) {
            try {
                server.stop();
                server.destroy();
            } catch (Exception e) {
                cause.addSuppressed(e);
            }
            for (Throwable t = cause; t != null; t = t.getCause()) {
                if (t instanceof BindException) {
                    return new IllegalStateException(
                            "can't listen on " + listeners + ": " + t.getMessage()
                                    + "; is another program on that port?",
                            cause);
                }
            }
            return new IllegalStateException("the proxy did not start: " + cause.getMessage(), cause);
        }
    }
}
