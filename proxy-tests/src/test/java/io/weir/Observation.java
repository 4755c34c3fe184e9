package io.weir;

import io.weir.testkit.RawRequest;
import io.weir.testkit.RawResponse;
import java.util.List;

/**
 * What a proxy made of a case, without what differs from run to run.
 *
 * @param location the id of the chosen location; {@code -} where none was
 * @param upstreamRequestLine what the upstream was asked; {@code -} if nothing
 * @param upstreamHost the Host that it was asked for; {@code {upstream}} for its own, {@code -} without one
 * @param redirect the {@code Location} of the response, resolved; {@code -} without one
 */
record Observation(int status, String location, String upstreamRequestLine, String upstreamHost, String redirect) {

    private static final String NONE = "-";

    /** Sends the case and looks at both ends. */
    static Observation of(ComparedProxy proxy, ComparisonCase request) {
        RawResponse response = proxy.send(request);
        List<RawRequest> arrived = proxy.upstream().requestsWith("X-Case", request.id());
        if (arrived.size() > 1) {
            throw new AssertionError(request + " reached the upstream " + arrived.size() + " times");
        }
        String authority = proxy.upstream().uri().substring("http://".length());
        String redirect = response.field("Location")
                .map(value -> resolved(value, request.origin()))
                .map(value -> value.replace(proxy.upstream().uri(), "{upstream}"))
                .orElse(NONE);
        return new Observation(
                response.status(),
                response.field("X-Location").orElse(NONE),
                arrived.stream().map(RawRequest::requestLine).findFirst().orElse(NONE),
                arrived.stream()
                        .flatMap(seen -> seen.fields("Host").stream())
                        .map(value -> value.equals(authority) ? "{upstream}" : value)
                        .findFirst()
                        .orElse(NONE),
                redirect);
    }

    private static String resolved(String location, String origin) {
        if (location.startsWith("//")) {
            return "http:" + location;
        }
        return location.startsWith("/") ? origin + location : location;
    }

    /** Its line in {@link NginxRecord}. */
    String lineOf(ComparisonCase request) {
        return request.id() + " | " + this;
    }

    /** One line of ASCII: bytes outside it as {@code \xNN}, the very long path as {@code {long}}. */
    @Override
    public String toString() {
        String line = String.join(" | ", String.valueOf(status), location, upstreamRequestLine, upstreamHost, redirect);
        return ComparisonCase.ascii(line.replace(TargetCases.LONG, "{long}"));
    }
}
