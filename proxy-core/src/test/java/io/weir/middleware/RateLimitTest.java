package io.weir.middleware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.RequestHead;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** nginx's limit_req, by the numbers: each request says what becomes of it, at a millisecond of the test's. */
class RateLimitTest {
    private static final Duration SECOND = Duration.ofSeconds(1);
    private static final Duration MINUTE = Duration.ofMinutes(1);

    /** Times in ms; what becomes of each request: + passes, a number waits so many ms, - is refused. */
    @ParameterizedTest
    @CsvSource({
        // the plain rate: one, and the next when it has drained
        "1/s, 0, 0, '0 0 999 1000 1999 2000', '+ - - + - +'",
        "10/s, 0, 0, '0 50 99 100 199 200', '+ - - + - +'",
        // a burst, held back to the rate
        "10/s, 3, 0, '0 0 0 0 0 100 100', '+ 100 200 300 - 300 -'",
        // a burst without delay
        "1/s, 5, -1, '0 0 0 0 0 0 0 1000 1000', '+ + + + + + - + -'",
        "1/m, 5, -1, '0 0 0 0 0 0 0 0', '+ + + + + + - -'",
        // two without delay, the rest held back
        "10/s, 4, 2, '0 0 0 0 0 0', '+ + + 100 200 -'",
        // 1 a minute is 16 thousandths a second in nginx
        "1/m, 0, 0, '0 60000 62499 62500', '+ - - +'",
        // 2 a minute: 33 thousandths
        "2/m, 0, 0, '0 30000 30303 30304', '+ - - +'",
        // a long silence gives no more than the burst
        "1/s, 1, -1, '0 100000 100000 100000', '+ + + -'",
        // what was refused does not count
        "1/s, 0, 0, '0 900 950 1000', '+ - - +'",
        // a clock that steps back a little takes nothing off
        "1/s, 0, 0, '1000 900 2000', '+ - +'",
    })
    void itCountsAsNginxDoes(String rate, int burst, int delay, String times, String expected) {
        RateLimit limit = with(rate).burst(burst);
        limit = delay < 0 ? limit.nodelay() : limit.delay(delay);

        List<String> outcomes = new ArrayList<>();
        for (String time : times.split(" ")) {
            outcomes.add(outcome(limit, "192.0.2.1", Long.parseLong(time)));
        }

        assertThat(String.join(" ", outcomes)).isEqualTo(expected);
    }

    private static RateLimit with(String rate) {
        int slash = rate.indexOf('/');
        return RateLimit.of(Integer.parseInt(rate.substring(0, slash)), rate.endsWith("s") ? SECOND : MINUTE);
    }

    /** However requests come, no more pass in any span of time than the rate and the burst allow. */
    @Test
    void noSpanOfTimeSeesMoreThanRateAndBurst() {
        Random random = new Random(5);
        for (int round = 0; round < 200; round++) {
            int rate = 1 + random.nextInt(20);
            int burst = random.nextInt(10);
            RateLimit limit = RateLimit.of(rate, SECOND).burst(burst).nodelay();
            List<Long> passed = new ArrayList<>();
            long now = 0;
            for (int i = 0; i < 300; i++) {
                now += random.nextInt(4) == 0 ? random.nextInt(2_000) : random.nextInt(50);
                if (outcome(limit, "192.0.2.1", now).equals("+")) {
                    passed.add(now);
                }
            }
            for (int from = 0; from < passed.size(); from++) {
                for (int to = from; to < passed.size(); to++) {
                    long span = passed.get(to) - passed.get(from);
                    assertThat(to - from + 1L).isLessThanOrEqualTo(burst + 1 + span * rate / 1000);
                }
            }
        }
    }

    /** What is held back leaves at the rate. */
    @Test
    void heldBackRequestsLeaveEvenly() {
        RateLimit limit = RateLimit.of(10, SECOND).burst(100);
        long lastLeft = Long.MIN_VALUE;
        Random random = new Random(6);
        long now = 0;
        for (int i = 0; i < 500; i++) {
            now += random.nextInt(100);
            String outcome = outcome(limit, "192.0.2.1", now);
            if (!outcome.equals("-")) {
                long left = now + (outcome.equals("+") ? 0 : Long.parseLong(outcome));
                assertThat(left - lastLeft >= 100 || i == 0).isTrue();
                lastLeft = left;
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "1/s,  0, 0,  1",
        "1/s,  0, 1,  1",
        "1/m,  0, 0, 63",
        "10/m, 0, 0,  7",
        "10/s, 0, 0,  1",
    })
    void aRefusalSaysWhenToComeAgain(String rate, int burst, long millis, String seconds) {
        RateLimit limit = with(rate).burst(burst);
        verdict(limit, "192.0.2.1", 0);

        Verdict.Answer refusal = (Verdict.Answer) verdict(limit, "192.0.2.1", millis);

        assertThat(refusal.reply().status()).isEqualTo(429);
        assertThat(refusal.reply().head().header("Retry-After")).isEqualTo(seconds);
        long later = millis + 1000 * Long.parseLong(seconds);
        assertThat(outcome(limit, "192.0.2.1", later)).isEqualTo("+");
    }

    @Test
    void ratesThatNginxLacksAreExact() {
        RateLimit limit = RateLimit.of(5, Duration.ofHours(1));

        assertThat(outcome(limit, "192.0.2.1", 0)).isEqualTo("+");
        assertThat(outcome(limit, "192.0.2.1", 719_999)).isEqualTo("-");
        assertThat(outcome(limit, "192.0.2.1", 720_000)).isEqualTo("+");
    }

    @ParameterizedTest
    @CsvSource({
        "192.0.2.1,       192.0.2.2,       64, false",
        "192.0.2.1,       ::ffff:192.0.2.1, 64, true",
        "2001:db8:0:1::1, 2001:db8:0:1:f::9, 64, true",
        "2001:db8:0:1::1, 2001:db8:0:2::1, 64, false",
        "2001:db8:0:1::1, 2001:db8:0:2::1, 56, true",
        "2001:db8:0:1::1, 2001:db8:0:1::2, 128, false",
        "2001:db8:0:1::1, 2001:db8:0:1::1, 128, true",
    })
    void clientsShareABucketByTheirNetwork(String one, String other, int bits, boolean shared) {
        for (String key : List.of("$remote_addr", "$remote_addr $host")) {
            RateLimit limit = RateLimit.of(1, SECOND).ipv6Prefix(bits).by(key);
            verdict(limit, one, 0);

            assertThat(outcome(limit, other, 0)).as(key).isEqualTo(shared ? "-" : "+");
        }
    }

    @Test
    void anyTemplateIsAKeyAndNoKeyIsNoLimit() {
        RateLimit limit = RateLimit.of(1, SECOND).by("$http_x_tenant");
        RequestHead none = RequestHead.get("/", "h");
        RequestHead a = none.withHeader("X-Tenant", "a");

        assertThat(limit.onRequest(a, GivenContext.of(a, "192.0.2.1"))).isInstanceOf(Verdict.Proceed.class);
        assertThat(limit.onRequest(a, GivenContext.of(a, "192.0.2.9"))).isInstanceOf(Verdict.Answer.class);
        for (int i = 0; i < 5; i++) {
            assertThat(limit.onRequest(none, GivenContext.of(none, "192.0.2.1")))
                    .isInstanceOf(Verdict.Proceed.class);
        }
        assertThat(limit.keys()).isEqualTo(1);
    }

    @Test
    void aLongKeyIsStillOneKey() {
        RateLimit limit = RateLimit.of(1, SECOND).by("$http_x");
        RequestHead one = RequestHead.get("/", "h").withHeader("X", "a".repeat(10_000) + "1");
        RequestHead other = RequestHead.get("/", "h").withHeader("X", "a".repeat(10_000) + "2");

        assertThat(limit.onRequest(one, GivenContext.of(one, "192.0.2.1"))).isInstanceOf(Verdict.Proceed.class);
        assertThat(limit.onRequest(other, GivenContext.of(other, "192.0.2.1"))).isInstanceOf(Verdict.Proceed.class);
        assertThat(limit.onRequest(one, GivenContext.of(one, "192.0.2.1"))).isInstanceOf(Verdict.Answer.class);
        assertThat(LimitKey.by("$http_x", 64).of(GivenContext.of(one, "192.0.2.1")))
                .hasSize(64);
    }

    @Test
    void aMillionKeysTakeNoMoreThanTheirShare() {
        RateLimit limit = RateLimit.of(1, SECOND).by("$arg_k").maxKeys(10_000);
        for (int i = 0; i < 1_000_000; i++) {
            RequestHead request = RequestHead.get("/?k=" + i, "h");
            limit.onRequest(request, GivenContext.at(request, "192.0.2.1", 0));
        }

        assertThat(limit.keys()).isEqualTo(10_000);
    }

    @Test
    void theKeyThatWasNotSeenForTheLongestGivesItsPlace() {
        LeakyBuckets buckets = new LeakyBuckets(1, SECOND, 3);
        buckets.count("a", 0, 0);
        buckets.count("b", 0, 0);
        buckets.count("c", 0, 0);
        assertThat(buckets.count("a", 1, 0)).isEqualTo(999); // refused, but seen

        buckets.count("d", 2, 0);

        assertThat(buckets.size()).isEqualTo(3);
        assertThat(buckets.look("a", 2)).isEqualTo(998);
        assertThat(buckets.look("b", 2)).as("forgotten").isZero();
    }

    @Test
    void aNewKeySweepsUpToTwoThatRanEmptyAMinuteAgo() {
        LeakyBuckets buckets = new LeakyBuckets(1, SECOND, 100);
        for (String key : List.of("a", "b", "c", "d")) {
            buckets.count(key, 0, 0);
        }

        buckets.count("e", 59_999, 0);
        assertThat(buckets.size()).isEqualTo(5);
        buckets.count("f", 60_000, 0);
        assertThat(buckets.size()).isEqualTo(4);
    }

    @Test
    void limitsTogetherCountOnlyWhatAllLetPass() {
        RateLimit perClient = RateLimit.of(10, SECOND).burst(1).nodelay();
        RateLimit perSite = RateLimit.of(1, SECOND).by("site");
        Middleware both = RateLimit.together(perClient, perSite);

        assertThat(outcome(both, "192.0.2.1", 0)).isEqualTo("+");
        for (int i = 0; i < 5; i++) {
            assertThat(outcome(both, "192.0.2.2", 0)).isEqualTo("-");
        }

        assertThat(outcome(perClient, "192.0.2.2", 0)).isEqualTo("+");
        assertThat(outcome(perClient, "192.0.2.2", 0))
                .as("none of those refused counted")
                .isEqualTo("+");
        assertThat(outcome(perClient, "192.0.2.2", 0)).isEqualTo("-");
    }

    @Test
    void ofSeveralDelaysTheLongestHolds() {
        RateLimit slow = RateLimit.of(1, SECOND).burst(5);
        RateLimit fast = RateLimit.of(10, SECOND).by("all").burst(5);

        for (Middleware both : List.of(RateLimit.together(slow, fast))) {
            assertThat(outcome(both, "192.0.2.1", 0)).isEqualTo("+");
            assertThat(outcome(both, "192.0.2.1", 0)).isEqualTo("1000");
            assertThat(outcome(both, "192.0.2.9", 0)).isEqualTo("200");
        }
        assertThat(outcome(
                        RateLimit.together(
                                RateLimit.of(10, SECOND).by("all").burst(5),
                                RateLimit.of(1, SECOND).burst(5)),
                        "192.0.2.1",
                        0))
                .isEqualTo("+");
    }

    @Test
    void aDryRunCountsAndSaysSoButLetsPass() {
        RateLimit dry = RateLimit.of(1, SECOND).burst(1).dryRun();
        List<String> told = new ArrayList<>();

        for (int i = 0; i < 3; i++) {
            GivenContext context = context("192.0.2.1", 0);
            assertThat(dry.onRequest(context.original(), context)).isInstanceOf(Verdict.Proceed.class);
            told.add(context.attribute("limit_req_status"));
        }

        assertThat(told).containsExactly("PASSED", "DELAYED_DRY_RUN", "REJECTED_DRY_RUN");
        assertThat(dry.peek(RequestHead.get("/", "h"), context("192.0.2.1", 0))).isInstanceOf(Verdict.Proceed.class);
    }

    @Test
    void aDryRunTakesNothingOffTheOthers() {
        RateLimit dry = RateLimit.of(1, SECOND).by("all").dryRun();
        Middleware both = RateLimit.together(dry, RateLimit.of(1, SECOND));

        assertThat(outcome(both, "192.0.2.1", 0)).isEqualTo("+");
        assertThat(outcome(both, "192.0.2.1", 0)).isEqualTo("-");
        assertThat(outcome(both, "192.0.2.2", 0)).isEqualTo("+");
    }

    @Test
    void whatHappenedIsToldAsInNginx() {
        RateLimit limit = RateLimit.of(1, SECOND).burst(1);
        List<String> told = new ArrayList<>();

        for (int i = 0; i < 3; i++) {
            GivenContext context = context("192.0.2.1", 0);
            limit.onRequest(context.original(), context);
            told.add(context.attribute("limit_req_status"));
        }

        assertThat(told).containsExactly("PASSED", "DELAYED", "REJECTED");
    }

    @Test
    void aHeldBackRequestGoesOnAsItIs() {
        RateLimit limit = RateLimit.of(1, SECOND).burst(1);
        verdict(limit, "192.0.2.1", 0);

        Verdict.Pause held = (Verdict.Pause) verdict(limit, "192.0.2.1", 400);

        assertThat(held.until()).isEqualTo(1_000_000_000);
        assertThat(held.then().get()).isInstanceOf(Verdict.Proceed.class);
    }

    @Test
    void peekingCountsNothing() {
        RateLimit limit = RateLimit.of(1, SECOND);
        GivenContext context = context("192.0.2.1", 0);

        for (int i = 0; i < 3; i++) {
            assertThat(limit.peek(context.original(), context)).isInstanceOf(Verdict.Proceed.class);
        }
        assertThat(outcome(limit, "192.0.2.1", 0)).isEqualTo("+");
        assertThat(limit.peek(context.original(), context)).isInstanceOf(Verdict.Answer.class);
        assertThat(RateLimit.together(limit).peek(context.original(), context)).isInstanceOf(Verdict.Answer.class);
        assertThat(limit.burst(1).peek(context.original(), context)).isInstanceOf(Verdict.Pause.class);
    }

    @Test
    void usesOfOneValueShareItsBuckets() {
        RateLimit zone = RateLimit.of(1, SECOND);

        assertThat(outcome(zone, "192.0.2.1", 0)).isEqualTo("+");
        assertThat(outcome(zone.burst(1).nodelay(), "192.0.2.1", 0)).isEqualTo("+");
        assertThat(outcome(zone.burst(1).nodelay().status(503), "192.0.2.1", 0)).isEqualTo("-");
        assertThat(outcome(zone.by("$remote_addr"), "192.0.2.1", 0)).isEqualTo("+");
    }

    @Test
    void senselessValuesAreRefused() {
        RateLimit limit = RateLimit.of(1, SECOND);

        assertThatIllegalArgumentException().isThrownBy(() -> RateLimit.of(0, SECOND));
        assertThatIllegalArgumentException().isThrownBy(() -> RateLimit.of(1, Duration.ZERO));
        assertThatIllegalArgumentException().isThrownBy(() -> RateLimit.of(1, Duration.ofDays(2)));
        assertThatIllegalArgumentException().isThrownBy(() -> limit.burst(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> limit.delay(-1));
        assertThatIllegalArgumentException().isThrownBy(() -> limit.maxKeys(0));
        assertThatIllegalArgumentException().isThrownBy(() -> limit.ipv6Prefix(0));
        assertThatIllegalArgumentException().isThrownBy(() -> limit.ipv6Prefix(129));
        assertThatIllegalArgumentException().isThrownBy(() -> limit.status(200));
        assertThatIllegalArgumentException().isThrownBy(() -> limit.by("$nothing"));
    }

    @Test
    void itTellsAllThatIsSet() {
        RateLimit limit = RateLimit.of(1, Duration.ofSeconds(1));

        assertThat(limit.burst(5)).hasToString("RateLimit[1 per PT1S by $remote_addr, burst 5]");
        assertThat(limit.burst(5).nodelay().status(503).dryRun())
                .hasToString("RateLimit[1 per PT1S by $remote_addr, burst 5, nodelay, status 503, dry run]");
        assertThat(limit.ipv6Prefix(56).maxKeys(9).burst(5).delay(3))
                .hasToString("RateLimit[1 per PT1S by $remote_addr (IPv6 /56), burst 5, delay 3, maxKeys 9]");
    }

    private static String outcome(Middleware limit, String client, long millis) {
        Verdict verdict = verdict(limit, client, millis);
        if (verdict instanceof Verdict.Pause pause) {
            return Long.toString(pause.until() / 1_000_000 - millis);
        }
        return verdict instanceof Verdict.Proceed ? "+" : "-";
    }

    private static Verdict verdict(Middleware limit, String client, long millis) {
        GivenContext context = context(client, millis * 1_000_000);
        return limit.onRequest(context.original(), context);
    }

    private static GivenContext context(String client, long now) {
        return GivenContext.at(RequestHead.get("/", "h"), client, now);
    }
}
