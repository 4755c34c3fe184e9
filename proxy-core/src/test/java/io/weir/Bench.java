package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.log.AttemptFailure;
import io.weir.log.ExchangeSummary;
import io.weir.route.Route;
import io.weir.upstream.HealthTransition;
import io.weir.upstream.PoolState;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamState;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;

/** A proxy on a bench: its engine moves no bytes but notes what it is told, its listener hears everything. */
final class Bench implements Engine, ProxyListener {
    static final long WALL_MILLIS = 1_000_000;

    final List<String> userCodeFailures = new CopyOnWriteArrayList<>();
    final List<AttemptFailure> failures = new CopyOnWriteArrayList<>();
    final List<ExchangeSummary> finished = new CopyOnWriteArrayList<>();
    final List<String> health = new CopyOnWriteArrayList<>();
    final List<HealthTransition> transitions = new CopyOnWriteArrayList<>();
    final AtomicInteger wakeUps = new AtomicInteger();
    final ReverseProxy proxy;
    Executor executor = Runnable::run;
    volatile long chance = 42;
    private final boolean standAlone;

    private Bench(ProxyConfig.Builder config, boolean standAlone) {
        this.standAlone = standAlone;
        proxy = new ReverseProxy(config.listener(this).build(), this);
    }

    /** A stand-alone proxy. */
    static Bench of(ProxyConfig.Builder config) {
        return new Bench(config, true);
    }

    /** A stand-alone proxy that passes everything to that pool. */
    static Bench of(UpstreamPool pool) {
        return of(ProxyConfig.builder().route(Route.any().to(pool)));
    }

    /** A stand-alone proxy that passes everything to {@code http://a}, {@code http://b} …. */
    static Bench of(String... urls) {
        return of(UpstreamPool.of("app", urls));
    }

    /** A proxy inside an application. */
    static Bench mounted(ProxyConfig.Builder config) {
        return new Bench(config, false);
    }

    Exchange get(String target) {
        return open("GET", target);
    }

    Exchange open(String method, String target) {
        return open(
                RequestHead.builder(method, target).header("Host", "localhost").build());
    }

    Exchange open(RequestHead head) {
        Exchange exchange = proxy.open(head, 0, WALL_MILLIS, wakeUps::incrementAndGet);
        assertThat(exchange).as("exchange for %s", head).isNotNull();
        return exchange;
    }

    /** The running attempts at that upstream, as its state counts them. */
    int inFlight(String url) {
        return state(url).inFlight();
    }

    UpstreamState state(String url) {
        for (PoolState pool : proxy.pools().values()) {
            Map<String, UpstreamState> upstreams = pool.upstreams();
            if (upstreams.containsKey(url)) {
                return upstreams.get(url);
            }
        }
        throw new AssertionError("no upstream " + url);
    }

    /** Opens exchanges until one is forwarded to that upstream. */
    Attempt attemptAt(String url, long now) {
        for (int i = 0; i < 20; i++) {
            Attempt attempt = forwarded(get("/").begin(now));
            if (urlOf(attempt).equals(url)) {
                return attempt;
            }
        }
        throw new AssertionError(url + " is never chosen");
    }

    List<String> consequences() {
        return failures.stream().map(AttemptFailure::consequence).toList();
    }

    ExchangeSummary summary() {
        assertThat(finished).hasSize(1);
        return finished.get(0);
    }

    static Attempt forwarded(Decision decision) {
        assertThat(decision).isInstanceOf(Decision.Forward.class);
        return ((Decision.Forward) decision).attempt();
    }

    static Reply answered(Decision decision) {
        assertThat(decision).isInstanceOf(Decision.Answer.class);
        return ((Decision.Answer) decision).reply();
    }

    static ResponseHead delivered(Decision decision) {
        assertThat(decision).isInstanceOf(Decision.Deliver.class);
        return ((Decision.Deliver) decision).head();
    }

    static String urlOf(Attempt attempt) {
        return attempt.upstream().upstream().url();
    }

    @Override
    public Executor executor() {
        return executor;
    }

    @Override
    public long random() {
        return chance;
    }

    @Override
    public boolean isStandAlone() {
        return standAlone;
    }

    @Override
    public void userCodeFailed(String what, Throwable failure) {
        userCodeFailures.add(what + ": " + failure.getMessage());
    }

    @Override
    public void exchangeFinished(ExchangeSummary exchange) {
        finished.add(exchange);
    }

    @Override
    public void attemptFailed(AttemptFailure failure) {
        failures.add(failure);
    }

    @Override
    public void upstreamEjected(HealthTransition transition) {
        transitions.add(transition);
        health.add("ejected " + transition.upstream().upstream().url() + " from " + transition.pool());
    }

    @Override
    public void upstreamReturned(HealthTransition transition) {
        transitions.add(transition);
        health.add("returned " + transition.upstream().upstream().url() + " to " + transition.pool());
    }
}
