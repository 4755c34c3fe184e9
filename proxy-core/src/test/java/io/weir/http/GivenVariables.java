package io.weir.http;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Variables that a test gives: site {@code site.test}, client 192.0.2.9, upstream {@code app:8080} unless told otherwise. */
public record GivenVariables(
        RequestHead request,
        String clientAddress,
        String forwardedFor,
        String siteName,
        String upstreamAuthority,
        String requestId,
        Map<String, String> attributes)
        implements Variables {

    public static GivenVariables of(RequestHead request) {
        return new GivenVariables(
                request, "192.0.2.9", "192.0.2.9, 10.0.0.1", "site.test", "app:8080", "0123456789abcdef", Map.of());
    }

    public GivenVariables with(String attribute, String value) {
        return new GivenVariables(
                request, clientAddress, forwardedFor, siteName, upstreamAuthority, requestId, Map.of(attribute, value));
    }

    public GivenVariables atUpstream(String authority) {
        return new GivenVariables(request, clientAddress, forwardedFor, siteName, authority, requestId, attributes);
    }

    @Override
    public @Nullable String attribute(String name) {
        return attributes.get(name);
    }
}
