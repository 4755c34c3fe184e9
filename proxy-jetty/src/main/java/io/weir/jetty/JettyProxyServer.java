package io.weir.jetty;

import io.weir.Explanation;
import io.weir.ProxyConfig;
import io.weir.ProxyStatus;
import io.weir.http.Finding;
import io.weir.http.RequestHead;
import io.weir.jetty.server.InlineThreadPool;
import io.weir.jetty.server.SharedSelectorConnector;
import io.weir.jetty.tls.ServerTls;
import io.weir.upstream.AddressResolver;
import java.net.BindException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.ByteBufferPool;
import org.eclipse.jetty.io.ClientConnector;
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
    private final List<ServerTls> certificates;

    private JettyProxyServer(
            Server server, JettyProxyHandler handler, List<ServerConnector> connectors, List<ServerTls> certificates) {
        this.server = server;
        this.handler = handler;
        this.connectors = connectors;
        this.certificates = certificates;
    }

    /** Starts a proxy on that port of every interface; see {@link Builder#start}. */
    public static JettyProxyServer start(ProxyConfig config, int port) {
        return builder(config).listen(port).start();
    }

    /** A server under construction. */
    public static Builder builder(ProxyConfig config) {
        return new Builder(config);
    }

    /**
     * What works in a configuration, but hardly as it was meant, or not safely: {@link ProxyConfig#lint} and, beside it, the
     * files that it names ({@code unreadable-file}, {@code secret-readable-by-others}): those for upstreams' TLS and those
     * of middleware. Those of a {@link Tls} belong to a listener, and are not looked at. Nothing is started (nginx
     * {@code -t}).
     */
    public static List<Finding> lint(ProxyConfig config) {
        List<Finding> findings = new ArrayList<>(config.lint());
        findings.addAll(FileLint.of(config));
        return List.copyOf(findings);
    }

    /** The port of the first listener; useful where 0 was asked for. */
    public int port() {
        return connectors.get(0).getLocalPort();
    }

    /** The ports of the listeners, in order; a negative number for a Unix-domain socket. */
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

    /**
     * Reads the certificates of all TLS listeners again, whether they have changed or not, and uses them for connections
     * that come from now on; running ones stay as they are. Blocks while the files are read.
     *
     * @throws IllegalArgumentException if one can't be used: the message names it; that listener keeps what it has
     */
    public void reloadTls() {
        certificates.forEach(ServerTls::reload);
    }

    /**
     * Opens the files of access logs again, after they were renamed (nginx {@code -s reopen}). Lines of exchanges that have
     * ended before this call still go into the renamed files; it does not wait for them.
     */
    public void reopenLogs() {
        handler.reopenLogs();
    }

    /** Access lines that could not be written to their files, because they came too fast or the disk was full. */
    public long droppedLogLines() {
        return handler.droppedLogLines();
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
        handler.closeLogs(); // once more: exchanges may have ended while the server stopped
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

        private Builder(ProxyConfig config) {
            this.config = config;
        }

        /** Listens on that port of every interface, IPv4 and, where the system has it, IPv6; 0 for any free port. */
        public Builder listen(int port) {
            return listen(Listener.on(port));
        }

        /** Listens on that port of one interface; see {@link Listener#on(String, int)}. */
        public Builder listen(String host, int port) {
            return listen(Listener.on(host, port));
        }

        /** Listens on that address. */
        public Builder listen(InetSocketAddress address) {
            return listen(Listener.on(address));
        }

        /** Speaks TLS on that port of every interface. */
        public Builder listenTls(int port, Tls tls) {
            return listen(Listener.on(port).tls(tls));
        }

        /** Speaks TLS on that port of one interface. */
        public Builder listenTls(String host, int port, Tls tls) {
            return listen(Listener.on(host, port).tls(tls));
        }

        /** Listens on a Unix-domain socket; see {@link Listener#unix(Path, String)}. */
        public Builder listenUnix(Path socket, String permissions) {
            return listen(Listener.unix(socket, permissions));
        }

        /** Listens there, too. */
        public Builder listen(Listener listener) {
            listeners.add(listener);
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
         * How many connections of clients each listener has at once that says nothing else ({@link
         * Listener#maxConnections}); no limit if not said. Further ones are not accepted: they wait in the system's queue
         * until another closes.
         */
        public Builder maxConnections(int connections) {
            maxConnections = Listener.checkedLimit(connections);
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
            Connectors made = new Connectors(server, config, selectors);
            List<SharedSelectorConnector> connectors = new ArrayList<>();
            for (Listener listener : listeners) {
                SharedSelectorConnector connector = made.add(listener);
                int limit = listener.maxConnections() > 0 ? listener.maxConnections() : maxConnections;
                if (limit > 0) {
                    server.addBean(new NetworkConnectionLimit(limit, connector));
                }
                connectors.add(connector);
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
                    "listening on {}, ports {}; sites {}",
                    listeners,
                    connectors.stream().map(ServerConnector::getLocalPort).toList(),
                    config.sites());
            return new JettyProxyServer(server, handler, List.copyOf(connectors), made.certificates());
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
                                    + "; is another program on that port? stop it, or listen on another",
                            cause);
                }
            }
            return new IllegalStateException("the proxy did not start: " + cause.getMessage(), cause);
        }
    }
}
