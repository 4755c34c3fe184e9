package io.weir;

import io.weir.http.Headers;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What would become of a request.
 *
 * @param site the site that serves its host; null if none does
 * @param route the route; null if none serves it
 * @param action what the route does, in words
 * @param passedOver candidates that did not fit, each with the reason
 * @param upstream URL of the upstream that would be chosen now; null if none would, or none is needed
 * @param requestLine method and target for the upstream, or the status of the answer
 * @param headers the fields for the upstream; empty if none gets any
 */
public record Explanation(
        @Nullable String site,
        @Nullable String route,
        String action,
        List<String> passedOver,
        @Nullable String upstream,
        String requestLine,
        Headers headers) {

    /** Several lines of text, for people. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append("site: ").append(site == null ? "none" : site).append('\n');
        text.append("route: ").append(route == null ? "none" : route).append('\n');
        for (String reason : passedOver) {
            text.append("  passed over: ").append(reason).append('\n');
        }
        text.append("action: ").append(action).append('\n');
        if (upstream != null) {
            text.append("upstream: ").append(upstream).append('\n');
        }
        text.append("sends: ").append(requestLine).append('\n');
        headers.toString()
                .lines()
                .forEach(line -> text.append("  ").append(line).append('\n'));
        return text.toString();
    }
}
