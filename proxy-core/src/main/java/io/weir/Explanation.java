package io.weir;

import io.weir.http.Headers;
import io.weir.http.Text;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What would become of a request.
 *
 * @param site the site that serves its host; null if none does
 * @param route the route; null if none serves it
 * @param action what the route does, in words
 * @param passedOver candidates that did not fit, each with the reason
 * @param gates each middleware with its verdict, as far as that can be known without doing anything
 * @param upstream URL of the upstream that would be chosen now; null if none would, or none is needed
 * @param requestLine method and target for the upstream, or the status of the answer
 * @param headers the fields for the upstream; empty if none gets any
 */
public record Explanation(
        @Nullable String site,
        @Nullable String route,
        String action,
        List<String> passedOver,
        List<String> gates,
        @Nullable String upstream,
        String requestLine,
        Headers headers) {
    private static final Set<String> SECRET = Set.of("authorization", "proxy-authorization", "cookie", "x-api-key");

    /** Several lines of text, for people; without the values of fields that hold credentials. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        text.append("site: ").append(site == null ? "none" : site).append('\n');
        text.append("route: ").append(route == null ? "none" : route).append('\n');
        for (String reason : passedOver) {
            text.append("  passed over: ").append(reason).append('\n');
        }
        text.append("action: ").append(action).append('\n');
        for (String gate : gates) {
            text.append("  ").append(gate).append('\n');
        }
        if (upstream != null) {
            text.append("upstream: ").append(upstream).append('\n');
        }
        text.append("sends: ").append(requestLine).append('\n');
        for (int i = 0; i < headers.size(); i++) {
            String name = headers.name(i);
            String value = SECRET.contains(name.toLowerCase(Locale.ROOT)) ? "(not shown)" : headers.value(i);
            text.append("  ").append(Text.printable(name + ": " + value)).append('\n');
        }
        return text.toString();
    }
}
