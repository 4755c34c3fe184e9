package io.weir.log;

import io.weir.http.Headers;
import io.weir.http.Outcome;
import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import io.weir.http.Traffic;
import io.weir.http.Variables;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of an exchange when it has ended.
 *
 * @param variables the exchange as templates see it
 * @param site name of the site; "" for the default one, or if none was found
 * @param route the route, as it describes itself; "" if none was found
 * @param pool name of the pool that the route passes requests to; "" if there is none
 * @param attempts the tries at upstreams, in order; empty if Weir answered by itself
 * @param outcome how it ended
 * @param sent the head that the client was sent, without what the engine adds to frame the message; null if none was
 * @param traffic what went over the client's connection for it
 * @param isToldByAttempt whether its error is that of its last try, of which listeners were told when it failed
 * @param accessLog the log that it belongs into
 * @param startMillis wall-clock time at which the head had come, in ms since 1970
 * @param nanos how long it took from then on
 * @param webSocket what passed through its WebSocket; null if none was opened
 */
public record ExchangeSummary(
        Variables variables,
        String site,
        String route,
        String pool,
        List<AttemptSummary> attempts,
        Outcome outcome,
        @Nullable ResponseHead sent,
        Traffic traffic,
        boolean isToldByAttempt,
        AccessLog accessLog,
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

    /** Wall-clock time of its end, in ms since 1970. */
    public long endMillis() {
        return startMillis + nanos / 1_000_000;
    }

    /** Whether the engine could make no request out of what the client sent. */
    public boolean isUnreadable() {
        return request().method().equals("-");
    }

    /**
     * Bytes of the request: of its head as it is written without needless space, and of its body as far as it was taken.
     */
    public long requestLength() {
        RequestHead request = request();
        if (isUnreadable()) {
            return 0;
        }
        long line = request.method().length()
                + request.rawTarget().length()
                + request.protocol().length()
                + 4; // two spaces, CR and LF
        return line + lengthOf(request.headers()) + 2 + traffic.bodyReceived();
    }

    /** Bytes that the client was sent; where the engine can't tell, its fields as text would have that length. */
    public long bytesSent() {
        if (traffic.sent() >= 0) {
            return traffic.sent();
        }
        return traffic.bodySent() + (sent == null ? 0 : lengthOf(sent.headers()));
    }

    private static long lengthOf(Headers headers) {
        long length = 0;
        for (int i = 0; i < headers.size(); i++) {
            length += headers.name(i).length() + headers.value(i).length() + 4; // colon, space, CR and LF
        }
        return length;
    }

    /** Who the client proved to be; null if nobody asked. */
    public @Nullable String remoteUser() {
        return variables.attribute("remote_user");
    }
}
