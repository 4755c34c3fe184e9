package io.weir.middleware;

import static io.weir.middleware.Verdict.answer;
import static io.weir.middleware.Verdict.later;
import static io.weir.middleware.Verdict.proceed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weir.http.Outcome;
import io.weir.http.Reply;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

class MiddlewareTest {
    private final RequestHead request = RequestHead.get("/admin", "h");
    private final GivenContext context = GivenContext.of(request, "192.0.2.1");

    @Test
    void aGateAnswersOrLetsPass() {
        Middleware gate = Middleware.gate(r -> r.path().startsWith("/admin") ? answer(Reply.status(403)) : proceed(r));

        assertThat(statusOf(gate.onRequest(request, context))).isEqualTo(403);
        assertThat(gate.onRequest(request.withTarget("/b"), context)).isInstanceOf(Verdict.Proceed.class);
    }

    @Test
    void aGateMayLookAtTheContext() {
        Middleware gate = Middleware.gate((r, c) -> {
            c.attribute("remote_user", c.clientAddress());
            return proceed(r);
        });

        gate.onRequest(request, context);

        assertThat(context.attribute("remote_user")).isEqualTo("192.0.2.1");
    }

    @Test
    void aLambdaIsAMiddleware() {
        Middleware gate = (r, c) -> answer(Reply.status(401));

        assertThat(statusOf(gate.onRequest(request, context))).isEqualTo(401);
        assertThat(gate.name()).isEqualTo("middleware");
    }

    @Test
    void requestsAreChanged() {
        Verdict verdict = Middleware.mapRequest(r -> r.withHeader("X", "1")).onRequest(request, context);

        assertThat(verdict)
                .isInstanceOfSatisfying(
                        Verdict.Proceed.class,
                        proceed -> assertThat(proceed.request().header("X")).isEqualTo("1"));
    }

    @Test
    void responsesAreChangedAndRequestsLeftAlone() {
        Middleware middleware = Middleware.mapResponse(r -> r.withoutHeader("Server"));

        assertThat(middleware.onResponse(ResponseHead.of(200, "Server", "a"), context))
                .isEqualTo(ResponseHead.of(200));
        assertThat(middleware.onRequest(request, context)).isEqualTo(proceed(request));
    }

    @Test
    void aGateLeavesResponsesAlone() {
        ResponseHead response = ResponseHead.of(200, "Server", "a");

        assertThat(Middleware.gate(r -> proceed(r)).onResponse(response, context))
                .isSameAs(response);
    }

    @Test
    void anEndHookIsHandedOver() {
        List<Outcome> ends = new ArrayList<>();

        Verdict verdict = Middleware.onEnd(ends::add).onRequest(request, context);
        context.hooks().get(0).accept(new Outcome(200, 5, null, ""));

        assertThat(verdict).isEqualTo(proceed(request));
        assertThat(ends).containsExactly(new Outcome(200, 5, null, ""));
    }

    @Test
    void whatBlocksRunsOnTheExecutorOnly() {
        Middleware blocking = Middleware.blocking(Middleware.gate(r -> answer(Reply.status(401))));

        CompletableFuture<? extends Verdict> stage = stageOf(blocking.onRequest(request, context));

        assertThat(stage).isNotDone();
        context.work().get(0).run();
        assertThat(stage).isDone();
        assertThat(statusOf(stage.join())).isEqualTo(401);
    }

    @Test
    void aBlockingMiddlewareMayItselfSayLater() {
        CompletableFuture<Verdict> inner = new CompletableFuture<>();
        Middleware blocking = Middleware.blocking(Middleware.gate(r -> later(inner)));

        CompletableFuture<? extends Verdict> stage = stageOf(blocking.onRequest(request, context));
        context.work().get(0).run();

        assertThat(stage).isNotDone();
        inner.complete(answer(Reply.status(429)));
        assertThat(statusOf(stage.join())).isEqualTo(429);
    }

    @Test
    void whatABlockingMiddlewareThrowsComesOutOfItsStage() {
        Middleware blocking = Middleware.blocking(Middleware.gate(r -> {
            throw new IllegalStateException("boom");
        }));

        CompletableFuture<? extends Verdict> stage = stageOf(blocking.onRequest(request, context));
        context.work().get(0).run();

        assertThatThrownBy(stage::join).isInstanceOf(CompletionException.class).hasRootCauseMessage("boom");
    }

    @Test
    void wrappersKeepNameAndResponses() {
        Middleware inner = Middleware.mapResponse(r -> r.withStatus(418)).named("teapot");

        Middleware blocking = Middleware.blocking(inner);

        assertThat(inner.name()).isEqualTo("teapot");
        assertThat(blocking.name()).isEqualTo("teapot");
        assertThat(blocking.onResponse(ResponseHead.of(200), context).status()).isEqualTo(418);
    }

    private static int statusOf(Verdict verdict) {
        return ((Verdict.Answer) verdict).reply().status();
    }

    private static CompletableFuture<? extends Verdict> stageOf(Verdict verdict) {
        return ((Verdict.Later) verdict).stage().toCompletableFuture();
    }
}
