package io.weir.log;

import io.weir.http.Outcome;
import io.weir.http.RequestHead;
import io.weir.http.Variables;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of an exchange when it has ended.
 *
 * @param variables the exchange as templates see it
 * @param site name of the site; "" for the default one, or if none was found
 * @param route the route, as it describes itself; "" if none was found
 * @param attempts the tries at upstreams, in order; empty if Weir answered by itself
 * @param outcome how it ended
 * @param startMillis wall-clock time at which the head had come, in ms since 1970
 * @param nanos how long it took from then on
 * @param webSocket what passed through its WebSocket; null if none was opened
 */
public record ExchangeSummary(
        Variables variables,
        String site,
        String route,
        List<AttemptSummary> attempts,
        Outcome outcome,
        long startMillis,
        long nanos,
        @Nullable WebSocketSummary webSocket) {

    /** The request as the client sent it. */
    public RequestHead request() {
        return variables.request();
    }

    /** The client's address after trusted proxies. */
    public String clientAddress() {
        return variables.clientAddress();
    }

    /** Who the client proved to be; null if nobody asked. */
    public @Nullable String remoteUser() {
        return variables.attribute("remote_user");
    }
}
