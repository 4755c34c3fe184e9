package io.weir.log;

import io.weir.http.Outcome;
import io.weir.http.RequestHead;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of an exchange when it has ended.
 *
 * @param request the request as the client sent it
 * @param clientAddress the client's address after trusted proxies
 * @param remoteUser who the client proved to be; null if nobody asked
 * @param requestId 32 hex digits; what {@code $request_id} rendered
 * @param site name of the site; "" for the default one, or if none was found
 * @param route the route, as it describes itself; "" if none was found
 * @param attempts the tries at upstreams, in order; empty if Weir answered by itself
 * @param outcome how it ended
 * @param startMillis wall-clock time at which the head had come, in ms since 1970
 * @param nanos how long it took from then on
 */
public record ExchangeSummary(
        RequestHead request,
        String clientAddress,
        @Nullable String remoteUser,
        String requestId,
        String site,
        String route,
        List<AttemptSummary> attempts,
        Outcome outcome,
        long startMillis,
        long nanos) {}
