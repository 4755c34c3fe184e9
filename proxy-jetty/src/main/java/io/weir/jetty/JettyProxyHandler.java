package io.weir.jetty;

import io.weir.Engine;
import io.weir.Explanation;
import io.weir.ProxyConfig;
import io.weir.ProxyListener;
import io.weir.ProxyStatus;
import io.weir.ReverseProxy;
import io.weir.body.BodyTransformer;
import io.weir.body.Compression;
import io.weir.body.Limits;
import io.weir.http.RequestHead;
import io.weir.jetty.body.Encoders;
import io.weir.jetty.body.TempFiles;
import io.weir.jetty.exchange.ExchangeRunner;
import io.weir.jetty.exchange.Heads;
import io.weir.jetty.exchange.Switching;
import io.weir.jetty.files.WatchedFiles;
import io.weir.jetty.log.AccessLogs;
import io.weir.jetty.log.Slf4jListener;
import io.weir.jetty.tls.UpstreamSslContexts;
import io.weir.jetty.tunnel.Passages;
import io.weir.jetty.upstream.Addresses;
import io.weir.jetty.upstream.Transports;
import io.weir.jetty.upstream.Upkeep;
import io.weir.jetty.websocket.Bridges;
import io.weir.middleware.WatchedFile;
import io.weir.upstream.AddressResolver;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamDiscovery;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamState;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.http.UriCompliance;
import org.eclipse.jetty.io.ClientConnector;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.component.Graceful;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Weir inside a Jetty {@code Server} of your own. Requests that no route serves are left to the next handler:
 *
 * <pre>{@code
 * server.setHandler(new Handler.Sequence(JettyProxyHandler.of(config), application, new DefaultHandler()));
 * }</pre>
 *
 * <p>Give the connector's {@code HttpConfiguration} to {@link #configure} first; what is missing there is warned of at
 * start. On a connector of yours a client that goes away is noticed at the next write; {@link JettyProxyServer} notices at
 * once.
 */
public final class JettyProxyHandler extends Handler.Abstract.NonBlocking implements Graceful {
    private static final Logger LOG = LoggerFactory.getLogger(JettyProxyHandler.class);

    private final ReverseProxy proxy;
    private final boolean standAlone;
    private final TempFiles tempFiles = new TempFiles();
    private final AccessLogs accessLogs = new AccessLogs();
    private final UpstreamSslContexts tls = new UpstreamSslContexts();
    private final WatchedFiles files = new WatchedFiles();
    private final Discoveries discoveries = new Discoveries(this::discovered);
    private final Switching switching = new Switching(new Passages(), new Bridges());
    private Addresses addresses = Addresses.ofSystem();
    private @Nullable ClientConnector connector;
    private @Nullable Transports transport;
    private volatile @Nullable Upkeep upkeep;

    private JettyProxyHandler(ProxyConfig config, @Nullable ClientConnector shared) {
        Encoders.check(config);
        standAlone = shared != null;
        connector = shared;
        proxy = new ReverseProxy(config, new JettyEngine());
    }

    /**
     * A handler for that configuration.
     *
     * @throws IllegalArgumentException if it wants brotli or zstd and the library is missing; it names what to add
     */
    public static JettyProxyHandler of(ProxyConfig config) {
        return new JettyProxyHandler(config, null);
    }

    /** The handler of a server that does nothing else, and whose connectors lend their selectors. */
    static JettyProxyHandler standAlone(ProxyConfig config, ClientConnector shared) {
        return new JettyProxyHandler(config, shared);
    }

    /**
     * Sets what a proxy needs of a connector: raw targets get through ({@code %2F}, {@code //}), framing that could be read
     * in two ways is refused, values keep their case, heads may be as large as the limits say, and no {@code Server} or
     * {@code Date} of Jetty's is added to what upstreams say.
     */
    public static void configure(HttpConfiguration configuration, ProxyConfig config) {
        configure(configuration, config.limits());
    }

    /** The same with the limits that a configuration has by default. */
    public static void configure(HttpConfiguration configuration) {
        configure(configuration, Limits.defaults());
    }

    private static void configure(HttpConfiguration configuration, Limits limits) {
        configuration.setUriCompliance(UriCompliance.UNSAFE);
        configuration.setHttpCompliance(CLIENTS);
        configuration.setHeaderCacheCaseSensitive(true);
        configuration.setHeaderCacheSize(0); // a connection's own cache is a large table, and slower than parsing
        configuration.setSendServerVersion(false);
        configuration.setSendDateHeader(false);
        configuration.setRequestHeaderSize(limits.requestHead());
        configuration.setMaxResponseHeaderSize(2 * limits.responseHead());
    }

    /** RFC 9112 to the letter, save where no framing hangs on it; an absolute target rules over Host (§3.2.2). */
    private static final HttpCompliance CLIENTS = HttpCompliance.STRICT.with(
            "WEIR",
            HttpCompliance.Violation.MISMATCHED_AUTHORITY,
            HttpCompliance.Violation.WHITESPACE_IN_PARAMETER,
            HttpCompliance.Violation.BAD_QUOTES_IN_TOKEN);

    /** Has the names of upstreams resolved by that one, from the next start on; by the JDK if not said. */
    public JettyProxyHandler resolver(AddressResolver resolver) {
        addresses = new Addresses(resolver);
        return this;
    }

    /** The configuration in force. */
    public ProxyConfig config() {
        return proxy.config();
    }

    /**
     * Puts another configuration in force; exchanges that run end as they began. Blocks while the files that it names are
     * read.
     *
     * @throws IllegalArgumentException if one can't be used: the message names it; the configuration in force stays
     */
    public void reload(ProxyConfig config) {
        Encoders.check(config);
        tls.prepare(config);
        config.prepare(files::at);
        if (isRunning()) {
            accessLogs.prepare(config);
        }
        try {
            retire(proxy.replace(config));
        } finally {
            if (isRunning()) {
                accessLogs.inForce(config());
            }
        }
        if (transport != null) {
            discoveries.follow(config);
        }
    }

    private void discovered(UpstreamPool pool, UpstreamDiscovery discovery, List<Upstream> upstreams) {
        UpstreamPool current = config().pools().getOrDefault(pool.name(), pool);
        tls.prepare(current.withUpstreams(upstreams));
        retire(proxy.discovered(pool.name(), discovery, upstreams));
    }

    private void retire(Set<UpstreamState> upstreams) {
        Transports current = transport;
        if (current != null) {
            current.retire(upstreams);
        }
        Upkeep running = upkeep;
        if (running != null) {
            running.ask();
        }
    }

    /**
     * Opens the files of access logs again, after they were renamed (nginx {@code -s reopen}). Lines of exchanges that have
     * ended before this call still go into the renamed files; it does not wait for them.
     */
    public void reopenLogs() {
        accessLogs.reopen();
    }

    /** Writes what waits for the files of access logs, once nothing more comes. */
    void closeLogs() {
        accessLogs.close();
    }

    /** Access lines that could not be written to their files, because they came too fast or the disk was full. */
    public long droppedLogLines() {
        return accessLogs.dropped();
    }

    /** What would become of a request; nothing is sent. */
    public Explanation explain(RequestHead head) {
        return proxy.explain(head, System.nanoTime());
    }

    /** How the pools and their upstreams are doing. */
    public ProxyStatus status() {
        return proxy.status(System.nanoTime());
    }

    /**
     * Has an upstream end what it has and take nothing new, apart from requests of sessions that it holds; before it is
     * stopped, say. It goes on across a reload, until {@link #undrain}; {@link #status} tells when nothing runs there.
     *
     * @param pool the pool's name
     * @param url the upstream's, as {@link #status} has it
     * @throws IllegalArgumentException if there is no such pool, or no such upstream in it: the message names those there are
     */
    public void drain(String pool, String url) {
        proxy.drain(pool, url, true, System.nanoTime());
    }

    /** Has it take requests again; harmless if it never drained. See {@link #drain}. */
    public void undrain(String pool, String url) {
        proxy.drain(pool, url, false, System.nanoTime());
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        Transports current = transport;
        if (current == null) {
            return false;
        }
        return ExchangeRunner.start(
                request,
                response,
                callback,
                current,
                tempFiles,
                switching,
                wake -> proxy.open(Heads.request(request), System.nanoTime(), System.currentTimeMillis(), wake));
    }

    /** WebSockets are told that this end is going away; that they and all else end is the connectors' to wait for. */
    @Override
    public CompletableFuture<Void> shutdown() {
        switching.passages().goAway();
        return CompletableFuture.completedFuture(null);
    }

    @Override
    public boolean isShutdown() {
        return switching.passages().isGoingAway();
    }

    @Override
    protected void doStart() throws Exception {
        switching.passages().stay();
        // Jetty's Chunk and Chunk.Empty initialise each other: two threads that start with one each would wait for
        // ever.
        Objects.requireNonNull(Content.Chunk.EOF);
        ClientConnector clients = connector;
        if (clients == null) {
            clients = new ClientConnector();
            clients.setExecutor(getServer().getThreadPool());
            clients.setScheduler(getServer().getScheduler());
            clients.setByteBufferPool(getServer().getByteBufferPool());
            addBean(clients);
            connector = clients;
            warnOfConnectors();
        }
        if (standAlone) {
            getServer().setErrorHandler(new Refusals(proxy));
        }
        tls.prepare(config());
        config().prepare(files::at);
        accessLogs.prepare(config());
        accessLogs.inForce(config());
        Transports started = new Transports(clients, tls, addresses);
        transport = started;
        discoveries.follow(config());
        super.doStart();
        Upkeep running = new Upkeep(
                proxy, started, getServer().getScheduler(), getServer().getThreadPool());
        upkeep = running;
        if (getServer().isStarted()) {
            running.start();
        } else {
            getServer().addEventListener(running);
        }
    }

    @Override
    protected void doStop() throws Exception {
        discoveries.close();
        switching.bridges().forget();
        Upkeep running = upkeep;
        upkeep = null;
        if (running != null) {
            getServer().removeEventListener(running);
            running.close();
        }
        Transports current = transport;
        transport = null;
        if (current != null) {
            current.close();
        }
        super.doStop();
        accessLogs.close();
        tls.close();
        if (!standAlone && connector != null) {
            removeBean(connector);
            connector = null;
        }
    }

    private void warnOfConnectors() {
        for (Connector connector : getServer().getConnectors()) {
            for (var factory : connector.getConnectionFactories()) {
                if (factory instanceof HttpConfiguration.ConnectionFactory http) {
                    warn(connector, http.getHttpConfiguration());
                }
            }
        }
    }

    private static void warn(Connector connector, HttpConfiguration configuration) {
        String cure = "; call JettyProxyHandler.configure(httpConfiguration, config) before the server starts";
        if (!configuration.getUriCompliance().allows(UriCompliance.Violation.AMBIGUOUS_PATH_SEPARATOR)) {
            LOG.warn("{}: requests with %2F in the path are refused before they reach the proxy{}", connector, cure);
        }
        if (!configuration.isHeaderCacheCaseSensitive()) {
            LOG.warn("{}: field values that differ only in case may be mixed up{}", connector, cure);
        }
        if (configuration.getSendServerVersion() || configuration.getSendDateHeader()) {
            LOG.warn("{}: a Server or Date field of Jetty's is added to the upstream's{}", connector, cure);
        }
        if (configuration.getHttpCompliance().allows(HttpCompliance.Violation.LF_HEADER_TERMINATION)) {
            LOG.warn(
                    "{}: lines that end in a bare LF are accepted, which others may read differently{}",
                    connector,
                    cure);
        }
    }

    /** What the core may use of this world. */
    private final class JettyEngine implements Engine {
        private final SecureRandom random = new SecureRandom();
        private final ProxyListener listener = new Slf4jListener(accessLogs);

        @Override
        public Executor executor() {
            return getServer().getThreadPool();
        }

        @Override
        public WatchedFile file(Path path) {
            return files.at(path);
        }

        @Override
        public long random() {
            return random.nextLong();
        }

        @Override
        public boolean isStandAlone() {
            return standAlone;
        }

        @Override
        public ProxyListener listener() {
            return listener;
        }

        @Override
        public BodyTransformer encoder(Compression.Choice choice) {
            return Encoders.of(choice);
        }

        @Override
        public void userCodeFailed(String what, Throwable failure) {
            LOG.warn("{} failed", what, failure);
        }
    }
}
