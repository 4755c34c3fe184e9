package io.weir.jetty.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.Engine;
import io.weir.ProxyConfig;
import io.weir.ReverseProxy;
import io.weir.UpstreamRequest;
import io.weir.WarmUp;
import io.weir.http.ProxyError;
import io.weir.http.ProxyFailure;
import io.weir.http.ResponseHead;
import io.weir.jetty.body.RequestBody;
import io.weir.route.Route;
import io.weir.upstream.ActiveHealth;
import io.weir.upstream.KeepAlive;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamStatus.Standing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.eclipse.jetty.util.thread.Scheduler;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** When probes are sent and given up; transport and timers are imagined. */
class UpkeepTest {
    private final Timers timers = new Timers();
    private final List<Sent> sent = new ArrayList<>();
    private final List<String> warmedUp = new ArrayList<>();
    private final ReverseProxy proxy =
            new ReverseProxy(config(ActiveHealth.get("/healthz").withInterval(Duration.ofHours(1))), new StandAlone());
    private final Upkeep upkeep = new Upkeep(proxy, new Imagined(), timers, Runnable::run);

    @Test
    void nothingIsSentBeforeTheServerHasStarted() {
        upkeep.ask();
        int before = sent.size();

        upkeep.start();

        assertThat(before).isZero();
        assertThat(sent).hasSize(1);
        assertThat(timers.pending()).isEqualTo(2); // the next probe, and the clock of this one
    }

    @Test
    void anAnswerEndsTheProbeAndClosesItsConnection() {
        upkeep.start();

        sent.get(0).listener.answered(ResponseHead.of(503), null);

        assertThat(sent.get(0).cancelled).isTrue();
        assertThat(standing()).isEqualTo(Standing.ILL);
        assertThat(timers.pending()).isEqualTo(1);
    }

    @Test
    void afterItsEndNothingIsSentAndNoResultIsHeard() {
        upkeep.start();
        Sent running = sent.get(0);

        upkeep.close();
        running.listener.failed(ProxyFailure.connecting(ProxyError.CONNECTION_REFUSED, "too late", null));
        upkeep.ask();
        timers.runAll();

        assertThat(running.cancelled).isTrue();
        assertThat(timers.pending()).isZero();
        assertThat(sent).hasSize(1);
        assertThat(standing()).isEqualTo(Standing.READY);
    }

    @Test
    void aConfigurationWithoutProbesLeavesNoTimer() {
        upkeep.start();
        sent.get(0).listener.answered(ResponseHead.of(200), null);

        proxy.replace(ProxyConfig.forwardingTo("http://127.0.0.1:3000"));
        upkeep.ask();

        assertThat(timers.pending()).isZero();
    }

    @Test
    void eachUpstreamIsWarmedUpOnceAndOneThatJoinsToo() {
        KeepAlive warm = KeepAlive.defaults().withWarmUp(2);
        proxy.replace(config(warm, "http://127.0.0.1:3001"));
        upkeep.start();
        upkeep.ask();
        List<String> first = List.copyOf(warmedUp);

        proxy.replace(config(warm, "http://127.0.0.1:3001", "http://127.0.0.1:3002"));
        upkeep.ask();

        assertThat(first).containsExactly("http://127.0.0.1:3001");
        assertThat(warmedUp).containsExactly("http://127.0.0.1:3001", "http://127.0.0.1:3002");
    }

    private static ProxyConfig config(KeepAlive keepAlive, String... upstreams) {
        UpstreamPool.Builder pool = UpstreamPool.named("warm").keepAlive(keepAlive);
        for (String upstream : upstreams) {
            pool.upstream(upstream);
        }
        return ProxyConfig.builder().route(Route.any().to(pool.build())).build();
    }

    private Standing standing() {
        return proxy.status(0).pools().get(0).upstreams().get(0).standing();
    }

    private final class Imagined implements UpstreamTransport {
        @Override
        public UpstreamCall send(UpstreamRequest request, RequestBody body, UpstreamListener listener) {
            Sent call = new Sent(listener);
            sent.add(call);
            return call;
        }

        @Override
        public void warmUp(WarmUp warmUp) {
            warmedUp.add(warmUp.upstream().upstream().url());
        }
    }

    private static ProxyConfig config(ActiveHealth rule) {
        return ProxyConfig.builder()
                .route(Route.any()
                        .to(UpstreamPool.named("app")
                                .upstream("http://127.0.0.1:3000")
                                .activeHealth(rule)
                                .build()))
                .build();
    }

    private static final class Sent implements UpstreamCall {
        private final UpstreamListener listener;
        private boolean cancelled;

        Sent(UpstreamListener listener) {
            this.listener = listener;
        }

        @Override
        public void cancel(Throwable cause) {
            cancelled = true;
        }

        @Override
        public @Nullable EndPoint takeOver() {
            return null;
        }

        @Override
        public void continueBody() {}
    }

    private static final class Timers extends AbstractLifeCycle implements Scheduler {
        private final List<Runnable> tasks = new ArrayList<>();

        @Override
        public Task schedule(Runnable task, long delay, TimeUnit units) {
            tasks.add(task);
            return () -> tasks.remove(task);
        }

        int pending() {
            return tasks.size();
        }

        void runAll() {
            List.copyOf(tasks).forEach(Runnable::run);
        }
    }

    private record StandAlone() implements Engine {
        @Override
        public Executor executor() {
            return Runnable::run;
        }

        @Override
        public long random() {
            return 1;
        }

        @Override
        public boolean isStandAlone() {
            return true;
        }

        @Override
        public void userCodeFailed(String what, Throwable failure) {
            throw new AssertionError(what, failure);
        }
    }
}
