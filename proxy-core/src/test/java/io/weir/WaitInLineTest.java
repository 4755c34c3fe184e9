package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.upstream.RetryPolicy;
import io.weir.upstream.UpstreamPool;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** An exchange that waits for a slot: the pool's upstreams are at their limits. */
class WaitInLineTest {
    private static final ResponseHead OK = ResponseHead.of(200);

    private final Bench bench = bench(2, 100);
    private final Exchange served = bench.get("/");
    private final Attempt running = Bench.forwarded(served.begin(0));

    @Test
    void aSlotThatComesFreeWakesWhoWaitsAndIsItsOwn() {
        Exchange waiting = bench.get("/");
        Decision pause = waiting.begin(10);
        Decision spurious = waiting.resumed(11);
        running.answered(OK, 20);
        int before = bench.wakeUps.get();
        running.finished(30);

        Attempt next = Bench.forwarded(waiting.resumed(31));

        assertThat(pause).isEqualTo(new Decision.Pause(110));
        assertThat(spurious).isEqualTo(pause);
        assertThat(before).isZero();
        assertThat(bench.wakeUps).hasValue(1);
        assertThat(bench.inFlight("http://a")).isEqualTo(1);
        assertThat(next.answered(OK, 40)).isInstanceOf(Decision.Deliver.class);
    }

    @Test
    void aWakeUpRunsUnderNoLockOfTheExchangeThatGaveTheSlotBack() {
        AtomicReference<Boolean> locked = new AtomicReference<>();
        RequestHead head = RequestHead.get("/", "localhost");
        Exchange waiting = bench.proxy.open(head, 0, 0, () -> locked.set(Thread.holdsLock(served)));
        waiting.begin(10);

        running.failed(Failures.refused(), 20);

        assertThat(locked).hasValue(false);
        assertThat(waiting.resumed(21)).isInstanceOf(Decision.Forward.class);
    }

    @Test
    void aStaleConnectionKeepsItsSlotThoughOthersWait() {
        Exchange waiting = bench.get("/");
        waiting.begin(10);

        Attempt again = Bench.forwarded(running.failed(Failures.stale(true), 20));

        assertThat(again.upstream()).isSameAs(running.upstream());
        assertThat(bench.wakeUps).hasValue(0);
        assertThat(waiting.resumed(21)).isEqualTo(new Decision.Pause(110));
        again.answered(OK, 30);
        again.finished(40);
        assertThat(waiting.resumed(41)).isInstanceOf(Decision.Forward.class);
    }

    @Test
    void whoWaitsGetsAnUpstreamThatMayBeTriedAgainThoughNobodyTellsOfIt() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1))
                .upstream("http://b", u -> u.failTimeout(Duration.ofNanos(50)))
                .retry(RetryPolicy.off())
                .queue(5, Duration.ofNanos(100))
                .build());
        Bench.forwarded(bench.get("/").begin(0));
        Bench.forwarded(bench.get("/").begin(10)).failed(Failures.refused(), 20);
        Exchange waiting = bench.get("/");

        Decision pause = waiting.begin(30);
        Decision early = waiting.resumed(70);
        Attempt attempt = Bench.forwarded(waiting.resumed(71));

        assertThat(pause).isEqualTo(new Decision.Pause(71));
        assertThat(early).isEqualTo(pause);
        assertThat(Bench.urlOf(attempt)).isEqualTo("http://b");
    }

    @Test
    void whoWaitsTooLongGetsA503() {
        Exchange waiting = bench.get("/");
        waiting.begin(10);

        assertThat(waiting.resumed(109)).isEqualTo(new Decision.Pause(110));
        assertThat(Bench.answered(waiting.resumed(110)).error()).isEqualTo(ProxyError.CONNECTION_LIMIT);
        running.answered(OK, 120);
        running.finished(121);
        assertThat(bench.inFlight("http://a")).isZero();
        assertThat(bench.wakeUps).hasValue(0);
    }

    @Test
    void aFullLineIsA503AtOnce() {
        bench.get("/").begin(1);
        bench.get("/").begin(2);

        assertThat(Bench.answered(bench.get("/").begin(3)).error()).isEqualTo(ProxyError.CONNECTION_LIMIT);
    }

    @Test
    void withoutALineItIsA503AtOnce() {
        Bench bench = bench(0, 1);
        bench.get("/").begin(0);

        assertThat(Bench.answered(bench.get("/").begin(1)).status()).isEqualTo(503);
    }

    @Test
    void aClientThatGoesLeavesTheLineAndWhatItWasGranted() {
        Exchange waiting = bench.get("/");
        Exchange behind = bench.get("/");
        waiting.begin(10);
        behind.begin(11);
        running.failed(Failures.refused(), 20); // the slot is the first one's now

        waiting.clientGone(21);

        assertThat(bench.wakeUps).hasValue(2);
        assertThat(waiting.resumed(22)).isInstanceOf(Decision.Nothing.class);
        assertThat(behind.resumed(23)).isInstanceOf(Decision.Forward.class);
    }

    @Test
    void theTotalClockRunsInLineToo() {
        Exchange waiting = bench.get("/");
        waiting.begin(10);

        assertThat(Bench.answered(waiting.expired(Exchange.Clock.TOTAL, 20)).status())
                .isEqualTo(504);
        running.failed(Failures.refused(), 21);
        assertThat(bench.wakeUps).hasValue(0);
        assertThat(bench.inFlight("http://a")).isZero();
    }

    @Test
    void aRetryWaitsInLineAndIfInVainItsFailureIsAnswered() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b", u -> u.maxConnections(1))
                .queue(1, Duration.ofNanos(100))
                .build());
        Exchange retrying = bench.get("/");
        Attempt a = Bench.forwarded(retrying.begin(0));
        Bench.forwarded(bench.get("/").begin(0));

        assertThat(a.failed(Failures.silent(), 10)).isEqualTo(new Decision.Pause(110));
        assertThat(Bench.answered(retrying.resumed(110)).error()).isEqualTo(ProxyError.CONNECTION_READ_TIMEOUT);
    }

    @Test
    void anAnswerIsDeliveredRatherThanHeldInLine() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b", u -> u.maxConnections(1))
                .queue(1, Duration.ofNanos(100))
                .retry(RetryPolicy.defaults().withStatuses(503))
                .build());
        Attempt a = Bench.forwarded(bench.get("/").begin(0));
        Bench.forwarded(bench.get("/").begin(0));

        assertThat(a.answered(ResponseHead.of(503), 10)).isInstanceOf(Decision.Deliver.class);
    }

    private static Bench bench(int places, long nanos) {
        return Bench.of(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1))
                .queue(places, Duration.ofNanos(nanos))
                .build());
    }
}
