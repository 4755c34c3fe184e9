package io.weir;

import static org.assertj.core.api.Assertions.assertThat;

import io.weir.http.ProxyError;
import io.weir.http.ResponseHead;
import io.weir.route.Route;
import io.weir.upstream.ActiveHealth;
import io.weir.upstream.HealthTransition;
import io.weir.upstream.PassiveHealth;
import io.weir.upstream.UpstreamPool;
import io.weir.upstream.UpstreamStatus;
import io.weir.upstream.UpstreamStatus.Standing;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** Probes from the schedule to what they do to upstreams; the engine is imagined. */
class ProbeTest {
    private static final long SECOND = Duration.ofSeconds(1).toNanos();
    private static final ActiveHealth RULE =
            ActiveHealth.get("/healthz").withInterval(Duration.ofSeconds(5)).withJitter(Duration.ZERO);

    private final Bench bench = Bench.of(pool(RULE, "http://a", "http://b"));

    @Test
    void allAreProbedAtOnceAndThenAfterEachInterval() {
        assertThat(urls(bench.proxy.due(0))).containsExactly("http://a", "http://b");
        assertThat(bench.proxy.due(SECOND)).isEqualTo(new DueProbes(List.of(), 4 * SECOND));
        assertThat(urls(bench.proxy.due(5 * SECOND))).containsExactly("http://a", "http://b");
    }

    @Test
    void aProxyWithoutProbesNeedNotAskAgain() {
        assertThat(Bench.of("http://a").proxy.due(0)).isEqualTo(new DueProbes(List.of(), -1));
    }

    @Test
    void whoIsDownIsNotProbed() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a", u -> u.down())
                .upstream("http://b")
                .activeHealth(RULE)
                .build());

        assertThat(urls(bench.proxy.due(0))).containsExactly("http://b");
    }

    @Test
    void aProbeSaysWhatToSend() {
        Bench bench = Bench.of(pool(
                RULE.withMethod("HEAD")
                        .withPort(9000)
                        .withTimeout(Duration.ofSeconds(1))
                        .withHeader("X-Probe", "1"),
                "http://a"));

        Probe probe = bench.proxy.due(0).probes().get(0);

        assertThat(probe.method() + " " + probe.target()).isEqualTo("HEAD /healthz");
        assertThat(probe.headers().get("Host")).isEqualTo("a");
        assertThat(probe.headers().get("X-Probe")).isEqualTo("1");
        assertThat(probe.port()).isEqualTo(9000);
        assertThat(probe.timeouts().read()).isEqualTo(Duration.ofSeconds(1));
        assertThat(probe.onFreshConnection()).isTrue();
        assertThat(probe.leavesConnection()).isFalse();
    }

    @Test
    void anIllOneTakesNoExchangesUntilProbesFindItWell() {
        probe("http://a", 0).answered(503, "", 1);
        List<String> whileIll = chosen(4);
        probe("http://a", 5 * SECOND).answered(200, "", 5 * SECOND);

        assertThat(whileIll).containsOnly("http://b");
        assertThat(chosen(4)).contains("http://a", "http://b");
        assertThat(bench.transitions)
                .extracting(HealthTransition::line)
                .containsExactly(
                        "upstream http://a ejected from \"app\" until probes find it well: probe GET /healthz: 503,"
                                + " expected 200..399",
                        "upstream http://a is back in \"app\": probe GET /healthz: 200");
    }

    @Test
    void fallAndRiseCountResultsInARow() {
        Bench bench = Bench.of(pool(RULE.withFall(3).withRise(2), "http://a", "http://b"));
        boolean[] well = {false, false, true, false, false, false, true, false, true, true};
        StringBuilder standing = new StringBuilder();

        for (int i = 0; i < well.length; i++) {
            probe(bench, "http://a", i * 5 * SECOND).answered(well[i] ? 200 : 500, "", i * 5 * SECOND);
            standing.append(standing(bench, "http://a") == Standing.ILL ? 'i' : 'r');
        }

        assertThat(standing).hasToString("rrrrriiiir");
        assertThat(bench.transitions)
                .extracting(HealthTransition::cause)
                .containsExactly(
                        "probe GET /healthz: 500, expected 200..399, 3 times in a row",
                        "probe GET /healthz: 200, 2 times in a row");
    }

    @Test
    void aProbeHasOneResult() {
        Probe probe = probe("http://a", 0);
        probe.answered(200, "", 1);
        probe.failed("too late", 2);

        assertThat(bench.transitions).isEmpty();
    }

    @Test
    void anIllPoolAnswers502EvenIfItHasOneUpstreamOnly() {
        Bench bench = Bench.of(pool(RULE, "http://a"));
        probe(bench, "http://a", 0).failed("connection_refused: no", 1);

        assertThat(Bench.answered(bench.get("/").begin(2)).error()).isEqualTo(ProxyError.UPSTREAM_UNAVAILABLE);
    }

    @Test
    void aPoolThatFailsOpenServesWhenNoneIsWell() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .activeHealth(RULE)
                .failOpenBelow(1)
                .build());
        probe(bench, "http://a", 0).failed("connection_refused: no", 1);

        assertThat(bench.get("/").begin(2)).isInstanceOf(Decision.Forward.class);
        assertThat(standing(bench, "http://a")).isEqualTo(Standing.ILL);
    }

    @Test
    void whoComesBackServesThoseWhoWait() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b", u -> u.maxConnections(1))
                .queue(5, Duration.ofSeconds(60))
                .activeHealth(RULE)
                .build());
        probe(bench, "http://a", 0).answered(500, "", 1);
        bench.get("/").begin(2);
        Exchange waiting = bench.get("/");
        Decision pause = waiting.begin(3);

        probe(bench, "http://a", 5 * SECOND).answered(200, "", 5 * SECOND);

        assertThat(pause).isInstanceOf(Decision.Pause.class);
        assertThat(bench.wakeUps).hasValue(1);
        assertThat(Bench.urlOf(Bench.forwarded(waiting.resumed(5 * SECOND)))).isEqualTo("http://a");
    }

    @Test
    void whatProbesKnowSurvivesAReload() {
        probe("http://a", 0).answered(503, "", 1);

        bench.proxy.replace(config(pool(RULE, "http://a", "http://c")));

        assertThat(standing(bench, "http://a")).isEqualTo(Standing.ILL);
        assertThat(urls(bench.proxy.due(SECOND))).containsExactly("http://c");
    }

    @Test
    void aPoolThatIsProbedNoMoreForgetsWhatProbesKnew() {
        probe("http://a", 0).answered(503, "", 1);

        bench.proxy.replace(config(UpstreamPool.of("app", "http://a", "http://b")));

        assertThat(standing(bench, "http://a")).isEqualTo(Standing.READY);
    }

    @Test
    void aShorterIntervalHoldsAtOnce() {
        bench.proxy.due(0);

        bench.proxy.replace(config(pool(RULE.withInterval(Duration.ofSeconds(2)), "http://a", "http://b")));

        assertThat(bench.proxy.due(1).askAgain()).isEqualTo(2 * SECOND);
    }

    @Test
    void aResultFromBeforeAReloadIsDroppedUnlessThePoolIsTheSame() {
        UpstreamPool changed = pool(RULE.withStatus(503), "http://a", "http://b");
        Probe old = probe("http://a", 0);
        bench.proxy.replace(config(changed));
        old.answered(500, "", 1);
        Standing afterOld = standing(bench, "http://a");
        Probe kept = probe("http://a", 5 * SECOND);
        bench.proxy.replace(config(changed));

        kept.answered(500, "", 5 * SECOND);

        assertThat(afterOld).isEqualTo(Standing.READY);
        assertThat(standing(bench, "http://a")).isEqualTo(Standing.ILL);
    }

    @Test
    void probesDontBringBackWhatFailuresKeepOut() {
        Attempt failing = bench.attemptAt("http://a", 0);
        failing.failed(Failures.refused(), 1);
        probe("http://a", 0).answered(500, "", 2);
        probe("http://a", 5 * SECOND).answered(200, "", 5 * SECOND);

        assertThat(standing(bench, "http://a")).isEqualTo(Standing.EJECTED);
        assertThat(bench.health).containsExactly("ejected http://a from app", "ejected http://a from app");
    }

    @Test
    void theStatusShowsWhatStandsInTheWayAndWhy() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b", u -> u.maxConnections(1))
                .upstream("http://c", u -> u.down())
                .upstream("http://d", u -> u.backup())
                .build());
        bench.attemptAt("http://a", 0).failed(Failures.refused(), SECOND); // and goes to b
        bench.proxy.pools().get("app").drain("http://d", true, 0);

        ProxyStatus status = bench.proxy.status(4 * SECOND);

        assertThat(status.pool("app").waiting()).isZero();
        assertThat(status.pool("app").ready()).isZero();
        assertThat(status.pool("none")).isNull();
        assertThat(status.pool("app").upstreams())
                .extracting(UpstreamStatus::standing)
                .containsExactly(Standing.EJECTED, Standing.FULL, Standing.DOWN, Standing.DRAINING);
        UpstreamStatus ejected = status.pool("app").upstreams().get(0);
        assertThat(ejected.outFor()).isEqualTo(Duration.ofSeconds(7));
        assertThat(ejected.fails()).isEqualTo(1);
        assertThat(ejected.reason()).startsWith("1 failure, last: connection_refused: ");
        assertThat(status.pool("app").upstreams().get(1).inFlight()).isEqualTo(1);
    }

    @Test
    void anAnswerWithACountedStatusIsDeliveredAndCounts() {
        Bench bench = Bench.of(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b")
                .passiveHealth(PassiveHealth.defaults().withStatuses(503))
                .build());
        Attempt attempt = bench.attemptAt("http://a", 0);

        Decision decision = attempt.answered(ResponseHead.of(503), 1);
        attempt.finished(2);

        assertThat(Bench.delivered(decision).status()).isEqualTo(503);
        assertThat(bench.transitions)
                .extracting(HealthTransition::cause)
                .containsExactly("1 failure, last: status 503");
    }

    /** Whatever probes find in whatever order, across reloads: nobody goes to an ill one, and every result has its effect once. */
    @RepeatedTest(20)
    void nobodyIsSentToAnIllOne(RepetitionInfo run) {
        Random random = new Random(run.getCurrentRepetition());
        Bench bench = Bench.of(pool(RULE, "http://a", "http://b", "http://c"));
        List<Probe> out = new ArrayList<>();
        Set<String> ill = new HashSet<>();

        for (long now = 0; now < 300 * SECOND; now += SECOND) {
            out.addAll(bench.proxy.due(now).probes());
            if (random.nextInt(30) == 0) {
                bench.proxy.replace(config(pool(RULE, "http://a", "http://b", "http://c")));
                out.forEach(probe -> probe.answered(random.nextBoolean() ? 200 : 500, "", 0)); // dropped
                out.clear();
            }
            if (!out.isEmpty()) {
                Probe probe = out.remove(random.nextInt(out.size()));
                boolean well = random.nextBoolean();
                probe.answered(well ? 200 : 500, "", now);
                String url = probe.upstream().upstream().url();
                if (well) {
                    ill.remove(url);
                } else {
                    ill.add(url);
                }
                assertThat(standing(bench, url)).isEqualTo(well ? Standing.READY : Standing.ILL);
            }
            Decision decision = bench.get("/").begin(now);
            if (decision instanceof Decision.Forward forward) {
                assertThat(ill).doesNotContain(Bench.urlOf(forward.attempt()));
            } else {
                assertThat(ill).hasSize(3);
            }
        }
    }

    private Probe probe(String url, long now) {
        return probe(bench, url, now);
    }

    private static Probe probe(Bench bench, String url, long now) {
        return bench.proxy.due(now).probes().stream()
                .filter(probe -> probe.upstream().upstream().url().equals(url))
                .findFirst()
                .orElseThrow();
    }

    private List<String> chosen(int count) {
        return IntStream.range(0, count)
                .mapToObj(i -> Bench.urlOf(Bench.forwarded(bench.get("/").begin(6 * SECOND))))
                .toList();
    }

    private static Standing standing(Bench bench, String url) {
        return bench.proxy.status(6 * SECOND).pool("app").upstreams().stream()
                .filter(upstream -> upstream.url().equals(url))
                .findFirst()
                .orElseThrow()
                .standing();
    }

    private static List<String> urls(DueProbes due) {
        return due.probes().stream()
                .map(probe -> probe.upstream().upstream().url())
                .toList();
    }

    private static UpstreamPool pool(ActiveHealth rule, String... urls) {
        UpstreamPool.Builder pool = UpstreamPool.named("app").activeHealth(rule);
        for (String url : urls) {
            pool.upstream(url);
        }
        return pool.build();
    }

    private static ProxyConfig config(UpstreamPool pool) {
        return ProxyConfig.builder().route(Route.any().to(pool)).build();
    }
}
