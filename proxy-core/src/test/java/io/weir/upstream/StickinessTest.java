package io.weir.upstream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.weir.http.ProxyError;
import io.weir.http.ResponseHead;
import io.weir.http.Variables;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class StickinessTest {
    private static final long MINUTE = Duration.ofMinutes(1).toNanos();
    private static final byte[] KEY = "0123456789abcdef".getBytes(StandardCharsets.US_ASCII);
    private static final Stickiness COOKIE = Stickiness.cookie("s").key(KEY);
    private static final ResponseHead OK = ResponseHead.of(200);

    @Test
    void itTellsAllThatIsSetButTheKey() {
        byte[] key = "s3cret-s3cret-s3cret".getBytes(StandardCharsets.UTF_8);

        assertThat(Stickiness.cookie("route")).hasToString("by cookie route");
        assertThat(Stickiness.cookie("route")
                        .orUnavailable()
                        .secure()
                        .maxAge(Duration.ofHours(1))
                        .key(key))
                .hasToString("by cookie route, or unavailable, secure, maxAge PT1H, key (not shown)");
        assertThat(Stickiness.learnedFromHeader("Mcp-Session-Id").capacity(9).idle(Duration.ofMinutes(5)))
                .hasToString("learned from field Mcp-Session-Id, capacity 9, idle PT5M");
    }

    @Test
    void theCookieNamesTheUpstreamByAHashAndHasItsFlags() {
        PoolState pool = pool(COOKIE.secure().maxAge(Duration.ofHours(1)));
        UpstreamState a = state(pool, "a");

        String cookie = pool.keepSession(a, NoVariables.INSTANCE, OK, 0).header("Set-Cookie");

        // HMAC-SHA256 of "app\0http://a", its first 16 bytes in base64url.
        assertThat(cookie).isEqualTo("s=-im8z2uc6mUpPyXuhSrYQg; Path=/; Max-Age=3600; Secure; HttpOnly; SameSite=Lax");
    }

    @Test
    void withoutAKeyGivenAllPoolsOfTheProcessShareOne() {
        assertThat(idOf(pool(Stickiness.cookie("s")), "a")).isEqualTo(idOf(pool(Stickiness.cookie("s")), "a"));
        assertThat(idOf(pool(Stickiness.cookie("s")), "a")).isNotEqualTo(idOf(pool(COOKIE), "a"));
    }

    @Test
    void aRequestWithTheCookieGoesThereWhoeversTurnItIs() {
        PoolState pool = pool(COOKIE);
        Variables ofB = Clients.sending("Cookie", "x=1; s=" + idOf(pool, "b"));

        for (int i = 0; i < 5; i++) {
            assertThat(pool.peek(0, ofB)).isSameAs(state(pool, "b"));
            assertThat(pool.acquire(null, 0, ofB)).isSameAs(state(pool, "b"));
            pool.release(state(pool, "b"), PoolState.Verdict.GOOD, 0);
        }
        assertThat(hosts(pool, 3)).as("the turns of others do not suffer").isEqualTo("abc");
    }

    @Test
    void theCookieIsSentOnceAndAgainWhenTheSessionMoves() {
        PoolState pool = pool(COOKIE);
        Variables ofB = Clients.sending("Cookie", "s=" + idOf(pool, "b"));

        assertThat(pool.keepSession(state(pool, "b"), ofB, OK, 0)).isSameAs(OK);
        assertThat(pool.keepSession(state(pool, "c"), ofB, OK, 0).header("Set-Cookie"))
                .startsWith("s=" + idOf(pool, "c") + ";");
    }

    @ParameterizedTest
    @MethodSource
    void whatNobodyIssuedMeansNothing(String value) {
        PoolState pool = pool(COOKIE);

        assertThat(pool.acquire(null, 0, Clients.sending("Cookie", "s=" + value)))
                .isSameAs(state(pool, "a"));
    }

    static Stream<String> whatNobodyIssuedMeansNothing() {
        PoolState other = new PoolState(UpstreamPool.named("other")
                .upstream("http://b")
                .stickiness(COOKIE)
                .build());
        return Stream.of("", "http://b", "b", "1", idOf(other, "b"));
    }

    @Test
    void aFieldCarriesTheSessionTheSameWay() {
        PoolState pool = pool(Stickiness.header("X-Session-Upstream").key(KEY));
        String id =
                pool.keepSession(state(pool, "c"), NoVariables.INSTANCE, OK, 0).header("X-Session-Upstream");

        assertThat(pool.acquire(null, 0, Clients.sending("x-session-upstream", id)))
                .isSameAs(state(pool, "c"));
    }

    // ---- the chosen one is gone ----

    @ParameterizedTest(name = "{0}")
    @MethodSource
    void aSessionWhoseUpstreamCannotServeItMovesOrIsRefused(String why, Trouble trouble, ProxyError refusal) {
        for (boolean strict : new boolean[] {false, true}) {
            PoolState pool = pool(strict ? COOKIE.orUnavailable() : COOKIE);
            Variables ofB = Clients.sending("Cookie", "s=" + idOf(pool, "b"));
            PoolState.Tried tried = new PoolState.Tried();

            PoolState after = trouble.befalls(pool, tried);
            UpstreamState taken = after.acquire(tried, 0, ofB);

            if (strict) {
                assertThat(taken).isNull();
                assertThat(after.refusal(tried, 0, ofB)).isEqualTo(refusal);
                assertThat(after.peek(0, NoVariables.INSTANCE)).isNotNull();
            } else {
                assertThat(taken.upstream().host()).isNotEqualTo("b");
            }
        }
    }

    private static void take(PoolState pool, String host) {
        UpstreamState state = state(pool, host);
        state.taken(0);
        pool.lock().touched(state);
    }

    static Stream<Arguments> aSessionWhoseUpstreamCannotServeItMovesOrIsRefused() {
        return Stream.of(
                trouble("out", ProxyError.SESSION_UNAVAILABLE, (pool, tried) -> {
                    take(pool, "b");
                    pool.release(state(pool, "b"), PoolState.Verdict.BAD, 0);
                    return pool;
                }),
                trouble("tried", ProxyError.SESSION_UNAVAILABLE, (pool, tried) -> {
                    tried.add(state(pool, "b"));
                    return pool;
                }),
                trouble("at its limit", ProxyError.CONNECTION_LIMIT, (pool, tried) -> {
                    take(pool, "b");
                    take(pool, "b");
                    return pool;
                }),
                trouble(
                        "down",
                        ProxyError.SESSION_UNAVAILABLE,
                        (pool, tried) -> new PoolState(
                                UpstreamPool.named("app")
                                        .upstream("http://a")
                                        .upstream("http://b", Upstream.Builder::down)
                                        .stickiness(pool.pool().stickiness())
                                        .build(),
                                pool)));
    }

    private interface Trouble {
        PoolState befalls(PoolState pool, PoolState.Tried tried);
    }

    private static Arguments trouble(String why, ProxyError refusal, Trouble trouble) {
        return arguments(why, trouble, refusal);
    }

    @Test
    void anUpstreamThatDrainsServesItsSessionsOnly() {
        PoolState pool = pool(COOKIE);
        pool.drain("http://b", true, 0);

        assertThat(pool.acquire(null, 0, Clients.sending("Cookie", "s=" + idOf(pool, "b"))))
                .isSameAs(state(pool, "b"));
        assertThat(hosts(pool, 4)).isEqualTo("acac");
    }

    @Test
    void whoWaitsForTheUpstreamOfItsSessionGetsItsSlotEvenWhileThatDrains() {
        PoolState pool = new PoolState(UpstreamPool.named("app")
                .upstream("http://a", u -> u.maxConnections(1))
                .upstream("http://b", u -> u.maxConnections(1))
                .queue(5, Duration.ofSeconds(1))
                .stickiness(COOKIE.orUnavailable())
                .build());
        hosts(pool, 2);
        Ticket any = pool.lineUp(null, 0, NoVariables.INSTANCE, () -> {});
        Ticket ofB = pool.lineUp(null, 0, Clients.sending("Cookie", "s=" + idOf(pool, "b")), () -> {});

        pool.drain("http://b", true, 0);
        pool.release(state(pool, "b"), PoolState.Verdict.GOOD, 0);

        assertThat(any.take()).isNull();
        assertThat(ofB.take()).isSameAs(state(pool, "b"));
    }

    // ---- learned ----

    @Test
    void aSessionOfTheApplicationIsLearnedFromItsCookie() {
        PoolState pool = pool(Stickiness.learnedFromCookie("JSESSIONID"));
        ResponseHead login =
                ResponseHead.of(200, "Set-Cookie", "x=1", "Set-Cookie", "JSESSIONID=abc; Path=/; HttpOnly");

        assertThat(pool.keepSession(state(pool, "c"), NoVariables.INSTANCE, login, 0))
                .isSameAs(login);

        assertThat(pool.acquire(null, 1, Clients.sending("Cookie", "JSESSIONID=abc")))
                .isSameAs(state(pool, "c"));
        assertThat(pool.acquire(null, 1, Clients.sending("Cookie", "JSESSIONID=abd")))
                .isSameAs(state(pool, "a"));
    }

    @Test
    void aSessionOfTheApplicationIsLearnedFromItsField() {
        PoolState pool = pool(Stickiness.learnedFromHeader("Mcp-Session-Id"));
        String longId = "f".repeat(5000);
        pool.keepSession(state(pool, "c"), NoVariables.INSTANCE, ResponseHead.of(200, "Mcp-Session-Id", longId), 0);

        assertThat(pool.acquire(null, 1, Clients.sending("Mcp-Session-Id", longId)))
                .isSameAs(state(pool, "c"));
        assertThat(pool.acquire(null, 1, Clients.sending("Mcp-Session-Id", longId + "f")))
                .isSameAs(state(pool, "a"));
    }

    @Test
    void aLearnedSessionIsForgottenWhenIdleAndKeptWhileUsed() {
        PoolState pool = pool(Stickiness.learnedFromHeader("S").idle(Duration.ofMinutes(10)));
        Variables session = Clients.sending("S", "1");
        pool.keepSession(state(pool, "c"), NoVariables.INSTANCE, ResponseHead.of(200, "S", "1"), 0);

        assertThat(pool.peek(10 * MINUTE, session)).isSameAs(state(pool, "c"));
        assertThat(pool.peek(10 * MINUTE + 1, session)).isSameAs(state(pool, "a"));
        pool.keepSession(state(pool, "c"), session, OK, 10 * MINUTE);
        assertThat(pool.peek(20 * MINUTE, session)).isSameAs(state(pool, "c"));
    }

    @Test
    void aKnownSessionMovesWithItsRequestsButAnUnknownOneFillsNoTable() {
        PoolState pool = pool(Stickiness.learnedFromHeader("S"));
        pool.keepSession(state(pool, "c"), NoVariables.INSTANCE, ResponseHead.of(200, "S", "1"), 0);

        pool.keepSession(state(pool, "b"), Clients.sending("S", "1"), OK, 1);
        pool.keepSession(state(pool, "b"), Clients.sending("S", "2"), OK, 1);

        assertThat(pool.peek(2, Clients.sending("S", "1"))).isSameAs(state(pool, "b"));
        assertThat(pool.peek(2, Clients.sending("S", "2"))).isSameAs(state(pool, "a"));
    }

    @Test
    void theTableIsBoundedAndTheLeastUsedGoesFirst() {
        UpstreamState holder = state(pool(COOKIE), "a");
        LearnedSessions table = new LearnedSessions(100, MINUTE);

        for (int i = 0; i < 1_000; i++) {
            table.put("kept", holder, i);
            table.put("s" + i, holder, i);
            assertThat(table.size()).isLessThanOrEqualTo(100);
        }
        assertThat(table.holder("kept", 1_000)).isSameAs(holder);
        assertThat(table.holder("s999", 1_000)).isSameAs(holder);
        assertThat(table.holder("s900", 1_000)).isNull();
        table.put("late", holder, 1_000 + MINUTE);
        assertThat(table.size()).isOne();
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void learnedSessionsOutliveAReloadUnlessTheirUpstreamIsGone(boolean strict) {
        Stickiness plain = Stickiness.learnedFromHeader("S");
        Stickiness learned = strict ? plain.orUnavailable() : plain;
        PoolState before = pool(learned);
        before.keepSession(state(before, "b"), NoVariables.INSTANCE, ResponseHead.of(200, "S", "1"), 0);
        before.keepSession(state(before, "c"), NoVariables.INSTANCE, ResponseHead.of(200, "S", "2"), 0);

        PoolState after = new PoolState(
                UpstreamPool.named("app")
                        .upstream("http://a")
                        .upstream("http://b")
                        .stickiness(learned)
                        .build(),
                before);

        assertThat(after.peek(1, Clients.sending("S", "1"))).isSameAs(state(before, "b"));
        assertThat(after.peek(1, Clients.sending("S", "2"))).isSameAs(state(before, "a"));
    }

    @Test
    void whatHasNoMeaningIsRefusedAtOnce() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Stickiness.cookie("a b"))
                .withMessage("stickiness: \"a b\" (expected: the name of a cookie or field)");
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Stickiness.header("X").maxAge(Duration.ofHours(1)))
                .withMessage("maxAge: only a cookie that Weir issues has one");
        assertThatIllegalArgumentException().isThrownBy(() -> COOKIE.maxAge(Duration.ofMillis(1)));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Stickiness.learnedFromCookie("s").secure());
        assertThatIllegalArgumentException().isThrownBy(() -> COOKIE.key(new byte[15]));
        assertThatIllegalArgumentException().isThrownBy(() -> COOKIE.capacity(5));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Stickiness.learnedFromCookie("s").capacity(0));
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Stickiness.learnedFromCookie("s").idle(Duration.ZERO));
    }

    private static PoolState pool(Stickiness stickiness) {
        return new PoolState(UpstreamPool.named("app")
                .upstream("http://a")
                .upstream("http://b", u -> u.maxConnections(2))
                .upstream("http://c")
                .stickiness(stickiness)
                .build());
    }

    private static String idOf(PoolState pool, String host) {
        String cookie =
                pool.keepSession(state(pool, host), NoVariables.INSTANCE, OK, 0).header("Set-Cookie");
        return cookie.substring(2, cookie.indexOf(';'));
    }

    private static UpstreamState state(PoolState pool, String host) {
        return pool.upstreams().get("http://" + host);
    }

    private static String hosts(PoolState pool, int count) {
        StringBuilder hosts = new StringBuilder();
        for (int i = 0; i < count; i++) {
            hosts.append(pool.acquire(null, 0, NoVariables.INSTANCE).upstream().host());
        }
        return hosts.toString();
    }
}
