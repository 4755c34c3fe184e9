package io.weir.middleware;

import io.weir.http.RequestHead;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Rate limits that hold together, each with its own key and rate. */
record RateLimits(List<RateLimit> limits) implements Middleware {
    private static final long MAX_DELAY_MILLIS = TimeUnit.DAYS.toMillis(1);

    /** A request as one limit sees it. */
    private record Counted(RateLimit limit, String key) {}

    @Override
    public Verdict onRequest(RequestHead request, RequestContext context) {
        return verdict(limits, request, context);
    }

    @Override
    public Verdict peek(RequestHead request, RequestContext context) {
        return peek(limits, request, context);
    }

    @Override
    public String name() {
        return "RateLimit.together";
    }

    @Override
    public String toString() {
        return name() + limits;
    }

    /** As in nginx: all are looked at, and only if none refuses the request counts; the last one does both in one go. */
    static Verdict verdict(List<RateLimit> limits, RequestHead request, RequestContext context) {
        long now = TimeUnit.NANOSECONDS.toMillis(context.now());
        List<Counted> live = new ArrayList<>(limits.size());
        String dry = null;
        for (RateLimit limit : limits) {
            String key = limit.keyOf(context);
            if (!key.isEmpty() && limit.isDryRun()) {
                dry = worse(dry, limit, limit.count(key, now));
            } else if (!key.isEmpty()) {
                live.add(new Counted(limit, key));
            }
        }
        long longest = 0;
        for (int i = 0; i < live.size(); i++) {
            Counted one = live.get(i);
            boolean last = i == live.size() - 1;
            long excess = last ? one.limit.count(one.key, now) : one.limit.look(one.key, now);
            if (one.limit.refuses(excess)) {
                context.attribute("limit_req_status", "REJECTED");
                return Verdict.answer(one.limit.refusal(excess));
            }
            longest = last ? one.limit.delayMillis(excess) : 0;
        }
        for (int i = 0; i < live.size() - 1; i++) {
            Counted one = live.get(i);
            longest = Math.max(longest, one.limit.delayMillis(one.limit.count(one.key, now)));
        }
        if (longest > 0) {
            context.attribute("limit_req_status", "DELAYED");
        } else if (dry != null || !live.isEmpty()) {
            context.attribute("limit_req_status", dry == null ? "PASSED" : dry);
        }
        return held(longest, request, context);
    }

    static Verdict peek(List<RateLimit> limits, RequestHead request, RequestContext context) {
        long now = TimeUnit.NANOSECONDS.toMillis(context.now());
        long longest = 0;
        for (RateLimit limit : limits) {
            String key = limit.keyOf(context);
            if (key.isEmpty() || limit.isDryRun()) {
                continue;
            }
            long excess = limit.look(key, now);
            if (limit.refuses(excess)) {
                return Verdict.answer(limit.refusal(excess));
            }
            longest = Math.max(longest, limit.delayMillis(excess));
        }
        return held(longest, request, context);
    }

    private static Verdict held(long millis, RequestHead request, RequestContext context) {
        if (millis == 0) {
            return Verdict.proceed(request);
        }
        long nanos = TimeUnit.MILLISECONDS.toNanos(Math.min(millis, MAX_DELAY_MILLIS));
        return Verdict.pause(context.now() + nanos, () -> Verdict.proceed(request));
    }

    /** The more serious of what dry runs would have done. */
    private static String worse(@Nullable String before, RateLimit limit, long excess) {
        if (limit.refuses(excess) || "REJECTED_DRY_RUN".equals(before)) {
            return "REJECTED_DRY_RUN";
        }
        if (limit.delayMillis(excess) > 0) {
            return "DELAYED_DRY_RUN";
        }
        return before == null ? "PASSED" : before;
    }
}
