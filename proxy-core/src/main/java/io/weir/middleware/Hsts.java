package io.weir.middleware;

import io.weir.http.RequestHead;
import io.weir.http.ResponseHead;
import java.time.Duration;

/**
 * Tells browsers to come over TLS only ({@code Strict-Transport-Security}, RFC 6797): on every answer over TLS, in place of
 * what the upstream says. Over plain HTTP the field is removed, since there it means nothing (§7.2).
 *
 * <p>Browsers hold on to it for that long and cannot be told otherwise without TLS: begin with hours.
 */
public final class Hsts implements Middleware {
    private static final String FIELD = "Strict-Transport-Security";
    private static final long YEAR = Duration.ofDays(365).toSeconds();

    private final long seconds;
    private final boolean subDomains;
    private final boolean preload;
    private final String value;

    private Hsts(long seconds, boolean subDomains, boolean preload) {
        this.seconds = seconds;
        this.subDomains = subDomains;
        this.preload = preload;
        value = "max-age=" + seconds + (subDomains ? "; includeSubDomains" : "") + (preload ? "; preload" : "");
    }

    /**
     * For that long; zero makes browsers forget.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public static Hsts maxAge(Duration maxAge) {
        if (maxAge.isNegative()) {
            throw new IllegalArgumentException("maxAge: " + maxAge + " (expected: not negative)");
        }
        return new Hsts(maxAge.toSeconds(), false, false);
    }

    /** Also for every name below the host's: all of them have to speak TLS. */
    public Hsts includeSubDomains() {
        return new Hsts(seconds, true, preload);
    }

    /**
     * Agrees to be on the lists that browsers come with, from which it takes months to get off.
     *
     * @throws IllegalArgumentException without {@link #includeSubDomains}, or for less than a year: the lists want both
     */
    public Hsts preload() {
        if (!subDomains || seconds < YEAR) {
            throw new IllegalArgumentException(
                    "preload: of \"" + value + "\" (expected: a maxAge of 365 days or more, then includeSubDomains())");
        }
        return new Hsts(seconds, true, true);
    }

    @Override
    public Verdict onRequest(RequestHead request, RequestContext context) {
        return Verdict.proceed(request);
    }

    @Override
    public Verdict peek(RequestHead request, RequestContext context) {
        return onRequest(request, context);
    }

    @Override
    public ResponseHead onResponse(ResponseHead response, RequestContext context) {
        return context.scheme().equals("https") ? response.withHeader(FIELD, value) : response.withoutHeader(FIELD);
    }

    @Override
    public String name() {
        return "Hsts";
    }
}
