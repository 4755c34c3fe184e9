package io.weir;

import io.weir.header.Forwarding;
import io.weir.http.Outcome;
import io.weir.http.Peer;
import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.Traffic;
import io.weir.log.ExchangeSummary;
import io.weir.route.RouteTable;
import io.weir.upstream.ActiveHealth;
import io.weir.upstream.HealthTransition;
import io.weir.upstream.PoolState;
import io.weir.upstream.PoolStatus;
import io.weir.upstream.Upstream;
import io.weir.upstream.UpstreamDiscovery;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamState;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A proxy at work, without sockets: it decides, an {@link Engine} moves the bytes. The engine opens an {@link Exchange} for
 * each request and reports what happens; each report returns a {@link Decision}, which the engine performs.
 *
 * <p>All times are the engine's: {@code now} is monotonic nanoseconds. Thread-safe.
 */
public final class ReverseProxy {
    private final Engine engine;
    private volatile Snapshot snapshot;

    /** A proxy with that configuration. */
    public ReverseProxy(ProxyConfig config, Engine engine) {
        this.engine = engine;
        snapshot = Snapshot.of(config, engine, null);
    }

    /** The configuration in force. */
    public ProxyConfig config() {
        return snapshot.config();
    }

    /**
     * Takes a request in.
     *
     * @param head the request
     * @param now monotonic nanoseconds
     * @param wallMillis wall-clock time, ms since 1970
     * @param wake called once for each pause that is over early, on any thread, never under this exchange's lock; it should
     *     do no more than have {@link Exchange#resumed} reported, for it may be user code that calls it
     * @return null if no route serves it and an application around the proxy should; a stand-alone proxy answers it
     */
    public @Nullable Exchange open(RequestHead head, long now, long wallMillis, Runnable wake) {
        Snapshot current = snapshot;
        Forwarding forwarding = current.config().trustedProxies().resolve(head);
        RouteTable.Found<RoutePlan> found = current.find(head, forwarding, null);
        boolean served = found != null && found.plan() != null;
        if (!served && !engine.isStandAlone()) {
            return null;
        }
        RoutePlan plan = current.plan(found);
        ExchangeContext context = new ExchangeContext(engine, head, forwarding, plan.site(), now, wallMillis);
        return new Exchange(engine, current.listeners(), found, plan, context, wake);
    }

    /**
     * The engine refused something that it could not read as a request, and answered by itself. Listeners hear of it as of
     * any exchange, with {@code -} for what is not known.
     */
    public void refused(Peer peer, int status, long bodyBytes, ProxyError error, String detail, long wallMillis) {
        Snapshot current = snapshot;
        RequestHead unknown = RequestHead.builder("-", "-").peer(peer).build();
        Forwarding forwarding = current.config().trustedProxies().resolve(unknown);
        ExchangeContext context = new ExchangeContext(engine, unknown, forwarding, "", 0, wallMillis);
        Outcome outcome = new Outcome(status, bodyBytes, error, detail);
        ExchangeSummary summary = new ExchangeSummary(
                context,
                "",
                "",
                "",
                List.of(),
                outcome,
                null,
                new Traffic(bodyBytes, -1, 0),
                false,
                current.config().accessLog(),
                wallMillis,
                0,
                null);
        current.listeners().tell(listener -> listener.exchangeFinished(summary));
    }

    /**
     * Puts another configuration in force, all at once. Exchanges that run keep the one they began with. Pools keep the
     * state of upstreams that they go on to have.
     *
     * @return upstreams that are in no pool any more: their kept connections have no further use
     */
    public synchronized Set<UpstreamState> replace(ProxyConfig config) {
        return replace(Snapshot.of(config, engine, snapshot));
    }

    /**
     * Gives a pool of the configuration in force other upstreams, as {@link #replace} would. Nothing happens if it has no
     * such pool any more, or the pool has another discovery by now.
     *
     * @param discovery who has found them
     * @return upstreams that are in no pool any more
     * @throws IllegalArgumentException if the pool would make no sense: it has none, or one twice, or another path
     */
    public synchronized Set<UpstreamState> discovered(
            String pool, UpstreamDiscovery discovery, List<Upstream> upstreams) {
        UpstreamPool configured = config().pools().get(pool);
        if (configured == null || configured.discovery() != discovery) {
            return Set.of();
        }
        UpstreamPool changed = configured.withUpstreams(upstreams);
        List<String> problems = new ArrayList<>(ConfigCheck.problemsOf(changed));
        if (!Objects.equals(changed.path(), configured.path())) {
            problems.add("pool \"" + pool + "\": upstreams were discovered with the path " + changed.path()
                    + "; routes were built for " + configured.path() + "; use that one");
        }
        if (!problems.isEmpty()) {
            throw new ConfigException(problems);
        }
        return replace(snapshot.with(changed, engine));
    }

    private Set<UpstreamState> replace(Snapshot after) {
        Snapshot before = snapshot;
        snapshot = after;
        Set<UpstreamState> retired = new HashSet<>();
        before.pools().values().forEach(pool -> retired.addAll(pool.upstreams().values()));
        after.pools()
                .values()
                .forEach(pool -> retired.removeAll(pool.upstreams().values()));
        return retired;
    }

    /** The live state of each pool, by name. */
    public Map<String, PoolState> pools() {
        return Map.copyOf(snapshot.pools());
    }

    /** How the pools are doing. */
    public ProxyStatus status(long now) {
        List<PoolStatus> pools = new ArrayList<>();
        for (PoolState pool : new TreeMap<>(snapshot.pools()).values()) {
            pools.add(pool.status(now));
        }
        return new ProxyStatus(pools);
    }

    /**
     * Starts or ends draining one upstream: it takes no new exchanges, apart from those of sessions that it holds, and ends
     * those that it has. It goes on across {@link #replace}.
     *
     * @param url as {@link #status} names it
     * @throws IllegalArgumentException if there is no such pool, or no such upstream in it
     */
    public void drain(String pool, String url, boolean draining, long now) {
        Map<String, PoolState> pools = snapshot.pools();
        PoolState state = pools.get(pool);
        if (state == null) {
            throw new IllegalArgumentException(
                    "drain: pool \"" + pool + "\" (expected: one of " + new TreeSet<>(pools.keySet()) + ")");
        }
        state.drain(url, draining, now);
        state.wakeWaiting();
    }

    // ---- probes ----

    /**
     * The probes to send now, and when to ask again. To be asked at the start, when that time has come, and after each
     * {@link #replace}; asking too early does no harm. Each probe's result is reported to it.
     */
    public DueProbes due(long now) {
        List<Probe> probes = new ArrayList<>();
        long askAgain = -1;
        for (PoolState pool : snapshot.pools().values()) {
            ActiveHealth rule = pool.pool().activeHealth();
            if (rule == null) {
                continue;
            }
            for (UpstreamState upstream : pool.health().due(now)) {
                probes.add(new Probe(this, pool, upstream, rule));
            }
            long wait = pool.health().untilDue(now);
            if (wait >= 0) {
                askAgain = askAgain < 0 ? wait : Math.min(askAgain, wait);
            }
        }
        return new DueProbes(probes, askAgain);
    }

    /**
     * The upstreams to open connections to ahead of requests; each is named once. To be asked when {@link #due} is asked.
     */
    public List<WarmUp> warmUps() {
        Snapshot current = snapshot;
        List<WarmUp> warmUps = new ArrayList<>();
        for (PoolState pool : current.pools().values()) {
            if (pool.pool().keepAlive().warmUp() == 0) {
                continue;
            }
            for (UpstreamState upstream : pool.upstreams().values()) {
                if (upstream.beginWarmUp()) {
                    warmUps.add(new WarmUp(
                            pool,
                            upstream,
                            current.config().timeouts(),
                            current.config().limits()));
                }
            }
        }
        return warmUps;
    }

    void probed(Probe probe, @Nullable String fault, String result, long now) {
        PoolState pool = probe.pool();
        HealthTransition transition;
        Listeners listeners;
        synchronized (this) {
            if (snapshot.pools().get(pool.pool().name()) != pool) {
                return; // asked under another configuration
            }
            listeners = snapshot.listeners();
            transition = pool.health().probed(probe.upstream(), fault, result, now);
        }
        if (transition != null) {
            listeners.tell(transition);
        }
        pool.wakeWaiting();
    }

    /**
     * What would become of a request: site, route, the candidates that were passed over and why, and the head for the
     * upstream. Nothing is sent, nothing changes.
     */
    public Explanation explain(RequestHead head, long now) {
        return Explainer.explain(this, snapshot, head, now);
    }

    Engine engine() {
        return engine;
    }
}
