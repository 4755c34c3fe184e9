package io.weir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.http.Reply;
import io.weir.http.ResponseHead;
import io.weir.route.Route;
import io.weir.upstream.PoolState;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamState;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Another configuration in force while exchanges run. */
class ReplaceTest {
    private final UpstreamPool before = UpstreamPool.of("app", "http://a", "http://b");
    private final Bench bench = Bench.of(before);

    @Test
    void exchangesKeepTheConfigurationTheyBeganWith() {
        Exchange running = bench.get("/");
        bench.proxy.replace(answering(204));

        Attempt attempt = Bench.forwarded(running.begin(0));
        Exchange next = bench.get("/");

        assertThat(Bench.urlOf(attempt)).isEqualTo("http://a");
        assertThat(Bench.urlOf(Bench.forwarded(attempt.failed(Failures.refused(), 1))))
                .isEqualTo("http://b");
        assertThat(Bench.answered(next.begin(1)).status()).isEqualTo(204);
    }

    @Test
    void theListenersOfItsOwnConfigurationHearOfAnExchange() {
        Exchange running = bench.get("/");
        running.begin(0);
        bench.proxy.replace(answering(204));
        running.finished(0, 1);

        Exchange next = bench.get("/");
        next.begin(2);
        next.finished(0, 3);

        assertThat(bench.finished).hasSize(1);
    }

    @Test
    void upstreamsThatAreInNoPoolAnyMoreAreReturned() {
        UpstreamState b = bench.state("http://b");

        Set<UpstreamState> retired = bench.proxy.replace(to(UpstreamPool.of("app", "http://a", "http://c")));

        assertThat(retired).containsExactly(b);
    }

    @Test
    void upstreamsThatStayKeepSlotsAndFailures() {
        UpstreamState a = bench.state("http://a");
        Attempt running = Bench.forwarded(bench.get("/").begin(0));
        Attempt failing = bench.attemptAt("http://b", 0);
        failing.failed(Failures.resetWithinUpload(), 1);
        int before = bench.inFlight("http://a");

        bench.proxy.replace(to(UpstreamPool.of("app", "http://c", "http://b", "http://a")));
        int after = bench.inFlight("http://a");
        running.answered(ResponseHead.of(200), 2);
        running.finished(3);

        assertThat(bench.state("http://a")).isSameAs(a);
        assertThat(after).isEqualTo(before);
        assertThat(a.inFlight()).isEqualTo(before - 1);
        assertThat(bench.state("http://b").fails()).isEqualTo(1);
    }

    @Test
    void aPoolThatStaysAsItIsGoesOnWhereItStood() {
        PoolState pool = bench.proxy.pools().get("app");
        bench.get("/").begin(0);

        bench.proxy.replace(to(before));

        assertThat(bench.proxy.pools().get("app")).isSameAs(pool);
        assertThat(Bench.urlOf(Bench.forwarded(bench.get("/").begin(1)))).isEqualTo("http://b");
    }

    @Test
    void aSlotOfARetiredUpstreamComesBackToo() {
        UpstreamState a = bench.state("http://a");
        Exchange running = bench.get("/");
        running.begin(0);

        bench.proxy.replace(answering(204));
        running.clientGone(1);

        assertThat(a.inFlight()).isZero();
    }

    @Test
    void aConfigurationThatCannotBePutInForceChangesNothing() {
        UpstreamPool broken = UpstreamPool.named("other")
                .upstream("http://x")
                .balancing((group, random) -> {
                    throw new IllegalStateException("boom");
                })
                .build();

        assertThatThrownBy(() -> bench.proxy.replace(to(broken))).hasMessage("boom");
        assertThat(bench.proxy.pools()).containsOnlyKeys("app");
        assertThat(bench.get("/").begin(0)).isInstanceOf(Decision.Forward.class);
    }

    private static ProxyConfig to(UpstreamPool pool) {
        return ProxyConfig.builder().route(Route.any().to(pool)).build();
    }

    private static ProxyConfig answering(int status) {
        return ProxyConfig.builder()
                .route(Route.any().answer(Reply.status(status)))
                .build();
    }
}
