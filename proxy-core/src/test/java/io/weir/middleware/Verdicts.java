package io.weir.middleware;

import io.weir.http.RequestHead;

/** What a middleware says in the end, with all work that it puts on the executor done here and now. */
final class Verdicts {
    private Verdicts() {}

    static Verdict of(Middleware middleware, RequestHead request, GivenContext context) {
        return settle(middleware.onRequest(request, context), context);
    }

    static Verdict settle(Verdict first, GivenContext context) {
        Verdict verdict = first;
        while (true) {
            if (verdict instanceof Verdict.Later later) {
                while (!later.stage().toCompletableFuture().isDone()
                        && !context.work().isEmpty()) {
                    context.work().remove(0).run();
                }
                verdict = later.stage().toCompletableFuture().getNow(null);
            } else if (verdict instanceof Verdict.Pause pause) {
                verdict = pause.then().get();
            } else {
                return verdict;
            }
        }
    }

    /** The status of the answer; 0 if the request goes on. */
    static int status(Middleware middleware, RequestHead request, GivenContext context) {
        Verdict verdict = of(middleware, request, context);
        return verdict instanceof Verdict.Answer answer ? answer.reply().status() : 0;
    }
}
