package io.weir;

import io.weir.http.ResponseHead;
import java.util.regex.Pattern;

/** How long an upstream that has too much to do asks to be left alone (RFC 9110 §10.2.3). */
final class RetryAfter {
    /** Thirty years are enough, and more may not fit. */
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");

    private RetryAfter() {}

    /** In nanoseconds; 0 if it does not ask, or names a date, for which one would need a clock that agrees with its own. */
    static long nanosOf(ResponseHead head) {
        boolean busy = head.status() == 429 || head.status() == 503;
        String value = busy ? head.header("Retry-After") : null;
        return value != null && SECONDS.matcher(value).matches() ? Integer.parseInt(value) * 1_000_000_000L : 0;
    }
}
