package io.weir;

import io.weir.header.FieldChange;
import io.weir.http.Headers;
import io.weir.http.Secrets;
import io.weir.http.Text;
import io.weir.json.JsonWriter;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What would become of a request, as text or as JSON. The values of fields that hold credentials are shown in neither.
 *
 * @param site the site that serves its host; null if none does
 * @param route the route; null if none serves it
 * @param action what the route does, in words
 * @param passedOver candidates that did not fit, each with the reason
 * @param gates each middleware with its verdict, as far as that can be known without doing anything
 * @param upstreams each upstream of the pool and how it stands, {@code ready} or why it can't be chosen; empty if none is
 *     needed
 * @param upstream URL of the upstream that would be chosen now; null if none would, or none is needed
 * @param requestLine method and target for the upstream, or the status of the answer, or for how long it would wait
 * @param headers the fields for the upstream; empty if none gets any
 * @param changes why the target and the fields are not what the client sent, in the order in which they change
 * @param clocks the clocks that would run, by name; empty without an upstream
 */
public record Explanation(
        @Nullable String site,
        @Nullable String route,
        String action,
        List<String> passedOver,
        List<String> gates,
        List<String> upstreams,
        @Nullable String upstream,
        String requestLine,
        Headers headers,
        List<FieldChange> changes,
        Map<String, String> clocks) {

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
        for (String gate : gates) {
            text.append("  ").append(gate).append('\n');
        }
        if (upstream != null) {
            text.append("upstream: ").append(upstream).append('\n');
        }
        if (upstreams.size() > 1) {
            text.append("  of: ").append(String.join(", ", upstreams)).append('\n');
        }
        text.append("sends: ").append(requestLine).append('\n');
        for (int i = 0; i < headers.size(); i++) {
            String value = Secrets.shown(headers.name(i), headers.value(i));
            text.append("  ")
                    .append(Text.printable(headers.name(i) + ": " + value))
                    .append('\n');
        }
        if (!changes.isEmpty()) {
            text.append("changes:\n");
        }
        for (FieldChange change : changes) {
            text.append("  ").append(Text.printable(describe(change))).append('\n');
        }
        if (!clocks.isEmpty()) {
            text.append("clocks:");
            clocks.forEach(
                    (name, value) -> text.append(' ').append(name).append(' ').append(value));
            text.append('\n');
        }
        return text.toString();
    }

    /** One JSON object with the same; what is not there is null or empty. */
    public String toJson() {
        JsonWriter json = JsonWriter.create().object();
        json.name("site").value(site).name("route").value(route).name("action").value(action);
        json.strings("passed_over", passedOver).strings("gates", gates).strings("upstreams", upstreams);
        json.name("upstream").value(upstream).name("sends").value(requestLine);
        json.name("headers").array();
        for (int i = 0; i < headers.size(); i++) {
            json.object().name("name").value(headers.name(i));
            json.name("value")
                    .value(Secrets.shown(headers.name(i), headers.value(i)))
                    .endObject();
        }
        json.endArray().name("changes").array();
        for (FieldChange change : changes) {
            json.object().name("name").value(change.name());
            json.name("before").value(shownOrNull(change.name(), change.before()));
            json.name("after").value(shownOrNull(change.name(), change.after()));
            json.name("reason").value(change.reason()).endObject();
        }
        json.endArray().name("clocks").object();
        clocks.forEach((name, value) -> json.name(name).value(value));
        return json.endObject().endObject().toString();
    }

    private static String describe(FieldChange change) {
        String name = change.name();
        String before = change.before();
        String after = change.after();
        if (after == null) {
            return name + " goes: " + change.reason();
        }
        String now = name + " is " + Secrets.shown(name, after);
        return now + (before == null ? "" : ", was " + Secrets.shown(name, before)) + ": " + change.reason();
    }

    private static @Nullable String shownOrNull(String name, @Nullable String value) {
        return value == null ? null : Secrets.shown(name, value);
    }
}
