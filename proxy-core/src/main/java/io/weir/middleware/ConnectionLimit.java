package io.weir.middleware;

import io.weir.http.Reply;
import io.weir.http.RequestHead;
import java.util.HashMap;
import java.util.Map;

/**
 * Limits how many exchanges run at the same time, by a key: nginx's {@code limit_conn}. What is too much gets 503.
 *
 * <pre>{@code
 * ConnectionLimit.of(10)                       // of one client
 * ConnectionLimit.of(100).by("$server_name")   // of one site
 * }</pre>
 *
 * <p>As in nginx a connection counts while a request of it is served, and over HTTP/2 each request counts. So this is a limit
 * of concurrent requests as well; a WebSocket counts as long as it lasts. Idle connections don't count: for all that a
 * listener has, see {@code maxConnections} of the server.
 *
 * <p>The key is the client's address unless {@link #by} says otherwise; IPv6 clients count by their /64. The counts belong to
 * the value, and to those made from it with another status. {@code $limit_conn_status} tells what happened, as in nginx.
 */
public final class ConnectionLimit implements Middleware {
    private static final int STATUS = 503;

    private final int limit;
    private final LimitKey key;
    private final Running running;
    private final int status;
    private final boolean dryRun;

    private ConnectionLimit(int limit, LimitKey key, Running running, int status, boolean dryRun) {
        this.limit = limit;
        this.key = key;
        this.running = running;
        this.status = status;
        this.dryRun = dryRun;
    }

    /**
     * So many at once.
     *
     * @throws IllegalArgumentException if that is less than one
     */
    public static ConnectionLimit of(int limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("limit: " + limit + " (expected: >= 1)");
        }
        return new ConnectionLimit(limit, LimitKey.client(), new Running(), STATUS, false);
    }

    /**
     * Counts by that template. A request for which it renders as nothing is not limited.
     *
     * @throws IllegalArgumentException for an unknown variable
     */
    public ConnectionLimit by(String template) {
        return new ConnectionLimit(limit, key.by(template), new Running(), status, dryRun);
    }

    /**
     * IPv6 clients count by a prefix of that many bits; 64 if not said, 128 for the whole address.
     *
     * @throws IllegalArgumentException if it is not within 1..128
     */
    public ConnectionLimit ipv6Prefix(int bits) {
        return new ConnectionLimit(limit, key.ipv6Prefix(bits), new Running(), status, dryRun);
    }

    /** The status of the refusal; 503 if not said. */
    public ConnectionLimit status(int status) {
        LimitKey.requireRefusal(status);
        return new ConnectionLimit(limit, key, running, status, dryRun);
    }

    /** Counts, but does not refuse; {@code $limit_conn_status} says what it would have done. */
    public ConnectionLimit dryRun() {
        return new ConnectionLimit(limit, key, running, status, true);
    }

    @Override
    public Verdict onRequest(RequestHead request, RequestContext context) {
        String counted = key.of(context);
        if (counted.isEmpty()) {
            return Verdict.proceed(request);
        }
        if (running.begin(counted, limit)) {
            context.attribute("limit_conn_status", "PASSED");
            context.onEnd(outcome -> running.end(counted));
            return Verdict.proceed(request);
        }
        context.attribute("limit_conn_status", dryRun ? "REJECTED_DRY_RUN" : "REJECTED");
        return dryRun ? Verdict.proceed(request) : Verdict.answer(Reply.status(status));
    }

    @Override
    public Verdict peek(RequestHead request, RequestContext context) {
        String counted = key.of(context);
        boolean refused = !counted.isEmpty() && !dryRun && running.count(counted) >= limit;
        return refused ? Verdict.answer(Reply.status(status)) : Verdict.proceed(request);
    }

    @Override
    public String name() {
        return "ConnectionLimit";
    }

    @Override
    public String toString() {
        return "ConnectionLimit[" + limit + " by " + key
                + (status == STATUS ? "" : ", status " + status)
                + (dryRun ? ", dry run" : "")
                + "]";
    }

    /** How many keys have an exchange that runs. */
    int keys() {
        return running.size();
    }

    /** How many run, by key; a key without any is not kept. */
    private static final class Running {
        private final Map<String, Integer> counts = new HashMap<>();

        synchronized boolean begin(String key, int limit) {
            int count = count(key);
            if (count >= limit) {
                return false;
            }
            counts.put(key, count + 1);
            return true;
        }

        synchronized void end(String key) {
            int left = count(key) - 1;
            if (left > 0) {
                counts.put(key, left);
            } else {
                counts.remove(key);
            }
        }

        synchronized int count(String key) {
            return counts.getOrDefault(key, 0);
        }

        synchronized int size() {
            return counts.size();
        }
    }
}
