package io.weir.middleware;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** nginx's {@code satisfy}: its content handler runs where any or all of the access phase's handlers say so. */
class AccessTest {
    private final List<Integer> asked = new ArrayList<>();

    /** Gates by the status that they answer; 0 lets pass. */
    @ParameterizedTest
    @CsvSource({
        "any, 0,           0,   1",
        "any, 403,         403, 1",
        "any, 403 0,       0,   2",
        "any, 0 403,       0,   1",
        "any, 401 0,       0,   2",
        "any, 401 403,     401, 2",
        "any, 403 401,     401, 2",
        "any, 403 403,     403, 2",
        "any, 401 500 0,   500, 2",
        "any, 429 0,       429, 1",
        "any, 401 403 0,   0,   3",
        "all, 0 0,         0,   2",
        "all, 403 0,       403, 1",
        "all, 0 401,       401, 2",
        "all, 0 429 401,   429, 2",
        "all, 401 403,     401, 1",
    })
    void whoIsLetInAndHowManyAreAsked(String kind, String statuses, int status, int askedGates) {
        int[] wanted =
                Arrays.stream(statuses.split(" ")).mapToInt(Integer::parseInt).toArray();
        for (Shape shape : Shape.values()) {
            asked.clear();
            Middleware[] gates = new Middleware[wanted.length];
            for (int i = 0; i < wanted.length; i++) {
                gates[i] = gate(i, wanted[i], shape);
            }
            Access access = kind.equals("any") ? Access.any(gates) : Access.all(gates);
            RequestHead request = RequestHead.get("/", "h");

            assertThat(Verdicts.status(access, request, GivenContext.of(request, "192.0.2.1")))
                    .as("%s", shape)
                    .isEqualTo(status);
            assertThat(asked).as("%s", shape).hasSize(askedGates);
        }
    }

    private enum Shape {
        AT_ONCE,
        LATER,
        PAUSED,
        LATER_THEN_PAUSED
    }

    private Middleware gate(int index, int status, Shape shape) {
        return Middleware.gate(r -> {
            asked.add(index);
            Verdict verdict = status == 0 ? Verdict.proceed(r) : Verdict.answer(Reply.status(status));
            return switch (shape) {
                case AT_ONCE -> verdict;
                case LATER -> Verdict.later(CompletableFuture.completedStage(verdict));
                case PAUSED -> Verdict.pause(5, () -> verdict);
                case LATER_THEN_PAUSED ->
                    Verdict.later(CompletableFuture.completedStage(Verdict.pause(5, () -> verdict)));
            };
        });
    }

    @Test
    void theNextIsNotAskedOnTheThreadThatEndsAStage() {
        CompletableFuture<Verdict> first = new CompletableFuture<>();
        Access access = Access.all(Middleware.gate(r -> Verdict.later(first)), gate(1, 0, Shape.AT_ONCE));
        RequestHead request = RequestHead.get("/", "h");
        GivenContext context = GivenContext.of(request, "192.0.2.1");

        Verdict verdict = access.onRequest(request, context);
        first.complete(Verdict.proceed(request));

        assertThat(asked).isEmpty();
        assertThat(Verdicts.settle(verdict, context)).isEqualTo(Verdict.proceed(request));
        assertThat(asked).containsExactly(1);
    }

    @Test
    void allHandTheRequestOn() {
        Access access = Access.all(
                Middleware.mapRequest(r -> r.withHeader("A", "1")),
                Middleware.mapRequest(r -> r.withHeader("B", r.header("A") + "2")));
        RequestHead request = RequestHead.get("/", "h");

        Verdict verdict = access.onRequest(request, GivenContext.of(request, "192.0.2.1"));

        assertThat(((Verdict.Proceed) verdict).request().header("B")).isEqualTo("12");
    }

    @Test
    void everyChallengeIsInTheRefusal() {
        Access access = Access.any(
                IpAccess.deny("192.0.2.1").allowOthers(),
                BasicAuth.realm("people").users(Map.of()),
                ApiKey.hashes(Map.of()));
        RequestHead request = RequestHead.get("/", "h");

        Verdict verdict = Verdicts.of(access, request, GivenContext.of(request, "192.0.2.1"));

        assertThat(((Verdict.Answer) verdict).reply().head().headers().all("WWW-Authenticate"))
                .containsExactly("Basic realm=\"people\", charset=\"UTF-8\"", "Bearer realm=\"api\"");
    }

    @ParameterizedTest
    @ValueSource(strings = {"192.0.2.1", "203.0.113.1"})
    void credentialsStayHereWhoeverLetsTheRequestPass(String client) {
        Access access = Access.any(
                IpAccess.allow("192.0.2.1").denyOthers(),
                BasicAuth.realm("r").users(Map.of("a", "{SHA}CGOxNeaKhwmX8loN6ephhnotZdc=")));
        RequestHead request = RequestHead.get("/", "h")
                .withHeader("Authorization", "Basic " + Base64.getEncoder().encodeToString("a:s3cr:t".getBytes()));

        Verdict verdict = Verdicts.of(access, request, GivenContext.of(request, client));

        assertThat(((Verdict.Proceed) verdict).request().headers().contains("Authorization"))
                .isFalse();
    }

    @Test
    void responsesPassAllOfThemInReverse() {
        Access access = Access.any(
                Middleware.mapResponse(r -> r.withHeader("X", r.header("X") + "1")),
                Middleware.mapResponse(r -> r.withHeader("X", r.header("X") + "2")));
        RequestHead request = RequestHead.get("/", "h");

        ResponseHead response =
                access.onResponse(ResponseHead.of(200, "X", "0"), GivenContext.of(request, "192.0.2.1"));

        assertThat(response.header("X")).isEqualTo("021");
    }

    @Test
    void peekingSaysWhatIsCertain() {
        IpAccess office = IpAccess.allow("192.0.2.1").denyOthers();
        Middleware unknown = Middleware.gate((request, context) -> Verdict.proceed(request));
        BasicAuth auth = BasicAuth.realm("r").users(Map.of());

        assertThat(peek(Access.any(office, unknown), "192.0.2.1")).isInstanceOf(Verdict.Proceed.class);
        assertThat(peek(Access.any(office, unknown), "192.0.2.2")).isNull();
        assertThat(peek(Access.any(office, auth), "192.0.2.2"))
                .isInstanceOfSatisfying(
                        Verdict.Answer.class,
                        answer -> assertThat(answer.reply().status()).isEqualTo(401));
        assertThat(peek(Access.all(office, unknown), "192.0.2.2")).isInstanceOf(Verdict.Answer.class);
        assertThat(peek(Access.all(office, unknown), "192.0.2.1")).isNull();
        assertThat(peek(Access.all(office, office), "192.0.2.1")).isInstanceOf(Verdict.Proceed.class);
    }

    private static Verdict peek(Access access, String client) {
        RequestHead request = RequestHead.get("/", "h");
        return access.peek(request, GivenContext.of(request, client));
    }

    @Test
    void itNeedsAGateAndShowsThem() {
        assertThatIllegalArgumentException().isThrownBy(Access::any);
        assertThat(Access.any(IpAccess.allow("10.0.0.1").denyOthers()))
                .hasToString("Access.any[IpAccess[allow 10.0.0.1/32] deny others]");
    }
}
